package io.sluice.server.cli.log;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.log.SealedSegments;
import io.sluice.core.log.SegmentNames;
import io.sluice.core.storage.DiskDirectory;
import io.sluice.server.cli.client.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Segments of a partition that are gone or end early. Each file that is there may be sound all the same: only the
 * partition's list of its sealed segments can tell.
 *
 * @param folder of the partition
 * @param faults a sentence for each segment
 */
record MissingSegments(Path folder, List<String> faults) {
    /**
     * Compares the folder with its list.
     *
     * @param found the reports of all segments that are there, by base offset
     */
    static MissingSegments of(Path folder, TreeMap<Long, SegmentReport> found) throws IOException {
        List<String> faults = new ArrayList<>();
        if (Files.exists(folder.resolve(SealedSegments.FILE)) && !found.isEmpty()) {
            TreeMap<Long, Long> listed = listed(folder, faults);
            // What is older than the oldest segment was deleted in order.
            for (Map.Entry<Long, Long> sealed : listed.tailMap(found.firstKey()).entrySet()) {
                check(sealed.getKey(), sealed.getValue(), found, faults);
            }
        }
        return new MissingSegments(folder, List.copyOf(faults));
    }

    /** A list that cannot be read is a fault of its own, and says nothing of the segments. */
    private static TreeMap<Long, Long> listed(Path folder, List<String> faults) throws IOException {
        DiskDirectory directory = DiskDirectory.open(folder);
        try {
            return SealedSegments.read(directory).orElseGet(TreeMap::new);
        } catch (IOException e) {
            faults.add(e.getMessage());
            return new TreeMap<>();
        }
    }

    private static void check(long base, long bytes, TreeMap<Long, SegmentReport> found, List<String> faults) {
        String name = SegmentNames.of(base, SegmentNames.LOG);
        SegmentReport report = found.get(base);
        Long next = found.higherKey(base);
        if (report == null) {
            faults.add(name + " is missing; it had " + bytes + " bytes; " + lost(base, next));
        } else if (report.damages().isEmpty() && (report.size() < bytes || (report.size() > bytes && next != null))) {
            // Damage that was found explains the size.
            faults.add(
                    name + " has " + report.size() + " bytes; it had " + bytes + "; " + lost(report.endOffset(), next));
        }
    }

    private static String lost(long first, Long next) {
        if (next == null) {
            return "offsets from " + first + " on cannot be read";
        }
        return next <= first ? "no offset is lost" : "offsets " + first + " to " + (next - 1) + " cannot be read";
    }

    boolean isEmpty() {
        return faults.isEmpty();
    }

    /** For a program. */
    ObjectNode document() {
        ObjectNode document = Json.object().put("partition", folder.toString()).put("sound", false);
        document.putArray("segment_faults");
        faults.forEach(document.withArray("segment_faults")::add);
        return document;
    }

    @Override
    public String toString() {
        return folder + ": " + String.join(System.lineSeparator() + "  ", faults);
    }
}
