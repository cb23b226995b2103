package io.sluice.groups.queue;

import io.sluice.groups.queue.QueueEvent.Outcome;
import java.util.List;

/**
 * A message that is finished, as far as it is remembered.
 *
 * @param atMs since when, in ms since the epoch
 * @param consumer who had it last; empty if nobody had
 * @param result what came of it; empty for nothing
 */
public record Done(
        MessageId id,
        Outcome outcome,
        long atMs,
        String consumer,
        int deliveries,
        long firstReceivedMs,
        byte[] result,
        List<Attempt> attempts) {
    private static final int BYTES = 160;

    /** About how much memory it takes. */
    int sizeInBytes() {
        int all = BYTES + result.length + consumer.length();
        for (Attempt attempt : attempts) {
            all += attempt.sizeInBytes();
        }
        return all;
    }
}
