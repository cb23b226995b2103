package io.sluice.groups.queue;

import java.util.List;

/** Receiving messages. */
public final class Receive {
    private Receive() {}

    /**
     * What a consumer asks for.
     *
     * @param consumer what it calls itself
     * @param max how many messages at most
     * @param visibilityMs how long they are hidden from others, in ms
     * @param deadlineMs when it is answered with nothing, in ms since the epoch
     */
    public record Request(String consumer, int max, long visibilityMs, long deadlineMs) {}

    /**
     * What it gets.
     *
     * @param error NONE if it may have what there is
     */
    public record Answer(QueueError error, List<Received> messages) {
        public Answer {
            messages = List.copyOf(messages);
        }

        static Answer refused(QueueError error) {
            return new Answer(error, List.of());
        }
    }

    /**
     * A message that a consumer has now.
     *
     * @param lease proof of it
     * @param leaseUntilMs how long, in ms since the epoch
     * @param deliveries how often it has been delivered, this time included
     * @param enqueuedMs when it was sent, in ms since the epoch
     * @param firstReceivedMs when it was first delivered, in ms since the epoch
     */
    public record Received(
            MessageId id, Lease lease, long leaseUntilMs, int deliveries, long enqueuedMs, long firstReceivedMs) {}

    /**
     * Proof that a message was delivered to somebody.
     *
     * @param nonce tells this delivery from any other
     */
    public record Lease(MessageId id, long nonce) {}

    /**
     * What became of a request about one lease.
     *
     * @param error NONE if it was carried out
     * @param holder who has the message now; empty if nobody has
     * @param sinceMs since when, in ms since the epoch; 0 if nobody has
     */
    public record Outcome(Lease lease, QueueError error, String holder, long sinceMs) {}
}
