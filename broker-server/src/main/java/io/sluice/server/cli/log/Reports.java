package io.sluice.server.cli.log;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The reports of a run, kept to say what no single segment can: whether a partition has all of its segments. */
final class Reports {
    private final Map<Path, TreeMap<Long, SegmentReport>> byFolder = new HashMap<>();

    void add(SegmentReport report) {
        byFolder.computeIfAbsent(report.segment().folder(), folder -> new TreeMap<>())
                .put(report.segment().baseOffset(), report);
    }

    /** What is gone of the segments of a folder. */
    MissingSegments missing(Path folder) throws IOException {
        return MissingSegments.of(folder, byFolder.getOrDefault(folder, new TreeMap<>()));
    }

    /** The report of the segment that the broker appends to. */
    Optional<SegmentReport> last(Path folder) {
        return Optional.ofNullable(
                        byFolder.getOrDefault(folder, new TreeMap<>()).lastEntry())
                .map(Map.Entry::getValue);
    }

    /** Whether the end of a folder's log is gone. */
    Optional<LostEnd> lostEnd(Path dataDirectory, Path folder) throws IOException {
        TreeMap<Long, SegmentReport> reports = byFolder.getOrDefault(folder, new TreeMap<>());
        return LostEnd.of(
                dataDirectory,
                folder,
                Optional.ofNullable(reports.lastEntry())
                        .map(last -> last.getValue().endOffset()));
    }
}
