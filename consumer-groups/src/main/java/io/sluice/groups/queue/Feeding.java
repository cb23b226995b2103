package io.sluice.groups.queue;

import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;

/** Who reads the log of a queue. For the thread that runs the queues. */
interface Feeding {
    /** There are receivers, and nothing in memory for them. */
    void wants(Queue queue);

    /** There are messages on their way to the dead letters. */
    void condemned(Queue queue);

    /** There are jobs that have something to do. */
    void jobs(Queue queue);

    /**
     * Where the log of a partition was found to end when the broker started, until {@link #joined} is called: what was known of anything
     * behind that is of messages that are lost.
     */
    OptionalLong foundEnd(Queue queue, int partition);

    /** What was known fits what was found. */
    void joined(UUID queue, int partition);

    /** How many partitions the queue has; 0 if its topic is not there any more. */
    int partitions(Queue queue);

    /** Where the log of a partition ends: what lies before may be read. */
    long end(Queue queue, int partition);

    /** Whether a partition can be read, as far as is known: nobody waits for one that cannot. */
    boolean canRead(Queue queue, int partition);

    /** Where the log cannot be read. */
    List<QueueView.Unreadable> unreadable(Queue queue);

    /** The queue has ended: nothing of it is to be read any more. */
    void forget(Queue queue);

    /** About how many bytes so many messages of a partition take in the log. */
    long bytes(Queue queue, int partition, long messages);

    /** Whether a consumer has an open connection, by which it is there for as long as that is open. */
    boolean isConnected(Queue queue, String consumer);
}
