package io.sluice.server.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.core.engine.EngineHealth;
import io.sluice.core.engine.LogEngine;
import io.sluice.core.metrics.LogMetrics;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicName;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToDoubleFunction;

/** The log's own counters as meters. No meter has a topic as a label, so their number does not grow with the topics. */
public final class LogMeters {
    private final MeterRegistry registry;

    private LogMeters(MeterRegistry registry) {
        this.registry = registry;
    }

    /** Binds everything that an engine counts. */
    public static void bind(LogEngine engine, MeterRegistry registry) {
        LogMeters meters = new LogMeters(registry);
        meters.bindCounters(engine.metrics());
        meters.bindGauges(engine);
    }

    private void bindCounters(LogMetrics log) {
        count("sluice.log.appended.batches", "Record batches appended", log.appendedBatches());
        count("sluice.log.appended.records", "Records appended", log.appendedRecords());
        count("sluice.log.appended.bytes", "Bytes of record batches appended", log.appendedBytes());
        count("sluice.log.duplicate.batches", "Batches that came again and were not appended", log.duplicateBatches());
        count("sluice.log.refused.overloaded", "Appends refused because a queue was full", log.refusedOverloaded());
        count("sluice.log.refused.disk.low", "Appends refused because the disk was low", log.refusedDiskLow());
        count("sluice.log.reads.memory", "Reads answered from the tail cache", log.readsFromMemory());
        count("sluice.log.reads.disk", "Reads answered from segment files", log.readsFromDisk());
        count("sluice.log.read.bytes", "Bytes of record batches handed to readers", log.readBytes());
        count("sluice.log.deleted.bytes", "Bytes of segments deleted", log.deletedBytes());
        count("sluice.log.compactions", "Compactions finished", log.compactions());
        count(
                "sluice.log.unreadable.batches",
                "Batches that compaction left as they are because their records cannot be read",
                log.unreadableBatches());
        count("sluice.log.damaged.reads", "Reads refused because the bytes on disk are damaged", log.damagedReads());
        FunctionTimer.builder(
                        "sluice.log.flush",
                        log,
                        metrics -> metrics.flushes().sum(),
                        metrics -> metrics.flushNs().sum(),
                        TimeUnit.NANOSECONDS)
                .description("Syncs of log files")
                .register(registry);
    }

    private void bindGauges(LogEngine engine) {
        gauge(
                "sluice.log.waiters",
                "Readers that wait for records",
                engine,
                log -> log.metrics().waiters().sum());
        gauge(
                "sluice.log.uncompactable",
                "Logs that are not compacted because a segment is damaged",
                engine,
                log -> log.metrics().uncompactableLogs().sum());
        gauge("sluice.topics", "Topics", engine, log -> topicsOf(log).size());
        gauge(
                "sluice.partitions",
                "Partitions of all topics",
                engine,
                log -> topicsOf(log).stream().mapToInt(Topic::partitions).sum());
        health(
                "sluice.partitions.offline",
                "Partitions closed until somebody acts",
                engine,
                health -> health.offline().size());
        health(
                "sluice.disk.low",
                "1 while writes are refused because the disk is low",
                engine,
                health -> health.diskLow() ? 1 : 0);
        health("sluice.disk.free.bytes", "Free bytes as far as known", engine, EngineHealth::diskFreeBytes);
        health("sluice.disk.floor.bytes", "Below this the disk counts as low", engine, EngineHealth::diskFloorBytes);
    }

    /** Those of users: the broker's own are not theirs to count. */
    private static List<Topic> topicsOf(LogEngine engine) {
        return engine.topics().stream()
                .filter(topic -> !TopicName.isInternal(topic.name()))
                .toList();
    }

    private void count(String name, String description, LongAdder counter) {
        FunctionCounter.builder(name, counter, LongAdder::sum)
                .description(description)
                .register(registry);
    }

    private void gauge(String name, String description, LogEngine engine, ToDoubleFunction<LogEngine> value) {
        Gauge.builder(name, engine, value).description(description).register(registry);
    }

    private void health(String name, String description, LogEngine engine, ToDoubleFunction<EngineHealth> value) {
        gauge(name, description, engine, log -> value.applyAsDouble(log.health()));
    }
}
