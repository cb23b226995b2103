package io.sluice.core.engine;

import io.sluice.core.TopicPartition;
import io.sluice.core.partition.DiskSpace;
import io.sluice.core.storage.CheckpointFile;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folders of partitions in the data directory, and whose they are. A folder is named after its partition, and the file
 * {@value #METADATA} in it has the id of its topic: a name may come again, an id does not. A folder in the way of a topic
 * is renamed: to end in {@value #DELETED} if its topic was deleted, which the janitor then deletes, and in {@value #STRAY}
 * if it is left to people.
 *
 * <p>For the controller and for those who open partitions at the start. Blocks.
 */
final class PartitionFolders {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionFolders.class);
    private static final String METADATA = "partition.metadata";
    private static final String DELETED = "-delete";
    private static final String STRAY = "-stray";

    private final LogDirectory root;
    private final HouseKeeping houseKeeping;
    private final DiskSpace diskSpace;

    PartitionFolders(LogDirectory root, HouseKeeping houseKeeping, DiskSpace diskSpace) {
        this.root = root;
        this.houseKeeping = houseKeeping;
        this.diskSpace = diskSpace;
    }

    /** The folder of a partition, created if there is none. */
    LogDirectory of(TopicPartition partition) throws IOException {
        return root.directory(partition.toString());
    }

    /** Where the folder of a partition is, for messages. */
    String path(TopicPartition partition) {
        return root.path() + "/" + partition;
    }

    /** Makes sure that the folder is this topic's, not one that an earlier topic of the name left behind. */
    void claim(TopicPartition partition, Topic topic) throws IOException {
        String name = partition.toString();
        String id = uuid(topic.id());
        if (root.exists(name)) {
            Optional<byte[]> metadata = CheckpointFile.read(root.directory(name), METADATA);
            boolean other = metadata.isPresent()
                    && !new String(metadata.get(), StandardCharsets.UTF_8).contains("topic_id: " + id + "\n");
            if (!other && metadata.isPresent()) {
                return;
            }
            if (other) {
                String stray = UUID.randomUUID() + STRAY;
                LOG.warn("the folder {} is of an earlier topic of that name; it is moved to {}", name, stray);
                root.rename(name, stray);
            }
        }
        CheckpointFile.write(of(partition), METADATA, "version: 0\ntopic_id: " + id + "\n");
        root.sync();
    }

    private static String uuid(UUID id) {
        byte[] bytes = ByteBuffer.allocate(16)
                .putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits())
                .array();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Takes a deleted topic's folders out of the way, durably; the janitor deletes what is in them. */
    void moveAway(TopicEntry entry) throws IOException {
        List<TopicPartition> gone = new ArrayList<>();
        for (int i = 0; i < entry.partitions(); i++) {
            TopicPartition partition = new TopicPartition(entry.name(), i);
            gone.add(partition);
            String doomed = entry.id() + "-" + i + DELETED;
            if (root.exists(partition.toString())) {
                root.rename(partition.toString(), doomed);
                houseKeeping.run(() -> delete(doomed));
            }
        }
        root.sync();
        houseKeeping.forget(gone);
    }

    /** Lets the janitor delete what an earlier start left of deleted topics. */
    void deleteLeftovers() throws IOException {
        for (String name : root.directories()) {
            if (name.endsWith(DELETED)) {
                houseKeeping.run(() -> delete(name));
            }
        }
    }

    private void delete(String name) {
        try {
            root.deleteDirectory(name);
            diskSpace.refresh();
        } catch (IOException e) {
            LOG.warn("the folder {} of a deleted topic cannot be removed; the next start tries again", name, e);
        }
    }

    /** Says which folders belong to none of these partitions. */
    void warnOfOthers(Collection<TopicPartition> known) throws IOException {
        Set<String> names = known.stream().map(TopicPartition::toString).collect(Collectors.toSet());
        for (String name : root.directories()) {
            if (!names.contains(name) && !name.endsWith(DELETED) && !name.endsWith(STRAY)) {
                LOG.warn("the folder {} in {} belongs to no topic and is left alone", name, root.path());
            }
        }
    }
}
