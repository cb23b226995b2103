package io.sluice.server.proof;

import java.util.SplittableRandom;

/**
 * Values of records that anybody can make again from a seed and an offset, from 1 B to 20 MB, in any piece. Immutable.
 */
final class SeededValues {
    /** The largest value, and the one at {@link #LARGEST_AT}. */
    static final int MAX_BYTES = 20_000_000;
    /** Here is a value of the largest size, and behind it one of the smallest. */
    static final long LARGEST_AT = 7;

    private final long seed;

    /** What the bytes of a value are. */
    enum Kind {
        /** Letters: not JSON. */
        TEXT,
        /** A JSON string of letters. */
        JSON,
        /** Not UTF-8. */
        BINARY
    }

    SeededValues(long seed) {
        this.seed = seed;
    }

    /** How many bytes the value at an offset has: mostly few, now and then very many. */
    int size(long offset) {
        if (offset == LARGEST_AT) {
            return MAX_BYTES;
        }
        if (offset == LARGEST_AT + 1) {
            return 1;
        }
        SplittableRandom random = new SplittableRandom(mix(seed ^ offset));
        double lot = random.nextDouble();
        if (lot < 0.60) {
            return random.nextInt(1, 100);
        } else if (lot < 0.85) {
            return random.nextInt(100, 10_000);
        } else if (lot < 0.97) {
            return random.nextInt(10_000, 1_000_000);
        }
        return random.nextInt(1_000_000, MAX_BYTES);
    }

    Kind kind(long offset) {
        int lot = (int) (offset % 4);
        if (lot == 2) {
            return Kind.BINARY;
        }
        return lot == 3 && size(offset) >= 2 ? Kind.JSON : Kind.TEXT;
    }

    /** The whole value. */
    byte[] value(long offset) {
        return part(offset, 0, size(offset));
    }

    /** A part of the value. */
    byte[] part(long offset, int from, int length) {
        byte[] part = new byte[length];
        Kind kind = kind(offset);
        int last = size(offset) - 1;
        long word = 0;
        for (int i = 0; i < length; i++) {
            int at = from + i;
            if (i == 0 || (at & 7) == 0) {
                word = mix(seed + offset * 0x9E3779B97F4A7C15L + (at >>> 3));
            }
            int b = (int) (word >>> ((at & 7) * 8));
            part[i] = switch (kind) {
                case TEXT -> letter(b);
                case JSON -> at == 0 || at == last ? (byte) '"' : letter(b);
                case BINARY -> at == 0 ? (byte) 0xff : (byte) b;
            };
        }
        return part;
    }

    /** One of a to h: no word of JSON can come of them. */
    private static byte letter(int b) {
        return (byte) ('a' + (b & 7));
    }

    private static long mix(long value) {
        long mixed = (value ^ (value >>> 33)) * 0xff51afd7ed558ccdL;
        mixed = (mixed ^ (mixed >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return mixed ^ (mixed >>> 33);
    }
}
