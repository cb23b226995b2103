package io.sluice.groups.queue;

/**
 * How queues are set up.
 *
 * @param limits what each may have in memory
 * @param partitions over how many partitions of the internal topic they are spread, when it is created
 * @param maxQueued how many requests may wait for the thread of the queues; more are refused
 * @param maxBatchBytes how large a compressed batch of messages may become
 * @param checkpointBytes how long a partition of the internal topic becomes at least before it is made shorter
 * @param maxMessages how many messages that were never delivered all queues together may have in memory
 * @param maxDoneBytes about how much memory messages may take that were finished lately, of all queues
 * @param maxHeldBytes about how much those may take that have been delivered and are not finished; others wait then
 */
public record QueueSetup(
        QueueLimits limits,
        int partitions,
        int maxQueued,
        int maxBatchBytes,
        long checkpointBytes,
        int maxMessages,
        long maxDoneBytes,
        long maxHeldBytes) {
    private static final int MAX_MESSAGES = 1_000_000;
    /** What a message that was never delivered takes at most, more or less, with a key of its own. */
    private static final int MESSAGE_BYTES = 512;

    private static final long MAX_DONE_BYTES = 64L * 1024 * 1024;

    /** What holds unless somebody says otherwise. */
    public static QueueSetup defaults() {
        long heapBytes = Runtime.getRuntime().maxMemory();
        return new QueueSetup(
                new QueueLimits(10_000, 256, 10_000),
                4,
                100_000,
                64 * 1024 * 1024,
                16 * 1024 * 1024,
                (int) Math.min(MAX_MESSAGES, heapBytes / 4 / MESSAGE_BYTES),
                Math.min(MAX_DONE_BYTES, heapBytes / 16),
                heapBytes / 4);
    }

    /**
     * The same with other bounds.
     *
     * @param waiters how many receivers may wait at a queue
     * @param messages how many messages that were never delivered all queues together may have in memory
     */
    public QueueSetup with(int waiters, int messages) {
        return new QueueSetup(
                new QueueLimits(limits.loaded(), limits.loadedOfKey(), waiters),
                partitions,
                maxQueued,
                maxBatchBytes,
                checkpointBytes,
                messages,
                maxDoneBytes,
                maxHeldBytes);
    }
}
