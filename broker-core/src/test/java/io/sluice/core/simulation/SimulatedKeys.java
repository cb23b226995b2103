package io.sluice.core.simulation;

import io.sluice.core.record.Headers;
import io.sluice.core.record.RecordCursor;
import java.nio.ByteBuffer;

/**
 * What a record is besides its number, all of it worked out from that: in a compacted topic it has one of a few keys, and
 * some are tombstones, whose number stands in a header.
 *
 * @param count how many keys there are; 0 for a topic that is not compacted, whose records have none
 */
record SimulatedKeys(int count) {
    private static final int ONE_TOMBSTONE_IN = 6;

    boolean areUsed() {
        return count > 0;
    }

    int of(long id) {
        return (int) (Long.remainderUnsigned(id * 0x9E3779B97F4A7C15L, count));
    }

    boolean isTombstone(long id) {
        return areUsed() && Long.remainderUnsigned(id * 0xD1B54A32D192ED03L, ONE_TOMBSTONE_IN) == 0;
    }

    String describe(long id) {
        return (isTombstone(id) ? ", a tombstone of key " : ", a value of key ") + of(id);
    }

    byte[] keyOf(long id) {
        return areUsed() ? new byte[] {(byte) of(id)} : null;
    }

    byte[] valueOf(long id, byte[] padding) {
        return isTombstone(id)
                ? null
                : ByteBuffer.allocate(8 + padding.length)
                        .putLong(id)
                        .put(padding)
                        .array();
    }

    Headers headersOf(long id) {
        Headers headers = new Headers();
        if (isTombstone(id)) {
            headers.add("id", ByteBuffer.allocate(8).putLong(id).array());
        }
        return headers;
    }

    /** The number of a record, which must be all that it makes of it. */
    long idOf(RecordCursor record) {
        long[] id = {-1};
        if (record.hasValue()) {
            id[0] = record.value().getLong(0);
        } else {
            record.forEachHeader((name, hasValue, value) -> id[0] = value.getLong(0));
        }
        LogModel.check(isTombstone(id[0]) != record.hasValue(), "a value of " + id[0] + " came or went");
        LogModel.check(
                record.hasKey() == areUsed() && (!areUsed() || record.key().get(0) == of(id[0])),
                "the key of " + id[0] + " is another");
        return id[0];
    }
}
