package io.sluice.core.log;

import io.sluice.core.storage.CheckpointFile;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.storage.LogFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * How large each sealed segment is, in the file {@value #FILE}. A segment that is missing, or that ends early just where
 * a batch ends, looks whole to everybody who only reads it; this file is what tells.
 *
 * <pre>
 *  line 1    0, the version
 *  line 2    how many lines follow
 *  others    base offset and bytes of a sealed segment, separated by a space
 * </pre>
 *
 * <p>A folder without the file is taken as it is: it may have come from elsewhere, or been repaired.
 */
public final class SealedSegments {
    public static final String FILE = "sealed-segments";

    private SealedSegments() {}

    /** Bytes by base offset of a log's sealed segments. */
    static TreeMap<Long, Long> of(Iterable<? extends Segment> segments) {
        TreeMap<Long, Long> sizes = new TreeMap<>();
        for (Segment segment : segments) {
            if (segment instanceof SealedSegment) {
                sizes.put(segment.baseOffset(), segment.size());
            }
        }
        return sizes;
    }

    static String text(TreeMap<Long, Long> sizes) {
        StringBuilder text = new StringBuilder("0\n").append(sizes.size()).append('\n');
        sizes.forEach(
                (base, bytes) -> text.append(base).append(' ').append(bytes).append('\n'));
        return text.toString();
    }

    /** Whether the file says just this; a file that cannot be read does not. */
    static boolean isNoted(LogDirectory directory, TreeMap<Long, Long> sizes) throws IOException {
        return CheckpointFile.read(directory, FILE)
                .map(content -> new String(content, StandardCharsets.UTF_8).equals(text(sizes)))
                .orElse(sizes.isEmpty());
    }

    static void write(LogDirectory directory, String text) throws IOException {
        CheckpointFile.write(directory, FILE, text);
    }

    /**
     * Bytes by base offset; empty if there is no such file.
     *
     * @throws IOException if the file is not one of these
     */
    public static Optional<TreeMap<Long, Long>> read(LogDirectory directory) throws IOException {
        Optional<byte[]> content = CheckpointFile.read(directory, FILE);
        if (content.isEmpty()) {
            return Optional.empty();
        }
        String[] lines = new String(content.get(), StandardCharsets.UTF_8).split("\n");
        TreeMap<Long, Long> sizes = new TreeMap<>();
        try {
            if (Integer.parseInt(lines[0]) != 0 || Integer.parseInt(lines[1]) != lines.length - 2) {
                throw new IOException(directory.path() + "/" + FILE + " is damaged: version or count do not fit");
            }
            for (int i = 2; i < lines.length; i++) {
                String[] parts = lines[i].split(" ");
                sizes.put(Long.parseLong(parts[0]), Long.parseLong(parts[1]));
            }
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            throw new IOException(directory.path() + "/" + FILE + " is damaged: " + e.getMessage(), e);
        }
        return Optional.of(sizes);
    }

    /**
     * Looks whether a partition's folder has all that was sealed in it.
     *
     * @return a sentence for each segment that is missing or not as large as it was; none if nothing is known
     * @throws IOException if the folder cannot be read, or the file is not one of these
     */
    public static List<String> faults(LogDirectory directory) throws IOException {
        Optional<TreeMap<Long, Long>> expected = read(directory);
        if (expected.isEmpty()) {
            return List.of();
        }
        TreeMap<Long, Long> found = new TreeMap<>();
        for (String name : directory.files()) {
            OptionalLong base = SegmentNames.baseOffset(name, SegmentNames.LOG);
            if (base.isPresent()) {
                try (LogFile file = directory.open(name)) {
                    found.put(base.getAsLong(), file.size());
                }
            }
        }
        return faults(expected.get(), found);
    }

    /** Lets the segments count as whole as they are, after a repair. */
    public static void forget(LogDirectory directory) throws IOException {
        directory.delete(FILE);
        directory.sync();
    }

    /**
     * Compares what should be there with what is there.
     *
     * @param found bytes of each segment file by base offset, the last of them active
     * @return a sentence for each segment that is missing or too small
     */
    static List<String> faults(TreeMap<Long, Long> expected, TreeMap<Long, Long> found) {
        List<String> faults = new ArrayList<>();
        if (found.isEmpty()) {
            return faults;
        }
        // Segments go from the old end on, and this file is written after that: what is older than the oldest may be
        // gone.
        for (Map.Entry<Long, Long> segment :
                expected.tailMap(found.firstKey(), true).entrySet()) {
            Long bytes = found.get(segment.getKey());
            String name = SegmentNames.of(segment.getKey(), SegmentNames.LOG);
            if (bytes == null) {
                faults.add(name + " is missing; it had " + segment.getValue() + " bytes");
            } else if (bytes < segment.getValue()
                    || (bytes > segment.getValue() && !segment.getKey().equals(found.lastKey()))) {
                faults.add(name + " has " + bytes + " bytes; it had " + segment.getValue());
            }
        }
        return faults;
    }
}
