package io.sluice.server.http.records;

/**
 * What the record routes take and give at most.
 *
 * @param maxBodyBytes how large a JSON body, or one line of NDJSON, may be: {@code http.max.produce.bytes}
 * @param maxBatchesBytes how large a body of raw record batches may be
 * @param budgetBytes how many bytes of requests may be in memory at once, over all connections
 * @param streamBatchBytes at how many bytes a batch of a streamed body is cut
 * @param streamBatchRecords at how many records a batch of a streamed body is cut
 * @param streamWindowBytes how many bytes of a streamed body may wait for the log before the connection is paused
 * @param maxWaitMs how long a fetch may wait for records
 * @param maxFetchRecords how many records a fetch may return
 * @param defaultFetchBytes how many bytes of records a fetch returns that does not say
 * @param maxFetchBytes how many bytes of records a fetch may ask for
 */
public record RecordLimits(
        long maxBodyBytes,
        long maxBatchesBytes,
        long budgetBytes,
        int streamBatchBytes,
        int streamBatchRecords,
        int streamWindowBytes,
        long maxWaitMs,
        int maxFetchRecords,
        int defaultFetchBytes,
        int maxFetchBytes) {
    private static final int MIB = 1024 * 1024;

    public RecordLimits {
        requirePositive("maxBodyBytes", maxBodyBytes);
        requirePositive("maxBatchesBytes", maxBatchesBytes);
        requirePositive("budgetBytes", budgetBytes);
        requirePositive("streamBatchBytes", streamBatchBytes);
        requirePositive("streamBatchRecords", streamBatchRecords);
        requirePositive("streamWindowBytes", streamWindowBytes);
        requirePositive("maxFetchRecords", maxFetchRecords);
        requirePositive("maxFetchBytes", maxFetchBytes);
        if (maxBodyBytes > Integer.MAX_VALUE / 2) {
            throw new IllegalArgumentException("maxBodyBytes is " + maxBodyBytes + ", beyond 1 GiB");
        }
        if (defaultFetchBytes < 1 || defaultFetchBytes > maxFetchBytes) {
            throw new IllegalArgumentException(
                    "defaultFetchBytes is " + defaultFetchBytes + ", not between 1 and " + maxFetchBytes);
        }
        if (maxWaitMs < 0) {
            throw new IllegalArgumentException("maxWaitMs is " + maxWaitMs);
        }
    }

    /** Limits for a heap of the size that this JVM may use. */
    public static RecordLimits forHeap(long maxHeapBytes) {
        return new RecordLimits(
                Math.min(16 * MIB, maxHeapBytes / 8),
                100 * MIB,
                maxHeapBytes / 4,
                256 * 1024,
                10_000,
                512 * 1024,
                60_000,
                1_000_000,
                MIB,
                100 * MIB);
    }

    /** {@link #forHeap} for this JVM's own heap. */
    public static RecordLimits defaults() {
        return forHeap(Runtime.getRuntime().maxMemory());
    }

    /** The same limits with another {@code http.max.produce.bytes}. */
    public RecordLimits withMaxBodyBytes(long bytes) {
        return new RecordLimits(
                bytes,
                maxBatchesBytes,
                budgetBytes,
                streamBatchBytes,
                streamBatchRecords,
                streamWindowBytes,
                maxWaitMs,
                maxFetchRecords,
                defaultFetchBytes,
                maxFetchBytes);
    }

    /** The same limits with another budget. */
    public RecordLimits withBudgetBytes(long bytes) {
        return new RecordLimits(
                maxBodyBytes,
                maxBatchesBytes,
                bytes,
                streamBatchBytes,
                streamBatchRecords,
                streamWindowBytes,
                maxWaitMs,
                maxFetchRecords,
                defaultFetchBytes,
                maxFetchBytes);
    }

    private static void requirePositive(String name, long value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + " is " + value + ", not positive");
        }
    }
}
