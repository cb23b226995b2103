package io.sluice.server.cli.log;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.record.RecordBatch;
import io.sluice.server.cli.client.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a check of one segment found.
 *
 * @param size of the segment in bytes
 * @param batches how many sound batches
 * @param records how many records in them
 * @param endOffset the offset behind the last sound record
 * @param damages what is not sound, in the order of the file
 * @param indexFaults what is wrong with its indexes
 */
record SegmentReport(
        SegmentPath segment,
        int size,
        long batches,
        long records,
        long endOffset,
        List<Damage> damages,
        List<String> indexFaults) {
    /** Checks a segment with its indexes. */
    static SegmentReport of(SegmentPath segment) throws IOException {
        IndexCheck indexes = IndexCheck.of(segment);
        Counting counting = new Counting(segment.baseOffset(), indexes);
        int size = SegmentScan.walk(segment, counting);
        return new SegmentReport(
                segment,
                size,
                counting.batches,
                counting.records,
                counting.endOffset,
                List.copyOf(counting.damages),
                indexes.finish());
    }

    private static final class Counting implements SegmentScan.Visitor {
        private final IndexCheck indexes;
        private final List<Damage> damages = new ArrayList<>();
        private long batches;
        private long records;
        private long endOffset;

        Counting(long baseOffset, IndexCheck indexes) {
            this.endOffset = baseOffset;
            this.indexes = indexes;
        }

        @Override
        public void batch(int position, RecordBatch batch) {
            batches++;
            records += batch.recordCount();
            endOffset = batch.nextOffset();
            indexes.batch(position, batch);
        }

        @Override
        public void damage(Damage damage) {
            damages.add(damage);
        }
    }

    boolean isSound() {
        return damages.isEmpty() && indexFaults.isEmpty();
    }

    /** Whether sound batches lie behind damage, so that the offsets have a gap once the damage is out of the way. */
    boolean leavesGap() {
        return damages.stream().anyMatch(damage -> damage.end() < size);
    }

    /** For a person; a line, and one more for each fault. */
    String text() {
        StringBuilder text = new StringBuilder(segment.log().toString())
                .append(": ")
                .append(isSound() ? "sound" : damages.isEmpty() ? "INDEX DAMAGED" : "DAMAGED")
                .append(", ")
                .append(
                        batches == 0
                                ? "no batches, the next offset is " + endOffset
                                : Counted.of(batches, "batch") + ", " + Counted.of(records, "record") + ", offsets "
                                        + segment.baseOffset() + " to " + (endOffset - 1))
                .append(", ")
                .append(Counted.of(size, "byte"));
        damages.forEach(damage -> text.append(System.lineSeparator())
                .append("  ")
                .append(damage)
                .append(isTornTail(damage) ? " (the end of the last segment: the broker cuts it when it starts)" : ""));
        indexFaults.forEach(
                fault -> text.append(System.lineSeparator()).append("  ").append(fault));
        return text.toString();
    }

    private boolean isTornTail(Damage damage) {
        return segment.isLast() && damage.end() == size;
    }

    /** For a program. */
    ObjectNode document() {
        ObjectNode document = Json.object()
                .put("segment", segment.log().toString())
                .put("sound", isSound())
                .put("batches", batches)
                .put("records", records)
                .put("base_offset", segment.baseOffset())
                .put("end_offset", endOffset)
                .put("size_bytes", size);
        document.putArray("damages");
        for (Damage damage : damages) {
            ObjectNode entry = document.withArray("damages")
                    .addObject()
                    .put("position", damage.position())
                    .put("length", damage.length())
                    .put("why", damage.why())
                    .put("first_offset", damage.firstOffset());
            damage.endOffset().ifPresent(end -> entry.put("end_offset", end));
        }
        document.putArray("index_faults");
        indexFaults.forEach(document.withArray("index_faults")::add);
        return document;
    }
}
