package io.sluice.server.http.records;

import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.buffer.BufferInternal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/**
 * JSON as it goes out, in one growing array. Fields of records are copied into it once and looked at where they lie.
 * For use by one thread.
 */
public final class JsonOutput {
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NULL = ascii("null");

    private final ValueKind.Classifier classifier = new ValueKind.Classifier();
    private final int initialBytes;
    private byte[] bytes;
    private int position;

    /** @param initialBytes the array's first size, to which {@link #clear()} goes back */
    public JsonOutput(int initialBytes) {
        this.initialBytes = initialBytes;
        this.bytes = new byte[initialBytes];
    }

    /** The bytes of an ASCII text, for constants. */
    public static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** How many bytes have been written. */
    public int size() {
        return position;
    }

    /** Takes back everything written after the first {@code size} bytes. */
    void truncate(int size) {
        position = size;
    }

    /** Forgets what was written, and an array that has grown far. */
    void clear() {
        position = 0;
        if (bytes.length > 8 * initialBytes) {
            bytes = new byte[initialBytes];
        }
    }

    /** A copy of what was written. */
    byte[] toByteArray() {
        return Arrays.copyOf(bytes, position);
    }

    /** Hands over what was written; nothing is to be written from now on. */
    public Buffer toBuffer() {
        return BufferInternal.buffer(Unpooled.wrappedBuffer(bytes, 0, position));
    }

    /** Puts what was written behind what a buffer has. */
    public void appendTo(Buffer buffer) {
        buffer.appendBytes(bytes, 0, position);
    }

    /** Writes one character of ASCII. */
    public JsonOutput put(int b) {
        ensureRoom(1);
        bytes[position++] = (byte) b;
        return this;
    }

    /** Writes bytes as they are. */
    public JsonOutput put(byte[] source) {
        return put(source, 0, source.length);
    }

    JsonOutput put(byte[] source, int from, int length) {
        ensureRoom(length);
        System.arraycopy(source, from, bytes, position, length);
        position += length;
        return this;
    }

    /** Writes a whole number. */
    public JsonOutput number(long number) {
        ensureRoom(20);
        if (number < 0) {
            return put(ascii(Long.toString(number)));
        }
        int digits = 1;
        for (long rest = number; rest >= 10; rest /= 10) {
            digits++;
        }
        long rest = number;
        for (int at = position + digits - 1; at >= position; at--) {
            bytes[at] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        position += digits;
        return this;
    }

    /** Writes a number without its sign in base 16, as {@link Long#toHexString} does. */
    public JsonOutput hex(long number) {
        int digits = Math.max(1, (67 - Long.numberOfLeadingZeros(number)) / 4);
        ensureRoom(digits);
        for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
            bytes[position++] = HEX[(int) (number >>> shift) & 0xf];
        }
        return this;
    }

    public JsonOutput putNull() {
        return put(NULL);
    }

    /** A JSON string with its quotes. */
    public JsonOutput string(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        put('"').escaped(utf8, 0, utf8.length);
        return put('"');
    }

    /** UTF-8 text as the inside of a JSON string. */
    JsonOutput escaped(byte[] text, int from, int to) {
        ensureRoom(to - from);
        int plain = from;
        for (int at = from; at < to; at++) {
            byte b = text[at];
            if (b >= 0 && b < 0x20 || b == '"' || b == '\\') {
                put(text, plain, at - plain);
                escape(b);
                plain = at + 1;
            }
        }
        return put(text, plain, to - plain);
    }

    /** A JSON text, with line ends made spaces if the output is to stay on one line. */
    JsonOutput json(byte[] text, int from, int to, boolean oneLine) {
        int at = position;
        put(text, from, to - from);
        if (oneLine) {
            joinLines(at, position);
        }
        return this;
    }

    /** Bytes as base64, without quotes. All but the last call for one value must bring a multiple of 3 bytes. */
    JsonOutput base64(byte[] source, int from, int to) {
        ByteBuffer encoded = Base64.getEncoder().encode(ByteBuffer.wrap(source, from, to - from));
        return put(encoded.array(), 0, encoded.remaining());
    }

    /**
     * Writes a member whose value is a field of a record, in the form that its bytes and {@code values} ask for.
     *
     * @param name the member's name with quotes and colon, if the field is shown as JSON or text
     * @param base64Name the same if it is shown as base64
     * @return how it is shown
     */
    ValueKind member(byte[] name, byte[] base64Name, ByteBuffer field, Values values, boolean oneLine) {
        int start = position;
        ValueKind kind = tryField(name, field, values, oneLine);
        if (kind == ValueKind.BINARY) {
            position = start;
            put(base64Name).put('"');
            byte[] copy = new byte[field.remaining()];
            field.get(field.position(), copy);
            base64(copy, 0, copy.length).put('"');
        }
        return kind;
    }

    /** Writes prefix and field as JSON or text, or tells that it is neither and has written what must be taken back. */
    ValueKind tryField(byte[] prefix, ByteBuffer field, Values values, boolean oneLine) {
        if (values == Values.BASE64) {
            return ValueKind.BINARY;
        }
        int length = field.remaining();
        ensureRoom(prefix.length + length + 2);
        put(prefix);
        // A byte is left for the quote that a text needs in front.
        int from = position + 1;
        int to = from + length;
        field.get(field.position(), bytes, from, length);
        ValueKind kind = classifier.of(bytes, from, to, values);
        if (kind == ValueKind.JSON) {
            System.arraycopy(bytes, from, bytes, position, length);
            int at = position;
            position += length;
            if (oneLine) {
                joinLines(at, position);
            }
        } else if (kind == ValueKind.TEXT) {
            bytes[position] = '"';
            position = to;
            escapeInPlace(from, to);
            put('"');
        }
        return kind;
    }

    /** Escapes text that has been written already. */
    private void escapeInPlace(int from, int to) {
        for (int at = from; at < to; at++) {
            byte b = bytes[at];
            if (b >= 0 && b < 0x20 || b == '"' || b == '\\') {
                byte[] rest = Arrays.copyOfRange(bytes, at, to);
                position = at;
                escaped(rest, 0, rest.length);
                return;
            }
        }
    }

    private void joinLines(int from, int to) {
        for (int at = from; at < to; at++) {
            if (bytes[at] == '\n' || bytes[at] == '\r') {
                bytes[at] = ' ';
            }
        }
    }

    private void escape(byte b) {
        ensureRoom(6);
        bytes[position++] = '\\';
        switch (b) {
            case '"', '\\' -> bytes[position++] = b;
            case '\n' -> bytes[position++] = 'n';
            case '\r' -> bytes[position++] = 'r';
            case '\t' -> bytes[position++] = 't';
            default -> {
                bytes[position++] = 'u';
                bytes[position++] = '0';
                bytes[position++] = '0';
                bytes[position++] = HEX[b >> 4];
                bytes[position++] = HEX[b & 0xf];
            }
        }
    }

    private void ensureRoom(int more) {
        int needed = Math.addExact(position, more);
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(needed, bytes.length * 2));
        }
    }
}
