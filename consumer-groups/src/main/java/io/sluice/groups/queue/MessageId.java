package io.sluice.groups.queue;

/**
 * Where a message lies, which is also what it is called.
 *
 * @param partition the partition of the queue's topic
 * @param offset its offset there
 */
public record MessageId(int partition, long offset) {
    @Override
    public String toString() {
        return partition + "-" + offset;
    }
}
