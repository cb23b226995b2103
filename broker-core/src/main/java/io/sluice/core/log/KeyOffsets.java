package io.sluice.core.log;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The last offset of each key, in a fixed amount of memory: 24 bytes a key, of which 16 are half a SHA-256 in the key's
 * place. Two keys that share those would lose a record; nobody can make such a pair. For use by one thread.
 */
final class KeyOffsets {
    private static final int LONGS_PER_SLOT = 3;
    private static final double MAX_LOAD = 0.75;

    private final long[] slots;
    private final int slotCount;
    private final int maxKeys;
    private final MessageDigest digest;
    private final ByteBuffer hash = ByteBuffer.allocate(32);
    private int size;

    /** @param bytes the memory to use */
    KeyOffsets(long bytes) {
        long count = Math.max(16, Math.min(bytes / (LONGS_PER_SLOT * 8), Integer.MAX_VALUE / LONGS_PER_SLOT - 8));
        slotCount = (int) count;
        maxKeys = (int) (count * MAX_LOAD);
        slots = new long[slotCount * LONGS_PER_SLOT];
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    boolean isFull() {
        return size >= maxKeys;
    }

    int size() {
        return size;
    }

    /** Notes the offset of a key; offsets of a key must come in ascending order. The table must not be full. */
    void put(ByteBuffer key, long offset) {
        int slot = find(key);
        if (slots[slot + 2] == 0) {
            slots[slot] = hash.getLong(0);
            slots[slot + 1] = hash.getLong(8);
            size++;
        }
        // 0 marks a free slot.
        slots[slot + 2] = offset + 1;
    }

    /** The last offset of a key; -1 if it is not known. */
    long get(ByteBuffer key) {
        return slots[find(key) + 2] - 1;
    }

    private int find(ByteBuffer key) {
        digest.update(key.duplicate());
        hash.clear();
        hash.put(digest.digest());
        long first = hash.getLong(0);
        long second = hash.getLong(8);
        int index = (int) Math.floorMod(first, (long) slotCount);
        while (true) {
            int slot = index * LONGS_PER_SLOT;
            if (slots[slot + 2] == 0 || (slots[slot] == first && slots[slot + 1] == second)) {
                return slot;
            }
            index = index + 1 == slotCount ? 0 : index + 1;
        }
    }
}
