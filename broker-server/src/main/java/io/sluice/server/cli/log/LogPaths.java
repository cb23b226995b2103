package io.sluice.server.cli.log;

import io.sluice.core.log.SegmentNames;
import io.sluice.server.cli.client.CliException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * What a path means: a data directory, the folder of a partition, or one segment.
 *
 * @param dataDirectory the folder above the partitions
 * @param folders of the partitions that are meant as a whole
 * @param segments all segments that are meant
 */
record LogPaths(Path dataDirectory, List<Path> folders, List<SegmentPath> segments) {
    /**
     * Looks at the path.
     *
     * @throws CliException USAGE if there is no segment at it
     */
    static LogPaths at(Path path) throws IOException {
        Path absolute = path.toAbsolutePath().normalize();
        if (Files.isRegularFile(absolute)) {
            List<SegmentPath> one = segmentsOf(absolute.getParent()).stream()
                    .filter(segment -> segment.log().equals(absolute))
                    .toList();
            if (one.isEmpty()) {
                throw CliException.usage(
                        path + " is no segment: those are named like " + SegmentNames.of(0, SegmentNames.LOG));
            }
            return new LogPaths(parentOf(absolute.getParent()), List.of(), one);
        }
        if (!Files.isDirectory(absolute)) {
            throw CliException.usage("there is nothing at " + path);
        }
        List<SegmentPath> own = segmentsOf(absolute);
        // All segments of a partition may be gone: then its folder is known by the partition.metadata in it.
        if (!own.isEmpty() || isPartition(absolute)) {
            return new LogPaths(parentOf(absolute), List.of(absolute), own);
        }
        List<Path> folders = new ArrayList<>();
        List<SegmentPath> all = new ArrayList<>();
        for (Path folder : foldersOf(absolute)) {
            List<SegmentPath> segments = segmentsOf(folder);
            if (!segments.isEmpty() || isPartition(folder)) {
                folders.add(folder);
                all.addAll(segments);
            }
        }
        if (folders.isEmpty()) {
            throw CliException.usage("there are no segments in " + path + " nor in its folders");
        }
        return new LogPaths(absolute, folders, all);
    }

    private static boolean isPartition(Path folder) {
        return Files.exists(folder.resolve("partition.metadata"));
    }

    private static Path parentOf(Path folder) {
        Path parent = folder.getParent();
        return parent == null ? folder : parent;
    }

    private static List<Path> foldersOf(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(Files::isDirectory).sorted().toList();
        }
    }

    private static List<SegmentPath> segmentsOf(Path folder) throws IOException {
        List<Long> bases;
        try (Stream<Path> entries = Files.list(folder)) {
            bases = entries.map(
                            entry -> SegmentNames.baseOffset(entry.getFileName().toString(), SegmentNames.LOG))
                    .filter(OptionalLong::isPresent)
                    .map(OptionalLong::getAsLong)
                    .sorted()
                    .toList();
        }
        List<SegmentPath> segments = new ArrayList<>();
        for (int i = 0; i < bases.size(); i++) {
            segments.add(new SegmentPath(
                    folder.resolve(SegmentNames.of(bases.get(i), SegmentNames.LOG)),
                    bases.get(i),
                    i + 1 < bases.size() ? OptionalLong.of(bases.get(i + 1)) : OptionalLong.empty()));
        }
        return segments;
    }
}
