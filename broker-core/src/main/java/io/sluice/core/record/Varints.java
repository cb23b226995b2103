package io.sluice.core.record;

import java.nio.ByteBuffer;

/**
 * Zig-zag varints as in Protocol Buffers: 7 bits a byte, lowest first, the high bit says that more follow. An int takes
 * 1 to 5 bytes, a long 1 to 10.
 */
final class Varints {
    private Varints() {}

    /**
     * Reads an int at the buffer's position and moves past it.
     *
     * @throws MalformedRecordException if the buffer ends within it or it is longer than an int
     */
    static int readInt(ByteBuffer buffer) {
        int raw = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            if (!buffer.hasRemaining()) {
                throw new MalformedRecordException("the data ends within a varint");
            }
            byte b = buffer.get();
            raw |= (b & 0x7f) << shift;
            if (b >= 0) {
                if (shift == 28 && (b & 0xf0) != 0) {
                    break;
                }
                return (raw >>> 1) ^ -(raw & 1);
            }
        }
        throw new MalformedRecordException("a varint is longer than 32 bits");
    }

    /**
     * Reads a long at the buffer's position and moves past it.
     *
     * @throws MalformedRecordException if the buffer ends within it or it is longer than a long
     */
    static long readLong(ByteBuffer buffer) {
        long raw = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            if (!buffer.hasRemaining()) {
                throw new MalformedRecordException("the data ends within a varint");
            }
            byte b = buffer.get();
            raw |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                if (shift == 63 && (b & 0x7e) != 0) {
                    break;
                }
                return (raw >>> 1) ^ -(raw & 1);
            }
        }
        throw new MalformedRecordException("a varint is longer than 64 bits");
    }

    static int sizeOf(int value) {
        int raw = (value << 1) ^ (value >> 31);
        return (38 - Integer.numberOfLeadingZeros(raw | 1)) / 7;
    }

    static int sizeOf(long value) {
        long raw = (value << 1) ^ (value >> 63);
        return (70 - Long.numberOfLeadingZeros(raw | 1)) / 7;
    }

    /** Writes at {@code position}, which must have room, and returns the position after it. */
    static int write(byte[] target, int position, int value) {
        int raw = (value << 1) ^ (value >> 31);
        int at = position;
        while ((raw & ~0x7f) != 0) {
            target[at++] = (byte) (raw | 0x80);
            raw >>>= 7;
        }
        target[at++] = (byte) raw;
        return at;
    }

    /** Writes at {@code position}, which must have room, and returns the position after it. */
    static int write(byte[] target, int position, long value) {
        long raw = (value << 1) ^ (value >> 63);
        int at = position;
        while ((raw & ~0x7fL) != 0) {
            target[at++] = (byte) (raw | 0x80);
            raw >>>= 7;
        }
        target[at++] = (byte) raw;
        return at;
    }
}
