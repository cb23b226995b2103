package io.sluice.server.cli.log;

import io.sluice.core.log.SegmentNames;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * One segment of a partition.
 *
 * @param log its file of record batches
 * @param baseOffset the offset that its name holds
 * @param nextBaseOffset where the following segment begins; empty for the last one, which may still have been growing
 */
record SegmentPath(Path log, long baseOffset, OptionalLong nextBaseOffset) {
    Path offsetIndex() {
        return log.resolveSibling(SegmentNames.of(baseOffset, SegmentNames.OFFSET_INDEX));
    }

    Path timeIndex() {
        return log.resolveSibling(SegmentNames.of(baseOffset, SegmentNames.TIME_INDEX));
    }

    /** Whether it is the last segment of its partition. */
    boolean isLast() {
        return nextBaseOffset.isEmpty();
    }

    /** The folder of the partition. */
    Path folder() {
        return log.toAbsolutePath().getParent();
    }
}
