package io.sluice.server.cli.log;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.OffsetCheckpoint;
import io.sluice.core.storage.DiskDirectory;
import io.sluice.server.cli.client.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * A log that ends before records that were durable once: files are gone, or its end is damaged. The broker does not
 * open it, because the next records would get offsets that others have had.
 *
 * @param folder of the partition
 * @param endOffset where the log ends now
 * @param recoveryPoint where it ended at least
 */
record LostEnd(Path folder, long endOffset, long recoveryPoint) {
    /** Whether the end of a partition's log is lost, by what the broker has written down about it. */
    static Optional<LostEnd> of(Path dataDirectory, Path folder, Optional<Long> endOffset) throws IOException {
        Optional<TopicPartition> partition = partitionOf(folder);
        if (partition.isEmpty()) {
            return Optional.empty();
        }
        long recoveryPoint = offsetIn(dataDirectory, OffsetCheckpoint.RECOVERY_POINTS, partition.get());
        long end = endOffset.isPresent()
                ? endOffset.get()
                : offsetIn(dataDirectory, OffsetCheckpoint.LOG_STARTS, partition.get());
        return end < recoveryPoint ? Optional.of(new LostEnd(folder, end, recoveryPoint)) : Optional.empty();
    }

    private static long offsetIn(Path dataDirectory, String checkpoint, TopicPartition partition) throws IOException {
        if (!Files.isRegularFile(dataDirectory.resolve(checkpoint))) {
            return 0;
        }
        Map<TopicPartition, Long> offsets = OffsetCheckpoint.read(DiskDirectory.open(dataDirectory), checkpoint);
        return offsets.getOrDefault(partition, 0L);
    }

    /** The partition whose folder this is: topic, dash, number. */
    static Optional<TopicPartition> partitionOf(Path folder) {
        String name = folder.getFileName().toString();
        int dash = name.lastIndexOf('-');
        return dash > 0 && name.substring(dash + 1).matches("\\d{1,9}")
                ? Optional.of(new TopicPartition(name.substring(0, dash), Integer.parseInt(name.substring(dash + 1))))
                : Optional.empty();
    }

    /** For a program. */
    ObjectNode document() {
        return Json.object()
                .put("partition", folder.toString())
                .put("sound", false)
                .put("end_offset", endOffset)
                .put("recovery_point", recoveryPoint);
    }

    @Override
    public String toString() {
        return folder + ": records up to offset " + (recoveryPoint - 1) + " were durable, but the log ends at "
                + endOffset + "; offsets " + endOffset + " to " + (recoveryPoint - 1) + " are gone";
    }
}
