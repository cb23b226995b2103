package io.sluice.core.log;

import io.sluice.core.storage.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Zeros behind the end of the active segment, for the batches to come. A file that grows with every write has its size
 * written to the file system's journal with every sync; into room that is there already only the data have to go, which
 * takes about half the time (docs/decisions/0011).
 *
 * <p>No batch begins with zeros: its length would be 0. Room is cut off when the segment is sealed or closed, and by the next
 * start if it was not.
 */
final class Room {
    private static final int MIN_BYTES = 16 * 1024;
    private static final int MAX_BYTES = 256 * 1024;
    /** Larger groups of batches make a sync so much work that room is not worth its writing. */
    static final int MAX_GROUP_BYTES = 64 * 1024;

    private static final int CHUNK_BYTES = 64 * 1024;

    private Room() {}

    /** How much to make for a segment of a size: a partition with little in it does not take much of the disk for nothing. */
    static long bytesFor(long size) {
        return Math.max(MIN_BYTES, Math.min(MAX_BYTES, size));
    }

    /** Writes zeros from one position to another. */
    static void make(LogFile file, long from, long to) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(CHUNK_BYTES, to - from));
        for (long at = from; at < to; at += zeros.limit()) {
            zeros.clear().limit((int) Math.min(zeros.capacity(), to - at));
            file.write(at, zeros);
        }
    }

    /**
     * Where the zeros at the end of a file begin, behind a position.
     *
     * @return the position after the last byte that is not zero, at least {@code from}
     */
    static long begin(LogFile file, long from, long size) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, Math.max(1, size - from)));
        for (long end = size; end > from; ) {
            long at = Math.max(from, end - chunk.capacity());
            chunk.clear().limit((int) (end - at));
            int count = file.read(at, chunk);
            for (int i = count - 1; i >= 0; i--) {
                if (chunk.get(i) != 0) {
                    return at + i + 1;
                }
            }
            end = at;
        }
        return from;
    }
}
