package io.sluice.core.log;

import io.sluice.core.TopicPartition;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.record.RecordBatches;
import io.sluice.core.record.RecordCursor;
import io.sluice.core.storage.DiskDirectory;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.topic.TopicConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A log on a folder, driven by the test's own thread. */
final class LogFixture {
    static final TopicPartition PARTITION = new TopicPartition("t", 0);

    final LogDirectory directory;
    final WriteBuffer buffer = new WriteBuffer(4096);
    TopicConfig config;
    long nowMs = 1_000_000;
    long recoveryPoint;
    long logStart;
    boolean clean;
    SegmentedLog log;
    LogReader reader;
    LogRecovery.Recovered recovered;

    LogFixture(LogDirectory directory, Map<String, String> settings) {
        this.directory = directory;
        Map<String, String> all = new HashMap<>(Map.of("index.interval.bytes", "100"));
        all.putAll(settings);
        this.config = TopicConfig.parse(all, TopicConfig.defaults());
    }

    static LogFixture on(Path folder, Map<String, String> settings) throws IOException {
        return new LogFixture(DiskDirectory.open(folder), settings);
    }

    LogFixture open() throws IOException {
        recovered = LogRecovery.open(
                PARTITION,
                directory,
                new LogRecovery.Start(
                        config,
                        new LogRecovery.ProducerLimits(100, 60_000, 100, 60_000),
                        1,
                        recoveryPoint,
                        logStart,
                        clean,
                        nowMs,
                        Runnable::run));
        log = recovered.log();
        reader = new LogReader(log, Codecs.jdk());
        return this;
    }

    /** Appends a batch with one record, written, flushed and committed; a null value is a tombstone. */
    void append(String key, String value) throws IOException {
        append(new RecordBatchBuilder(64)
                .append(nowMs, bytes(key), bytes(value))
                .build());
    }

    void append(RecordBatch batch) throws IOException {
        log.stage(batch, buffer, nowMs);
        log.write(buffer);
        log.flush(nowMs);
        log.commit();
    }

    static byte[] bytes(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    /** Every record from the log start on as "offset:key=value", a tombstone without what follows the key. */
    List<String> records() {
        return recordsFrom(log.logStartOffset());
    }

    /** What a reader gets that begins there. */
    List<String> recordsFrom(long first) {
        List<String> records = new ArrayList<>();
        long offset = first;
        while (offset < log.highWatermark()) {
            var read = reader.read(offset, 1 << 20, ByteBuffer::allocate);
            for (ByteBuffer buffer : read.batches()) {
                for (RecordBatch batch : RecordBatches.in(buffer)) {
                    RecordCursor cursor = RecordCursor.over(batch, Codecs.jdk(), 1 << 20);
                    while (cursor.next()) {
                        if (cursor.offset() >= offset) {
                            records.add(cursor.offset() + ":" + text(cursor.key())
                                    + (cursor.hasValue() ? "=" + text(cursor.value()) : ""));
                        }
                    }
                }
            }
            if (read.nextOffset() <= offset) {
                throw new AssertionError("no progress at offset " + offset);
            }
            offset = read.nextOffset();
        }
        return records;
    }

    static String text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes).toString();
    }
}
