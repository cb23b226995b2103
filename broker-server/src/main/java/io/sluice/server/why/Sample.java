package io.sluice.server.why;

import io.sluice.core.TopicPartition;
import java.util.Map;

/**
 * Offsets at one moment, to be compared with those of a later one.
 *
 * @param atMs when, in ms since the epoch
 * @param offsets by partition
 */
public record Sample(long atMs, Map<TopicPartition, Offsets> offsets) {
    public Sample {
        offsets = Map.copyOf(offsets);
    }

    /**
     * Offsets of a partition.
     *
     * @param end its high watermark
     * @param position where the group stands
     */
    public record Offsets(long end, long position) {}

    /** What happens in a second between this sample and a later one, in the partitions that both have. */
    Rates until(Sample later) {
        double seconds = Math.max(1, later.atMs - atMs) / 1_000.0;
        long written = 0;
        long read = 0;
        for (Map.Entry<TopicPartition, Offsets> now : later.offsets.entrySet()) {
            Offsets before = offsets.get(now.getKey());
            if (before != null) {
                written += Math.max(0, now.getValue().end() - before.end());
                read += Math.max(0, now.getValue().position() - before.position());
            }
        }
        return new Rates(written / seconds, read / seconds, later.atMs - atMs);
    }

    /**
     * How fast it goes.
     *
     * @param written records a second that are written
     * @param read records a second that the group gets on by
     * @param overMs over what time that was measured
     */
    record Rates(double written, double read, long overMs) {}
}
