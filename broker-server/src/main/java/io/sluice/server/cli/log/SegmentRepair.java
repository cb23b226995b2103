package io.sluice.server.cli.log;

import io.sluice.core.log.SealedSegments;
import io.sluice.core.log.SegmentNames;
import io.sluice.core.storage.DiskDirectory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts damage out of one segment and keeps the rest where it was. In this order, so that a crash at any point loses
 * nothing: the damaged bytes are copied aside, the sound ones into a new file, the indexes and the list of sealed segments go, the new file takes the
 * place of the old one. Offsets do not move: where the damage was, there is a gap.
 */
final class SegmentRepair {
    private static final String TEMPORARY = ".repaired.tmp";

    private SegmentRepair() {}

    /**
     * Repairs what the report says.
     *
     * @return the files that hold the damaged bytes now
     */
    static List<Path> run(SegmentReport report) throws IOException {
        SegmentPath segment = report.segment();
        List<Path> aside = new ArrayList<>();
        if (!report.damages().isEmpty()) {
            Path repaired = segment.log().resolveSibling(segment.log().getFileName() + TEMPORARY);
            try (FileChannel from = FileChannel.open(segment.log(), StandardOpenOption.READ)) {
                for (Damage damage : report.damages()) {
                    Path target = asideOf(segment, damage);
                    write(from, target, List.of(damage.position(), damage.end()));
                    aside.add(target);
                }
                write(from, repaired, soundRanges(report));
            }
            deleteIndexes(segment);
            // The list of sealed segments holds the old size.
            forgetList(segment.folder());
            Files.move(repaired, segment.log(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } else {
            deleteIndexes(segment);
        }
        sync(segment.folder());
        return aside;
    }

    /** Where the bytes of a damage go. */
    static Path asideOf(SegmentPath segment, Damage damage) {
        return segment.log().resolveSibling(segment.log().getFileName() + ".damaged-" + damage.position());
    }

    /** Begins an empty segment, so that offsets which were given out once are not given out again. */
    static void beginAt(Path folder, long baseOffset) throws IOException {
        Path file = folder.resolve(SegmentNames.of(baseOffset, SegmentNames.LOG));
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)
                .close();
        sync(folder);
    }

    /** Deletes the partition's list of its sealed segments; the broker makes another from what is there. */
    static void forgetList(Path folder) throws IOException {
        SealedSegments.forget(DiskDirectory.open(folder));
    }

    /** Begin and end of each stretch between damages, one behind the other. */
    private static List<Integer> soundRanges(SegmentReport report) {
        List<Integer> ranges = new ArrayList<>();
        int position = 0;
        for (Damage damage : report.damages()) {
            ranges.add(position);
            ranges.add(damage.position());
            position = damage.end();
        }
        ranges.add(position);
        ranges.add(report.size());
        return ranges;
    }

    private static void write(FileChannel from, Path target, List<Integer> ranges) throws IOException {
        try (FileChannel to = FileChannel.open(
                target, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            for (int i = 0; i < ranges.size(); i += 2) {
                long position = ranges.get(i);
                long end = ranges.get(i + 1);
                while (position < end) {
                    position += from.transferTo(position, end - position, to);
                }
            }
            to.force(true);
        }
    }

    private static void deleteIndexes(SegmentPath segment) throws IOException {
        Files.deleteIfExists(segment.offsetIndex());
        Files.deleteIfExists(segment.timeIndex());
    }

    private static void sync(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
