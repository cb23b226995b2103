package io.sluice.groups.queue;

import java.util.List;
import java.util.UUID;

/** A change of a queue, which is written down. {@link QueueEvents} has the bytes. */
public sealed interface QueueEvent {
    /** The id of the queue's topic: another queue of the same name has another one. */
    UUID queue();

    /**
     * There is a queue.
     *
     * @param begins the first offset of each partition: what lies before it was there before the queue
     */
    record Created(UUID queue, String name, QueueConfig config, List<Long> begins, long atMs) implements QueueEvent {}

    /** A queue is set otherwise. */
    record Changed(UUID queue, QueueConfig config, boolean paused, long atMs) implements QueueEvent {}

    /** There is a queue no more. */
    record Deleted(UUID queue) implements QueueEvent {}

    /**
     * Messages were looked at and are not due yet.
     *
     * @param scannedTo everything in front of it that is not known to be anything else waits to be delivered
     */
    record Delayed(UUID queue, int partition, long scannedTo, List<Due> messages) implements QueueEvent {}

    /** When a message is due, in ms since the epoch. */
    record Due(long offset, long dueMs) {}

    /**
     * Messages were delivered.
     *
     * @param untilMs when they come back if nothing is heard of them, in ms since the epoch; {@link Long#MAX_VALUE} if when the
     *     consumer is not heard of
     * @param sessionTimeoutMs for how long the consumer may be silent then, in ms; else 0
     */
    record Leased(UUID queue, String consumer, long atMs, long untilMs, int sessionTimeoutMs, List<Delivery> messages)
            implements QueueEvent {}

    /**
     * One of them.
     *
     * @param arrival the message as it was found in the log
     * @param nonce tells this delivery from any other
     */
    record Delivery(int partition, Arrival arrival, long nonce) {
        MessageId id() {
            return new MessageId(partition, arrival.offset());
        }
    }

    /** Deliveries last longer, or shorter. */
    record Extended(UUID queue, long untilMs, List<MessageId> messages) implements QueueEvent {}

    /** A consumer says how far it is. */
    record Progressed(UUID queue, MessageId message, byte[] progress) implements QueueEvent {}

    /** Deliveries failed; the messages are delivered again. */
    record Returned(UUID queue, long atMs, List<Return> messages) implements QueueEvent {}

    /**
     * One of them.
     *
     * @param dueMs not before this, in ms since the epoch
     * @param counts whether the delivery counts as one: else it is as if it had not been
     */
    record Return(MessageId id, long dueMs, String reason, boolean counts) {}

    /** Messages are not delivered again, and on their way to the dead letters. */
    record Condemned(UUID queue, long atMs, String reason, List<MessageId> messages) implements QueueEvent {}

    /** Nothing more happens to messages. */
    record Finished(UUID queue, Outcome outcome, long atMs, List<Finish> messages) implements QueueEvent {
        /** Nobody said what came of them. */
        static Finished of(UUID queue, Outcome outcome, long atMs, List<MessageId> messages) {
            return new Finished(
                    queue, outcome, atMs, messages.stream().map(Finish::of).toList());
        }
    }

    /**
     * One of them.
     *
     * @param result what came of it; empty for nothing
     */
    record Finish(MessageId id, byte[] result) {
        private static final byte[] NO_RESULT = new byte[0];

        static Finish of(MessageId id) {
            return new Finish(id, NO_RESULT);
        }
    }

    /** Everything in front of an offset that is not delivered at the moment is finished. */
    record Purged(UUID queue, int partition, long beforeOffset, long atMs) implements QueueEvent {}

    /** There is nothing in {@code [from, to)}, or no more. */
    record Gone(UUID queue, int partition, long from, long to) implements QueueEvent {}

    /** The log of a partition begins at an offset: nothing needs to be known of what lay before it. */
    record Trimmed(UUID queue, int partition, long beforeOffset) implements QueueEvent {}

    /**
     * A piece of all that is known of a queue, in place of everything that was written down of it before. It holds when the last piece is
     * there; {@link QueueState} has the bytes.
     *
     * @param part which piece, from 0
     * @param parts of how many
     */
    record Checkpoint(UUID queue, int part, int parts, byte[] bytes) implements QueueEvent {}

    /**
     * Copies of messages go into a queue from now on, by a producer that is new to it: its sequences begin with 0.
     *
     * @param transfer which of the transfers out of the queue: 0 for its dead letters, else the number of a job
     * @param target the id of the topic
     */
    record TransferBegun(UUID queue, long transfer, UUID target, long producerId) implements QueueEvent {}

    /**
     * Copies of messages are about to be appended, each part as one batch. Whether that has come about, the log of the target knows.
     *
     * @param progress how far a job is when they are there
     */
    record Copying(UUID queue, long transfer, List<Part> parts, Progress progress) implements QueueEvent {
        public Copying {
            parts = List.copyOf(parts);
        }
    }

    /**
     * Messages whose copies are one batch.
     *
     * @param partition of the target
     * @param from where its log ended: if they are there, they are not before it
     */
    record Part(int partition, long from, List<MessageId> messages) {
        public Part {
            messages = List.copyOf(messages);
        }
    }

    /**
     * The copies of a part are in the log of the target, or will never be.
     *
     * @param partition of the target
     */
    record Copied(UUID queue, long transfer, int partition, boolean there) implements QueueEvent {}

    /**
     * A job begins.
     *
     * @param ends where each partition ends: what comes later is not the job's
     */
    record JobBegun(UUID queue, long job, JobSpec spec, List<Long> ends, long atMs) implements QueueEvent {
        public JobBegun {
            ends = List.copyOf(ends);
        }
    }

    /**
     * A job is at its end, but for what it has on its way.
     *
     * @param why what keeps it from going on; empty if nothing does
     */
    record JobEnded(UUID queue, long job, JobView.State state, String why, long atMs, Progress progress)
            implements QueueEvent {}

    /** Messages that have died lie in the log once more, under the ids that they had. */
    record Linked(UUID queue, List<Link> messages) implements QueueEvent {
        public Linked {
            messages = List.copyOf(messages);
        }
    }

    /**
     * One of them.
     *
     * @param from where it lay first, which is what it is called
     * @param to where it lies now
     */
    record Link(MessageId from, MessageId to) {}

    /**
     * Messages that have died were sent again, and live somewhere else.
     *
     * @param messages where they died
     */
    record Redriven(UUID queue, List<MessageId> messages) implements QueueEvent {
        public Redriven {
            messages = List.copyOf(messages);
        }
    }

    /**
     * Nobody gets messages of a key until it is taken up again.
     *
     * @param key as {@link Arrival#key()} says it
     * @param bytes the key itself
     * @param reason what was said why
     */
    record Parked(UUID queue, long key, byte[] bytes, String reason, long atMs) implements QueueEvent {}

    /** Messages of a key go on. */
    record Unparked(UUID queue, long key) implements QueueEvent {}

    /** The log of a partition was found to end earlier than was known: what is there from an offset on are other messages. */
    record Cut(UUID queue, int partition, long from) implements QueueEvent {}

    /** What becomes of messages. */
    enum Outcome {
        /** A consumer is done with it. */
        ACKNOWLEDGED,
        /** It is among the dead letters. */
        DEAD,
        /** It became too old. */
        EXPIRED,
        /** It was purged or deleted. */
        DROPPED
    }
}
