package io.sluice.core.log;

import io.sluice.core.storage.CheckpointFile;
import io.sluice.core.storage.LogDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * At which offset each epoch began, in Kafka's file {@code leader-epoch-checkpoint}: a line with the version 0, a line
 * with the count, then a line "epoch offset" each. Owned by the partition's worker.
 */
final class LeaderEpochs {
    static final String FILE = "leader-epoch-checkpoint";

    private final LogDirectory directory;
    /** Start offset by epoch. Invariant: both ascend. */
    private final TreeMap<Integer, Long> starts;

    private LeaderEpochs(LogDirectory directory, TreeMap<Integer, Long> starts) {
        this.directory = directory;
        this.starts = starts;
    }

    /** Loads the file as far as it makes sense and speaks of offsets up to {@code logEndOffset}. */
    static LeaderEpochs load(LogDirectory directory, long logEndOffset) throws IOException {
        TreeMap<Integer, Long> starts = new TreeMap<>();
        Optional<byte[]> content = CheckpointFile.read(directory, FILE);
        if (content.isPresent()) {
            String[] lines = new String(content.get(), StandardCharsets.UTF_8).split("\n");
            for (int i = 2; i < lines.length; i++) {
                String[] parts = lines[i].trim().split(" ");
                try {
                    int epoch = Integer.parseInt(parts[0]);
                    long start = Long.parseLong(parts[1]);
                    boolean ascends = starts.isEmpty()
                            || (epoch > starts.lastKey()
                                    && start >= starts.lastEntry().getValue());
                    if (!ascends || start > logEndOffset) {
                        break;
                    }
                    starts.put(epoch, start);
                } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
                    break;
                }
            }
        }
        return new LeaderEpochs(directory, starts);
    }

    /** Notes that an epoch begins at an offset, durably, if it is a new one. */
    void begin(int epoch, long startOffset) throws IOException {
        if (!starts.isEmpty() && epoch <= starts.lastKey()) {
            return;
        }
        starts.put(epoch, startOffset);
        try {
            write();
        } catch (IOException e) {
            starts.remove(epoch);
            throw e;
        }
    }

    /** Forgets the epochs whose records are all gone. */
    void trimBefore(long logStartOffset) throws IOException {
        boolean changed = false;
        while (starts.size() > 1) {
            Integer second = starts.higherKey(starts.firstKey());
            if (starts.get(second) > logStartOffset) {
                break;
            }
            starts.pollFirstEntry();
            changed = true;
        }
        if (changed) {
            write();
        }
    }

    /** Start offset by epoch, ascending. */
    Map<Integer, Long> starts() {
        return new TreeMap<>(starts);
    }

    private void write() throws IOException {
        StringBuilder text = new StringBuilder("0\n").append(starts.size()).append('\n');
        starts.forEach(
                (epoch, start) -> text.append(epoch).append(' ').append(start).append('\n'));
        CheckpointFile.write(directory, FILE, text.toString());
    }
}
