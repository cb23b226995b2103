package io.sluice.server.proof;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The books of a proof: which record was acknowledged at which offset, and which was seen there. What they say once must
 * stay true. For any thread.
 */
final class Ledger {
    private static final long NOTHING = -1;
    private static final long DEADLINE_S = 180;

    private final Column[] columns;
    private final BitSet[] audited;
    private long requests;
    private long acknowledged;
    private long retries;
    private long seen;
    private Throwable failure;

    /** What is known of one place. */
    private static final class Column {
        /** Identity by offset, as acknowledged or seen. */
        private long[] identities = new long[1024];

        private final BitSet acknowledged = new BitSet();
        private long end;
    }

    Ledger(List<Place> places, int producers) {
        columns = new Column[places.size()];
        for (int i = 0; i < columns.length; i++) {
            columns[i] = new Column();
            Arrays.fill(columns[i].identities, NOTHING);
        }
        audited = new BitSet[producers];
        for (int i = 0; i < producers; i++) {
            audited[i] = new BitSet();
        }
    }

    /** One request has been answered. */
    synchronized void requestAnswered(int tries) {
        requests++;
        retries += tries - 1;
        notifyAll();
    }

    /** The broker said that this record is at this offset. */
    synchronized void acknowledge(Place place, long offset, LedgerRecord record) {
        Column column = enter(place, offset, record, "acknowledged");
        if (column.acknowledged.get((int) offset)) {
            throw new AssertionError("two records were acknowledged at offset " + offset + " of " + place);
        }
        column.acknowledged.set((int) offset);
        acknowledged++;
    }

    /** The broker served this record at this offset. */
    synchronized void see(Place place, long offset, LedgerRecord record) {
        enter(place, offset, record, "served");
        seen++;
    }

    private Column enter(Place place, long offset, LedgerRecord record, String how) {
        Column column = columns[place.index()];
        int at = Math.toIntExact(offset);
        if (at >= column.identities.length) {
            int before = column.identities.length;
            column.identities = Arrays.copyOf(column.identities, Math.max(at + 1, 2 * before));
            Arrays.fill(column.identities, before, column.identities.length, NOTHING);
        }
        long known = column.identities[at];
        if (known != NOTHING && known != record.identity()) {
            throw new AssertionError("offset " + offset + " of " + place + " held " + named(known) + ", now "
                    + named(record.identity()) + " is " + how + " there");
        }
        column.identities[at] = record.identity();
        column.end = Math.max(column.end, offset + 1);
        return column;
    }

    /** The offset after the last record of a place that anybody was told of. */
    synchronized long end(Place place) {
        return columns[place.index()].end;
    }

    /** Takes in a record of the final reading: each must be there once. */
    synchronized void audit(Place place, long offset, LedgerRecord record) {
        enter(place, offset, record, "found");
        if (!columns[place.index()].acknowledged.get((int) offset)) {
            throw new AssertionError(
                    "offset " + offset + " of " + place + " holds " + named(record.identity()) + ", not acknowledged");
        }
        BitSet found = audited[record.producer()];
        if (found.get(record.counter())) {
            throw new AssertionError(named(record.identity()) + " is there twice, again at " + offset + " of " + place);
        }
        found.set(record.counter());
    }

    /** After the final reading: whether every record that was acknowledged was found. */
    synchronized void close() {
        long found = Arrays.stream(audited).mapToLong(BitSet::cardinality).sum();
        if (found != acknowledged) {
            throw new AssertionError(acknowledged + " records were acknowledged, " + found + " were found");
        }
    }

    /** How often requests had to be sent again. */
    synchronized long retries() {
        return retries;
    }

    /** Requests that have been answered so far. */
    synchronized long requests() {
        return requests;
    }

    /** Returns once so many requests have been answered in all. */
    synchronized void awaitRequests(long count) throws InterruptedException {
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
        while (requests < count) {
            check();
            long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNs - System.nanoTime());
            if (leftMs <= 0) {
                throw new AssertionError(
                        requests + " requests were answered, not " + count + " in " + DEADLINE_S + " s");
            }
            wait(leftMs);
        }
    }

    /** A thread met something that must not be. */
    synchronized void fail(Throwable why) {
        if (failure == null) {
            failure = why;
        }
        notifyAll();
    }

    /** Throws what a thread met, if any did. */
    synchronized void check() {
        if (failure != null) {
            throw new AssertionError(failure.getMessage(), failure);
        }
    }

    private static String named(long identity) {
        return "record " + (int) identity + " of producer " + (identity >> 32);
    }

    @Override
    public synchronized String toString() {
        return requests + " requests, " + retries + " retries, " + acknowledged + " records acknowledged, " + seen
                + " readings of followers and inspections";
    }
}
