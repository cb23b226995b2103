package io.sluice.groups.queue;

/** Hears what happens to queues. Called on the thread of the queues: it is quick, and throws nothing. */
@FunctionalInterface
public interface QueueListener {
    /** Something has happened, and is written down. */
    void happened(QueueEvent event);
}
