package io.sluice.server.http.json;

import java.nio.ByteBuffer;
import java.util.Base64;

/**
 * Bytes that a JSON value stands for: a part of the request's own bytes where that is possible, else an array of their
 * own. Used again for the next value. For use by one thread.
 */
public final class JsonSpan {
    /** Holds the bytes. */
    public byte[] array = new byte[0];
    /** Where they begin. */
    public int from;
    /** How many they are. */
    public int length;

    /** Takes bytes as they are. */
    public void set(byte[] array, int from, int length) {
        this.array = array;
        this.from = from;
        this.length = length;
    }

    /**
     * Takes the text of a JSON string in valid UTF-8.
     *
     * @param quoteAt where its opening quote lies
     * @param to where the bytes end
     * @return false if it is not a JSON string
     * @throws IllegalArgumentException if an escape stands for half a character
     */
    public boolean setString(byte[] json, int quoteAt, int to) {
        int from = quoteAt + 1;
        for (int at = from; at < to; at++) {
            byte b = json[at];
            if (b == '"') {
                set(json, from, at - from);
                return true;
            }
            if (b == '\\') {
                return unescape(json, from, at, to);
            }
            if (b >= 0 && b < 0x20) {
                return false;
            }
        }
        return false;
    }

    /** Replaces base64 text by the bytes it stands for; false if it is not base64. */
    public boolean decodeBase64() {
        try {
            ByteBuffer decoded = Base64.getDecoder().decode(ByteBuffer.wrap(array, from, length));
            set(decoded.array(), decoded.arrayOffset(), decoded.remaining());
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private boolean unescape(byte[] json, int begin, int firstEscape, int to) {
        int end = firstEscape;
        while (end < to && json[end] != '"') {
            if (json[end] >= 0 && json[end] < 0x20) {
                return false;
            }
            end += json[end] == '\\' ? 2 : 1;
        }
        if (end >= to) {
            return false;
        }
        // An escape is never shorter than what it stands for.
        byte[] text = new byte[end - begin];
        int size = firstEscape - begin;
        System.arraycopy(json, begin, text, 0, size);
        for (int at = firstEscape; at < end; ) {
            byte b = json[at++];
            if (b != '\\') {
                text[size++] = b;
                continue;
            }
            int escape = json[at++];
            if (escape != 'u') {
                int character = simple(escape);
                if (character < 0) {
                    return false;
                }
                text[size++] = (byte) character;
                continue;
            }
            int character = hex(json, at, end);
            if (character < 0) {
                return false;
            }
            at += 4;
            if (character >= Character.MIN_SURROGATE && character <= Character.MAX_SURROGATE) {
                int low = at + 6 <= end && json[at] == '\\' && json[at + 1] == 'u' ? hex(json, at + 2, end) : 0;
                if (character > Character.MAX_HIGH_SURROGATE
                        || low < Character.MIN_LOW_SURROGATE
                        || low > Character.MAX_LOW_SURROGATE) {
                    throw new IllegalArgumentException(String.format(
                            "holds \\u%04x, one half of a surrogate pair, which stands for no character", character));
                }
                character = Character.toCodePoint((char) character, (char) low);
                at += 6;
            }
            size = putUtf8(text, size, character);
        }
        set(text, 0, size);
        return true;
    }

    private static int simple(int escape) {
        return switch (escape) {
            case '"', '\\', '/' -> escape;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            default -> -1;
        };
    }

    /** The number that four hex digits stand for, or -1 if they are not there. */
    private static int hex(byte[] json, int at, int end) {
        int value = 0;
        for (int i = at; i < at + 4; i++) {
            int digit = i < end ? Character.digit(json[i], 16) : -1;
            if (digit < 0) {
                return -1;
            }
            value = value << 4 | digit;
        }
        return value;
    }

    private static int putUtf8(byte[] text, int at, int character) {
        int next = at;
        if (character < 0x80) {
            text[next++] = (byte) character;
        } else if (character < 0x800) {
            text[next++] = (byte) (0xc0 | character >> 6);
            text[next++] = (byte) (0x80 | character & 0x3f);
        } else if (character < 0x10000) {
            text[next++] = (byte) (0xe0 | character >> 12);
            text[next++] = (byte) (0x80 | character >> 6 & 0x3f);
            text[next++] = (byte) (0x80 | character & 0x3f);
        } else {
            text[next++] = (byte) (0xf0 | character >> 18);
            text[next++] = (byte) (0x80 | character >> 12 & 0x3f);
            text[next++] = (byte) (0x80 | character >> 6 & 0x3f);
            text[next++] = (byte) (0x80 | character & 0x3f);
        }
        return next;
    }
}
