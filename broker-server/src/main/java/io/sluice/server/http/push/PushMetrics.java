package io.sluice.server.http.push;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicInteger;

/** What is pushed. Safe on any thread. */
final class PushMetrics {
    private final AtomicInteger open = new AtomicInteger();
    private final Counter records;
    private final Counter bytes;
    private final Counter published;

    PushMetrics(MeterRegistry registry, Room room) {
        Gauge.builder("sluice.http.push.subscriptions", open, AtomicInteger::get)
                .description("Subscriptions that are open: event streams, and those of WebSockets")
                .register(registry);
        Gauge.builder("sluice.http.push.memory", room, Room::usedBytes)
                .baseUnit("bytes")
                .description("Bytes that pieces of pushed streams hold")
                .register(registry);
        records = Counter.builder("sluice.http.push.records")
                .description("Records pushed")
                .register(registry);
        bytes = Counter.builder("sluice.http.push")
                .baseUnit("bytes")
                .description("Bytes pushed, without what the transport adds")
                .register(registry);
        published = Counter.builder("sluice.http.push.published")
                .description("Records published over WebSockets")
                .register(registry);
    }

    int open() {
        return open.get();
    }

    void opened() {
        open.incrementAndGet();
    }

    void closed() {
        open.decrementAndGet();
    }

    void pushed(long moreRecords, long moreBytes) {
        records.increment(moreRecords);
        bytes.increment(moreBytes);
    }

    void published() {
        published.increment();
    }
}
