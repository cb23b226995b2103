package io.sluice.groups.queue;

import java.util.function.UnaryOperator;

/** Hears what happens to queues. Called on the thread of the queues: it is quick, and throws nothing. */
@FunctionalInterface
public interface QueueListener {
    /**
     * Something has happened, and is written down.
     *
     * @param names what messages are called, by where they lie: those that were sent again keep the ids that they had. To be asked before this
     *     returns
     */
    void happened(QueueEvent event, UnaryOperator<MessageId> names);
}
