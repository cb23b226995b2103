package io.sluice.groups.queue;

import io.sluice.groups.queue.QueueEvent.Parked;
import java.util.Optional;

/**
 * A key of which messages wait for others of it, or for somebody to take it up again, in one partition.
 *
 * @param first the message that has to be finished first; empty if none is under way
 * @param behind how many wait behind it, as far as the log has been read
 * @param parked since when and why nobody gets messages of it; empty if it is not parked
 */
public record KeyView(Optional<MessageView> first, long behind, Optional<Parked> parked) {
    /** Since when it stands still, in ms since the epoch. */
    long sinceMs() {
        return first.map(MessageView::firstReceivedMs)
                .or(() -> parked.map(Parked::atMs))
                .orElse(0L);
    }
}
