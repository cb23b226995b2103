package io.sluice.groups.queue;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Receiving messages, and what consumers say of them. */
public final class Receive {
    private Receive() {}

    /**
     * What a consumer asks for.
     *
     * @param consumer what it calls itself
     * @param max how many messages at most
     * @param maxBytes behind the message with which they have become so large, as far as that is known, there are no more
     * @param visibilityMs how long they are hidden from others, in ms; empty for as long as the queue says
     * @param sessionTimeoutMs how long the consumer may be silent before it loses them, in ms; then they are not hidden for some time, but for
     *     as long as it is heard. 0 for no session
     * @param deadlineMs when it is answered with nothing, in ms since the epoch
     */
    public record Request(
            String consumer, int max, int maxBytes, OptionalLong visibilityMs, int sessionTimeoutMs, long deadlineMs) {}

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
     * @param leaseUntilMs how long, in ms since the epoch; {@link Long#MAX_VALUE} if as long as its session lasts
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
     * A message is done.
     *
     * @param result what came of it; empty for nothing to keep
     */
    public record Ack(Lease lease, byte[] result) {}

    /**
     * A message could not be done.
     *
     * @param delayMs when it may be delivered again, in ms from now; empty for what the queue's backoff says
     * @param dead whether it is not to be delivered again
     */
    public record Nack(Lease lease, OptionalLong delayMs, boolean dead, String reason) {}

    /**
     * A message takes longer.
     *
     * @param visibilityMs until when it is hidden from others, in ms from now; empty for as long as the queue says, but no shorter than it is
     * @param progress what the consumer says of it; empty for nothing new
     */
    public record Extension(Lease lease, OptionalLong visibilityMs, Optional<byte[]> progress) {}

    /**
     * What became of a request about one lease.
     *
     * @param error NONE if it was carried out
     * @param untilMs until when the lease holds now, in ms since the epoch; {@link Long#MAX_VALUE} if as long as its session, 0 if it is over
     * @param holder who has the message now; empty if nobody has
     * @param sinceMs since when, in ms since the epoch; 0 if nobody has
     * @param isFinished whether the message is known to be finished already
     */
    public record Outcome(
            Lease lease, QueueError error, long untilMs, String holder, long sinceMs, boolean isFinished) {}

    /**
     * What became of several.
     *
     * @param error NONE if each was looked at
     */
    public record Outcomes(QueueError error, List<Outcome> outcomes) {
        public Outcomes {
            outcomes = List.copyOf(outcomes);
        }
    }
}
