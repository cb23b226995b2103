package io.sluice.server.proof;

import java.util.HashMap;
import java.util.Map;

/** Holds one partition, read in order, against the order in which each producer wrote. For one thread. */
final class ProducerOrder {
    private final Map<Integer, Integer> lastCounters = new HashMap<>();

    /** Takes in the next record. */
    void next(Place place, long offset, LedgerRecord record) {
        Integer before = lastCounters.put(record.producer(), record.counter());
        if (before != null && before >= record.counter()) {
            throw new AssertionError("record " + record.counter() + " of producer " + record.producer()
                    + " comes after its record " + before + ", at offset " + offset + " of " + place);
        }
    }
}
