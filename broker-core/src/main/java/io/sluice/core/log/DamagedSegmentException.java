package io.sluice.core.log;

import java.io.IOException;

/** Says that the bytes of a sealed segment are not what was written: nothing can be made of the log as long as it is there. */
public final class DamagedSegmentException extends IOException {
    private static final long serialVersionUID = 1L;

    private final long endOffset;

    DamagedSegmentException(SealedSegment segment, long position, String fault) {
        super("segment " + segment.path() + " is damaged at position " + position + ": " + fault);
        this.endOffset = segment.endOffset();
    }

    /** The offset behind the segment's last: a log that starts there is rid of it. */
    public long endOffset() {
        return endOffset;
    }
}
