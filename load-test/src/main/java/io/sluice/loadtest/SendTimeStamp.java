package io.sluice.loadtest;

/**
 * The intended send time that an end-to-end record carries at its start: the letter {@code s}, then the nanoseconds of
 * {@link System#nanoTime} as 16 hexadecimal digits. Text, so that it survives JSON; with a letter in front, so that no
 * reader takes it for a number.
 */
final class SendTimeStamp {
    static final int BYTES = 17;
    private static final byte[] HEX = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

    private SendTimeStamp() {}

    static byte[] encode(long ns) {
        byte[] stamp = new byte[BYTES];
        stamp[0] = 's';
        for (int i = 1; i < BYTES; i++) {
            stamp[i] = HEX[(int) (ns >>> (64 - 4 * i)) & 0xf];
        }
        return stamp;
    }

    /** Whether this text begins with a stamp. */
    static boolean isIn(char[] text, int from, int length) {
        if (length < BYTES || text[from] != 's') {
            return false;
        }
        for (int i = 1; i < BYTES; i++) {
            if (Character.digit(text[from + i], 16) < 0) {
                return false;
            }
        }
        return true;
    }

    /** The nanoseconds of a stamp that {@link #isIn} found. */
    static long decode(char[] text, int from) {
        long ns = 0;
        for (int i = 1; i < BYTES; i++) {
            ns = ns << 4 | Character.digit(text[from + i], 16);
        }
        return ns;
    }
}
