package io.sluice.server.kafka;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicInteger;

/** What the Kafka listener counts. Safe on any thread. */
public final class KafkaMetrics {
    private final AtomicInteger connections = new AtomicInteger();
    private final Counter requests;
    private final Counter responseBytes;
    private final Counter refused;
    private final Counter failed;

    public KafkaMetrics(MeterRegistry registry, FrameMemory requestMemory, FrameMemory responseMemory) {
        Gauge.builder("sluice.kafka.connections", connections, AtomicInteger::get)
                .description("Connections of the Kafka listener.")
                .register(registry);
        Gauge.builder("sluice.kafka.requests.memory", requestMemory, FrameMemory::usedBytes)
                .baseUnit("bytes")
                .description("What requests of the Kafka listener hold in memory.")
                .register(registry);
        Gauge.builder("sluice.kafka.responses.memory", responseMemory, FrameMemory::usedBytes)
                .baseUnit("bytes")
                .description("What fetched records hold in memory until clients of the Kafka listener have taken them.")
                .register(registry);
        requests = Counter.builder("sluice.kafka.requests")
                .description("Requests that the Kafka listener has answered.")
                .register(registry);
        responseBytes = Counter.builder("sluice.kafka.responses.bytes")
                .description("Bytes of responses of the Kafka listener.")
                .register(registry);
        refused = Counter.builder("sluice.kafka.connections.refused")
                .description("Connections of the Kafka listener that were closed for what they sent or did not take.")
                .register(registry);
        failed = Counter.builder("sluice.kafka.requests.failed")
                .description("Requests of the Kafka listener that the broker failed on.")
                .register(registry);
    }

    AtomicInteger connections() {
        return connections;
    }

    void answered(int bytes) {
        requests.increment();
        responseBytes.increment(bytes);
    }

    void refused() {
        refused.increment();
    }

    void failed() {
        failed.increment();
    }
}
