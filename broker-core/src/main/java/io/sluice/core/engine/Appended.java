package io.sluice.core.engine;

/**
 * Where a batch went.
 *
 * @param baseOffset the offset of the batch's first record, or -1 if the append was not waited for
 * @param lastOffset the offset of its last record, inclusive, or -1
 * @param logAppendTimeMs the timestamp that the log gave to all records of the batch, in ms since the epoch, or -1 if
 *     the records kept their own
 * @param logStartOffset the partition's log start offset
 * @param duplicate whether the batch had been appended before, so that nothing was written now
 */
public record Appended(
        long baseOffset, long lastOffset, long logAppendTimeMs, long logStartOffset, boolean duplicate) {}
