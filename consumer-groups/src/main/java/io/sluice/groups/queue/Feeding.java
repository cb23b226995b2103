package io.sluice.groups.queue;

/** Who reads the log of a queue. For the thread that runs the queues. */
interface Feeding {
    /** There are receivers, and nothing in memory for them. */
    void wants(Queue queue);

    /** There are messages on their way to the dead letters. */
    void condemned(Queue queue);

    /** There are jobs that have something to do. */
    void jobs(Queue queue);

    /** How many partitions the queue has. */
    int partitions(Queue queue);

    /** Where the log of a partition ends: what lies before may be read. */
    long end(Queue queue, int partition);

    /** About how many bytes so many messages of a partition take in the log. */
    long bytes(Queue queue, int partition, long messages);

    /** Whether a consumer has an open connection, by which it is there for as long as that is open. */
    boolean isConnected(Queue queue, String consumer);
}
