package io.sluice.server.http.records;

import io.sluice.core.Broker;
import io.sluice.core.record.Codecs;
import io.vertx.core.Vertx;

/**
 * What the handlers of one event loop share. Only that loop touches the parser, the output and the partitioners; the
 * rest is safe on any thread.
 */
final class Loop {
    private static final int OUTPUT_BYTES = 16 * 1024;

    final Vertx vertx;
    final Broker broker;
    final Codecs codecs;
    final RecordLimits limits;
    final MemoryBudget budget;
    final RecordMetrics metrics;
    final RecordParser parser = new RecordParser();
    final Partitioner.PerTopic partitioners = new Partitioner.PerTopic();
    final JsonOutput output = new JsonOutput(OUTPUT_BYTES);

    Loop(Vertx vertx, Broker broker, Codecs codecs, RecordLimits limits, MemoryBudget budget, RecordMetrics metrics) {
        this.vertx = vertx;
        this.broker = broker;
        this.codecs = codecs;
        this.limits = limits;
        this.budget = budget;
        this.metrics = metrics;
    }
}
