package io.sluice.server.http.records;

/**
 * How much of a fetch is in memory at once: what each reader costs, however many there are. Small heaps have small chunks, so
 * that some hundred readers leave room for what is written.
 */
final class Chunks {
    private static final int KIB = 1024;

    /** Bytes of the log that are read to be written as JSON. */
    static final int JSON_READ_BYTES = byHeap(8 * KIB, 48 * KIB, 4096);
    /** Bytes of a response that are written at once. */
    static final int WRITE_BYTES = byHeap(8 * KIB, 32 * KIB, 4096);
    /** Bytes of the log that are read to be sent as they are: how much one answer holds, if it is not one larger batch. */
    static final int BATCHES_READ_BYTES = byHeap(16 * KIB, 1024 * KIB, 2048);

    private Chunks() {}

    private static int byHeap(int least, int most, int part) {
        return (int) Math.max(least, Math.min(most, Runtime.getRuntime().maxMemory() / part));
    }
}
