package io.sluice.server.http.records;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.server.http.MemoryBudget;

/** What went through the record routes. Safe on any thread. */
final class RecordMetrics {
    private final Counter producedRecords;
    private final Counter fetchedRecords;
    private final Counter fetchedBytes;

    RecordMetrics(MeterRegistry registry, MemoryBudget budget) {
        producedRecords = Counter.builder("sluice.http.records.produced")
                .description("Records appended over HTTP")
                .register(registry);
        fetchedRecords = Counter.builder("sluice.http.records.fetched")
                .description("Records returned by HTTP fetches, those of raw batches excepted")
                .register(registry);
        fetchedBytes = Counter.builder("sluice.http.fetched")
                .baseUnit("bytes")
                .description("Bytes of bodies returned by HTTP fetches")
                .register(registry);
        Gauge.builder("sluice.http.requests.memory", budget, MemoryBudget::usedBytes)
                .baseUnit("bytes")
                .description("Bytes of requests in memory")
                .register(registry);
    }

    void produced(long records) {
        producedRecords.increment(records);
    }

    void fetched(long records, long bytes) {
        fetchedRecords.increment(records);
        fetchedBytes.increment(bytes);
    }
}
