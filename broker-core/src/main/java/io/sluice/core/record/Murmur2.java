package io.sluice.core.record;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The 32-bit MurmurHash2 with the seed that Kafka's producers use to place a key. */
public final class Murmur2 {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int SEED = 0x9747b28c;
    private static final int MULTIPLIER = 0x5bd1e995;

    private Murmur2() {}

    /** The hash of {@code length} bytes from {@code from} on. */
    public static int hash(byte[] bytes, int from, int length) {
        int hash = SEED ^ length;
        int end = from + (length & ~3);
        for (int at = from; at < end; at += 4) {
            int word = (int) INT.get(bytes, at) * MULTIPLIER;
            word = (word ^ (word >>> 24)) * MULTIPLIER;
            hash = (hash * MULTIPLIER) ^ word;
        }
        int rest = length & 3;
        if (rest > 0) {
            for (int i = rest - 1; i >= 0; i--) {
                hash ^= (bytes[end + i] & 0xff) << (8 * i);
            }
            hash *= MULTIPLIER;
        }
        hash = (hash ^ (hash >>> 13)) * MULTIPLIER;
        return hash ^ (hash >>> 15);
    }

    /** The partition of a key, from 0: where Kafka's default partitioner puts it. */
    public static int partition(byte[] key, int from, int length, int partitions) {
        return (hash(key, from, length) & Integer.MAX_VALUE) % partitions;
    }
}
