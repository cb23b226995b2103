package io.sluice.server.http.push;

import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.server.http.records.ReadPlace;

/** One partition of one subscription. Owned by the event loop. */
final class Place {
    /** Wherever the log begins. */
    static final long BEGINNING = -1;

    private final TopicPartition partition;
    private final TopicIdPartition id;
    private final Pump pump;
    /** Null while the partition cannot be read. */
    private ReadPlace read;
    /** Where it goes on if {@link #read} is null. */
    private long offset;
    /** Everything before it has been taken by the client's end of the connection, as far as can be known. */
    private long delivered;

    private boolean atBeginning;
    private boolean left;

    Place(Pump pump, TopicPartition partition, TopicIdPartition id, long offset) {
        this.pump = pump;
        this.partition = partition;
        this.id = id;
        this.atBeginning = offset == BEGINNING;
        this.offset = Math.max(0, offset);
        this.delivered = this.offset;
    }

    /** Whether it begins wherever the log begins, and has not begun. */
    boolean isAtBeginning() {
        return atBeginning;
    }

    /** The subscription does not read it any more. */
    void leave() {
        left = true;
    }

    boolean isLeft() {
        return left;
    }

    TopicPartition partition() {
        return partition;
    }

    TopicIdPartition id() {
        return id;
    }

    Pump pump() {
        return pump;
    }

    /** The next offset to be read. */
    long offset() {
        return read == null ? offset : read.offset();
    }

    long delivered() {
        return delivered;
    }

    /** What was read has been written. */
    void deliver() {
        delivered = offset();
    }

    boolean isOpen() {
        return read != null;
    }

    ReadPlace read() {
        return read;
    }

    PartitionLog log() {
        return read.log();
    }

    /** It can be read. */
    void open(PartitionLog log) {
        read = new ReadPlace(partition, log, offset());
    }

    /** Goes on elsewhere. */
    void moveTo(long next) {
        atBeginning = false;
        read = new ReadPlace(partition, read.log(), next);
    }

    /** It cannot be read at present. */
    void lose() {
        offset = offset();
        read = null;
    }
}
