package io.sluice.groups.queue;

import java.util.List;

/**
 * Deduplication of messages: those with the same id that come within the window of their queue are the same message.
 *
 * <p>Who sends a message with an id asks {@link QueueCoordinator#reserve} first. Then the id is the sender's until it says what became of the
 * message; who asks for the same id meanwhile has to wait for that.
 */
public final class Dedup {
    private Dedup() {}

    /**
     * What to do with the messages of a request.
     *
     * @param error NONE if each is answered
     * @param entries in the order of the ids
     */
    public record Answer(QueueError error, List<Entry> entries) {
        public Answer {
            entries = List.copyOf(entries);
        }
    }

    /** What to do with one of them. */
    public sealed interface Entry permits Sent, Reserved, Repeats, Full {}

    /** It was sent within the window, and is not to be sent again. */
    public record Sent(MessageId id) implements Entry {}

    /** It is to be sent, and then the reservation to be settled, in any case. */
    public record Reserved(Reservation reservation) implements Entry {}

    /**
     * It is the same as an earlier one of this request, and shares its fate.
     *
     * @param entry which one, from 0
     */
    public record Repeats(int entry) implements Entry {}

    /**
     * So many ids are within their windows that no more can be remembered: the message cannot be taken for now.
     *
     * @param limit how many
     */
    public record Full(int limit) implements Entry {}

    /** An id that is its sender's for now. Safe on any thread; the first call counts. */
    public interface Reservation {
        /** The message is in the log. */
        void confirmed(MessageId id);

        /** It was not sent, or nobody knows: whoever asks next gets what the log says. */
        void released();
    }
}
