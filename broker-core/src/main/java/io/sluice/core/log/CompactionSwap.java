package io.sluice.core.log;

import io.sluice.core.storage.CheckpointFile;
import io.sluice.core.storage.LogDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Replaces segments by what compaction made of them, all or none. The file {@value #FILE} is the point of no return:
 * once it is there, the replacement is finished now or by the next start; before, a crash leaves the old segments. From
 * there on files are only renamed and deleted, so that a full disk cannot stop it.
 *
 * <pre>
 *  line 1  0, the version
 *  line 2  base offsets of the segments that go, separated by spaces
 *  line 3  base offsets of the segments that come, whose files end in .cleaned
 * </pre>
 *
 * <p>What {@link SealedSegments} is to say afterwards lies ready in a file of that ending, too.
 */
final class CompactionSwap {
    static final String FILE = "compaction-swap";

    private CompactionSwap() {}

    /** Notes durably that a replacement is to be finished. The cleaned files must be durable. */
    static void begin(LogDirectory directory, List<Long> old, List<Long> cleaned, String sealed) throws IOException {
        SealedSegments.write(new CleanedNames(directory), sealed);
        CheckpointFile.write(directory, FILE, "0\n" + join(old) + "\n" + join(cleaned) + "\n");
    }

    /** Finishes a replacement that a crash interrupted, if there is one. */
    static void recover(LogDirectory directory) throws IOException {
        Optional<byte[]> content = CheckpointFile.read(directory, FILE);
        if (content.isEmpty()) {
            return;
        }
        String[] lines = new String(content.get(), StandardCharsets.UTF_8).split("\n");
        if (lines.length != 3 || !lines[0].equals("0")) {
            throw new IOException(directory.path() + "/" + FILE + " is not of a version this broker knows");
        }
        finish(directory, parse(lines[1]), parse(lines[2]));
    }

    /** Puts the cleaned files in the place of the old ones. May be repeated at any point of its way. */
    static void finish(LogDirectory directory, List<Long> old, List<Long> cleaned) throws IOException {
        for (long base : old) {
            directory.delete(SegmentNames.of(base, SegmentNames.OFFSET_INDEX));
            directory.delete(SegmentNames.of(base, SegmentNames.TIME_INDEX));
            if (!cleaned.contains(base)) {
                directory.delete(SegmentNames.of(base, SegmentNames.LOG));
            }
        }
        for (long base : cleaned) {
            for (String suffix : List.of(SegmentNames.OFFSET_INDEX, SegmentNames.TIME_INDEX, SegmentNames.LOG)) {
                putInPlace(directory, SegmentNames.of(base, suffix));
            }
        }
        putInPlace(directory, SealedSegments.FILE);
        directory.sync();
        directory.delete(FILE);
        directory.sync();
    }

    private static void putInPlace(LogDirectory directory, String name) throws IOException {
        if (directory.exists(name + SegmentNames.CLEANED)) {
            directory.rename(name + SegmentNames.CLEANED, name);
        }
    }

    private static String join(List<Long> offsets) {
        return String.join(" ", offsets.stream().map(String::valueOf).toList());
    }

    private static List<Long> parse(String line) {
        List<Long> offsets = new ArrayList<>();
        for (String part : line.trim().split(" ")) {
            if (!part.isEmpty()) {
                offsets.add(Long.parseLong(part));
            }
        }
        return offsets;
    }
}
