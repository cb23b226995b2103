package io.sluice.server.http.json;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Checks whether bytes are UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF. Takes
 * the bytes in as many pieces as they come. For use by one thread.
 */
public final class Utf8 {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final long HIGH_BITS = 0x8080808080808080L;

    /** Continuation bytes still to come; -1 after the first fault. */
    private int missing;
    /** The range, signed, in which the next continuation byte must lie. */
    private byte low;

    private byte high;

    /** Forgets everything that was fed. */
    public void reset() {
        missing = 0;
    }

    /** Takes the next bytes. */
    public void feed(byte[] bytes, int from, int to) {
        feedUntilFault(bytes, from, to);
    }

    /** Whether everything that was fed is UTF-8 and no character is left unfinished. */
    public boolean isComplete() {
        return missing == 0;
    }

    /** Whether a byte was fed that cannot be there. */
    public boolean isFaulty() {
        return missing < 0;
    }

    /**
     * The index of the first byte that cannot be there, or {@code to} if the last character is cut short, or -1 if the
     * bytes are UTF-8.
     */
    public static int faultAt(byte[] bytes, int from, int to) {
        int ascii = asciiEnd(bytes, from, to);
        if (ascii == to) {
            return -1;
        }
        Utf8 utf8 = new Utf8();
        int fault = utf8.feedUntilFault(bytes, ascii, to);
        return fault >= 0 ? fault : utf8.isComplete() ? -1 : to;
    }

    /** Whether the bytes are UTF-8. */
    public static boolean isValid(byte[] bytes, int from, int to) {
        return faultAt(bytes, from, to) < 0;
    }

    /** The index of the first byte that is not ASCII, or {@code to}. */
    public static int asciiEnd(byte[] bytes, int from, int to) {
        int at = from;
        while (at + Long.BYTES <= to && ((long) LONG.get(bytes, at) & HIGH_BITS) == 0) {
            at += Long.BYTES;
        }
        while (at < to && bytes[at] >= 0) {
            at++;
        }
        return at;
    }

    private int feedUntilFault(byte[] bytes, int from, int to) {
        if (missing < 0) {
            return from;
        }
        int at = from;
        while (at < to) {
            if (missing == 0) {
                at = asciiEnd(bytes, at, to);
                if (at == to) {
                    break;
                }
                if (!lead(bytes[at])) {
                    missing = -1;
                    return at;
                }
            } else {
                byte b = bytes[at];
                if (b < low || b > high) {
                    missing = -1;
                    return at;
                }
                low = (byte) 0x80;
                high = (byte) 0xbf;
                missing--;
            }
            at++;
        }
        return -1;
    }

    /** Takes the first byte of a character that is not ASCII. */
    private boolean lead(byte b) {
        int lead = b & 0xff;
        low = (byte) 0x80;
        high = (byte) 0xbf;
        if (lead >= 0xc2 && lead <= 0xdf) {
            missing = 1;
        } else if (lead >= 0xe0 && lead <= 0xef) {
            missing = 2;
            if (lead == 0xe0) {
                low = (byte) 0xa0;
            } else if (lead == 0xed) {
                high = (byte) 0x9f;
            }
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            missing = 3;
            if (lead == 0xf0) {
                low = (byte) 0x90;
            } else if (lead == 0xf4) {
                high = (byte) 0x8f;
            }
        } else {
            return false;
        }
        return true;
    }
}
