package io.sluice.core.engine;

import io.sluice.core.TopicPartition;
import io.sluice.core.storage.CheckpointFile;
import io.sluice.core.storage.LogDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * An offset for each partition, in one file of Kafka's format: a line with the version 0, a line with the count, then a
 * line "topic partition offset" each.
 */
public final class OffsetCheckpoint {
    /** Per partition: everything before this offset is durable. */
    public static final String RECOVERY_POINTS = "recovery-point-offset-checkpoint";
    /** Per partition: records before this offset have been deleted. */
    public static final String LOG_STARTS = "log-start-offset-checkpoint";

    static final String CLEANER_POINTS = "cleaner-offset-checkpoint";

    /** Per partition a time in place of an offset: when the first tombstone that compaction left may go. */
    static final String DELETE_HORIZONS = "delete-horizon-checkpoint";

    private OffsetCheckpoint() {}

    static void write(LogDirectory directory, String name, Map<TopicPartition, Long> offsets) throws IOException {
        StringBuilder text = new StringBuilder("0\n").append(offsets.size()).append('\n');
        new TreeMap<>(offsets)
                .forEach((partition, offset) -> text.append(partition.topic())
                        .append(' ')
                        .append(partition.partition())
                        .append(' ')
                        .append(offset)
                        .append('\n'));
        CheckpointFile.write(directory, name, text.toString());
    }

    /**
     * What the file says; nothing if there is none.
     *
     * @throws IOException if it is not such a file
     */
    public static Map<TopicPartition, Long> read(LogDirectory directory, String name) throws IOException {
        Map<TopicPartition, Long> offsets = new TreeMap<>();
        Optional<byte[]> content = CheckpointFile.read(directory, name);
        if (content.isEmpty()) {
            return offsets;
        }
        String[] lines = new String(content.get(), StandardCharsets.UTF_8).split("\n");
        try {
            if (Integer.parseInt(lines[0]) != 0 || Integer.parseInt(lines[1]) != lines.length - 2) {
                throw new IOException(directory.path() + "/" + name + " is damaged: version or count do not fit");
            }
            for (int i = 2; i < lines.length; i++) {
                String[] parts = lines[i].split(" ");
                offsets.put(new TopicPartition(parts[0], Integer.parseInt(parts[1])), Long.parseLong(parts[2]));
            }
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            throw new IOException(directory.path() + "/" + name + " is damaged: " + e.getMessage(), e);
        }
        return offsets;
    }
}
