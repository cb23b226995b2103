package io.sluice.groups.queue;

/**
 * How far a job is.
 *
 * @param partition where it looks next
 * @param offset where it looks next
 * @param lookedAt messages that it has looked at
 * @param matching how many of them are meant by its filter, those that were left alone or refused included
 * @param leased how many of these somebody has, so that they were left alone
 * @param refused how many of these have been sent again too often
 */
public record Progress(int partition, long offset, long lookedAt, long matching, long leased, long refused) {
    static final Progress NONE = new Progress(0, 0, 0, 0, 0, 0);
}
