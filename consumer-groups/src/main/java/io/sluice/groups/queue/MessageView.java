package io.sluice.groups.queue;

import io.sluice.groups.queue.QueueEvent.Parked;
import java.util.List;
import java.util.Optional;

/**
 * Where one message stands. Times in ms since the epoch.
 *
 * @param deliveries how often it has been delivered
 * @param consumer who has it, or had it last; empty if nobody
 * @param sinceMs since when it stands there; 0 if that is not known
 * @param untilMs when the lease ends or it is due; {@link Long#MAX_VALUE} if as long as a session, 0 if that does not apply
 * @param firstReceivedMs when it was first delivered; 0 if never
 * @param reason why it came back last; empty if it did not
 * @param progress what its consumer said of it last; empty for nothing
 * @param result what came of it; empty for nothing
 * @param attempts deliveries that did not end well: the first, and the last ones
 * @param blocker the message of the same key that has to be finished first, as it stands at the same moment
 * @param parked since when and why nobody gets messages of its key for now; empty if it is not parked
 * @param isCertain whether it has been looked at: else it waits if its record does not say that it is not due
 */
public record MessageView(
        MessageId id,
        State state,
        int deliveries,
        String consumer,
        long sinceMs,
        long untilMs,
        long firstReceivedMs,
        String reason,
        byte[] progress,
        byte[] result,
        List<Attempt> attempts,
        Optional<MessageView> blocker,
        Optional<Parked> parked,
        boolean isCertain) {
    private static final byte[] NOTHING = new byte[0];

    /** Where a message can stand. */
    public enum State {
        /** It could be delivered, if it is due: a message that was never looked at is waiting. */
        WAITING,
        /** It is not due. */
        DELAYED,
        /** A consumer has it. */
        LEASED,
        /** It is on its way to the dead letters. */
        DYING,
        /** A consumer is done with it. */
        ACKNOWLEDGED,
        /** It is dead. */
        DEAD,
        /** It became too old. */
        EXPIRED,
        /** It was purged or deleted. */
        DROPPED,
        /** There is no such message, or no more. */
        UNKNOWN
    }

    static MessageView plain(MessageId id, State state, Optional<MessageView> blocker) {
        return new MessageView(
                id, state, 0, "", 0, 0, 0, "", NOTHING, NOTHING, List.of(), blocker, Optional.empty(), true);
    }

    /** The same, of a key of which nobody gets messages for now. */
    MessageView parked(Optional<Parked> key) {
        return new MessageView(
                id,
                state,
                deliveries,
                consumer,
                sinceMs,
                untilMs,
                firstReceivedMs,
                reason,
                progress,
                result,
                attempts,
                blocker,
                key,
                isCertain);
    }

    /** One that nobody has looked at yet. */
    static MessageView uncertain(MessageId id) {
        return new MessageView(
                id,
                State.WAITING,
                0,
                "",
                0,
                0,
                0,
                "",
                NOTHING,
                NOTHING,
                List.of(),
                Optional.empty(),
                Optional.empty(),
                false);
    }

    static MessageView held(Message message, State state) {
        return new MessageView(
                message.id,
                state,
                message.deliveries,
                message.consumer,
                message.sinceMs,
                message.untilMs,
                message.firstReceivedMs,
                message.reason,
                message.progress(),
                NOTHING,
                List.copyOf(message.attempts()),
                Optional.empty(),
                Optional.empty(),
                true);
    }

    static MessageView done(Done done, State state) {
        return new MessageView(
                done.id(),
                state,
                done.deliveries(),
                done.consumer(),
                done.atMs(),
                0,
                done.firstReceivedMs(),
                "",
                NOTHING,
                done.result(),
                done.attempts(),
                Optional.empty(),
                Optional.empty(),
                true);
    }
}
