package io.sluice.server.cli.log;

import java.util.OptionalLong;

/**
 * Bytes of a segment that are no sound batches.
 *
 * @param position where they begin
 * @param length how many bytes
 * @param why what is wrong with the first of them
 * @param firstOffset the first offset that may have been in them
 * @param endOffset the offset behind the last one that may have been in them; empty if the log ends here
 */
record Damage(int position, int length, String why, long firstOffset, OptionalLong endOffset) {
    int end() {
        return position + length;
    }

    /** The offsets that cannot be read, for a person. */
    String lostOffsets() {
        if (endOffset.isEmpty()) {
            return "offsets from " + firstOffset + " on";
        }
        long end = endOffset.getAsLong();
        return end <= firstOffset ? "no offset" : "offsets " + firstOffset + " to " + (end - 1);
    }

    @Override
    public String toString() {
        return length + " bytes at position " + position + ": " + why + "; " + lostOffsets() + " cannot be read";
    }
}
