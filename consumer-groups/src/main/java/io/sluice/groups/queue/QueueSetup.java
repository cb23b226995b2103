package io.sluice.groups.queue;

/**
 * How queues are set up.
 *
 * @param limits what each may have in memory
 * @param partitions over how many partitions of the internal topic they are spread, when it is created
 * @param maxQueued how many requests may wait for the thread of the queues; more are refused
 * @param maxBatchBytes how large a compressed batch of messages may become
 * @param checkpointBytes how long a partition of the internal topic becomes at least before it is made shorter
 */
public record QueueSetup(QueueLimits limits, int partitions, int maxQueued, int maxBatchBytes, long checkpointBytes) {
    /** What holds unless somebody says otherwise. */
    public static QueueSetup defaults() {
        return new QueueSetup(new QueueLimits(10_000, 256, 10_000), 4, 100_000, 64 * 1024 * 1024, 16 * 1024 * 1024);
    }
}
