package io.sluice.server.http.records;

import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import java.util.Optional;

/** Where one of several partitions is read for one request, and how far. Owned by the request's event loop. */
public final class ReadPlace {
    private final TopicPartition partition;
    private final PartitionLog log;
    private long offset;
    private int records;
    private Optional<Throwable> fault = Optional.empty();

    /** @param offset the first offset wanted */
    public ReadPlace(TopicPartition partition, PartitionLog log, long offset) {
        this.partition = partition;
        this.log = log;
        this.offset = offset;
    }

    public TopicPartition partition() {
        return partition;
    }

    public PartitionLog log() {
        return log;
    }

    /** The next offset to be read. */
    public long offset() {
        return offset;
    }

    /** How many records of it were written. */
    public int records() {
        return records;
    }

    /** Why it cannot be read, if it cannot. */
    public Optional<Throwable> fault() {
        return fault;
    }

    /** Whether it can be read, and there is more. */
    public boolean hasMore() {
        return fault.isEmpty() && offset < log.highWatermark();
    }

    void advance(long nextOffset, long moreRecords) {
        offset = Math.max(offset, nextOffset);
        records += (int) moreRecords;
    }

    /** It cannot be read. */
    public void fail(Throwable why) {
        fault = Optional.of(why);
    }
}
