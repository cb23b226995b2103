package io.sluice.server.why;

import io.sluice.core.TopicPartition;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * A topic as it is at one moment.
 *
 * @param name its name
 * @param nowMs the time, in ms since the epoch
 * @param partitions its partitions, those that cannot be read first; not more than are looked at
 * @param partitionCount how many it has
 * @param newestMs the time of its newest record as its producer gave it, in ms since the epoch; empty if there is none or it is not known
 * @param producers numbers of connections that have written to it lately, the first few
 * @param readers numbers of connections that read it or have said that they will, the first few
 * @param allLooked whether all connections were looked at for that
 */
public record TopicSnapshot(
        String name,
        long nowMs,
        List<PartitionSnapshot> partitions,
        int partitionCount,
        OptionalLong newestMs,
        List<Long> producers,
        List<Long> readers,
        boolean allLooked) {
    public TopicSnapshot {
        partitions = List.copyOf(partitions);
        producers = List.copyOf(producers);
        readers = List.copyOf(readers);
    }

    /** Offsets now, for a sample. */
    public Sample sample() {
        Map<TopicPartition, Sample.Offsets> all = new HashMap<>();
        partitions.stream()
                .filter(PartitionSnapshot::isReadable)
                .limit(Samples.MAX_PARTITIONS)
                .forEach(one -> all.put(one.partition(), new Sample.Offsets(one.highWatermark(), 0)));
        return new Sample(nowMs, all);
    }
}
