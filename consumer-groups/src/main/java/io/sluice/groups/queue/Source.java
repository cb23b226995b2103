package io.sluice.groups.queue;

/** What {@link Feeding} does for one queue. For the thread that runs the queues. */
record Source(Feeding feeding, Queue queue) {
    /** There are receivers, and nothing in memory for them. */
    void wants() {
        feeding.wants(queue);
    }

    /** There are messages on their way to the dead letters. */
    void condemned() {
        feeding.condemned(queue);
    }

    int partitions() {
        return feeding.partitions(queue);
    }

    /** Where the log of a partition ends: what lies before may be read. */
    long end(int partition) {
        return feeding.end(queue, partition);
    }

    /** Whether a partition can be read, as far as is known. */
    boolean canRead(int partition) {
        return feeding.canRead(queue, partition);
    }

    /** Whether a consumer has an open connection. */
    boolean isConnected(String consumer) {
        return feeding.isConnected(queue, consumer);
    }
}
