package io.sluice.core.engine;

import io.sluice.core.TopicPartition;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.record.RecordBatches;
import io.sluice.core.record.RecordCursor;
import io.sluice.core.topic.TopicConfig;
import io.sluice.core.topic.TopicEvent;
import io.sluice.core.topic.TopicEvents;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** The events of the catalog of topics, in a partition of the engine's own. For the controller; blocks. */
final class CatalogLog {
    static final TopicPartition PARTITION = new TopicPartition("__topics", 0);
    private static final int READ_BYTES = 1 << 20;

    private final PartitionLog log;

    CatalogLog(PartitionLog log) {
        this.log = log;
    }

    /** The settings of the partition. */
    static TopicConfig config(TopicConfig brokerDefaults) {
        return TopicConfig.parse(
                Map.of("cleanup.policy", "compact", "flush.messages", "1", "max.message.bytes", "16777216"),
                brokerDefaults);
    }

    /** Tells every event that is kept, in order. */
    void replay(Consumer<TopicEvent> to) {
        long offset = log.logStartOffset();
        while (offset < log.highWatermark()) {
            LogRead read = log.read(offset, READ_BYTES).join();
            if (read.oversized().isPresent()) {
                try (OversizedBatch large = read.oversized().get()) {
                    ByteBuffer bytes = ByteBuffer.allocate(large.sizeInBytes());
                    large.read(0, bytes);
                    replay(RecordBatch.at(bytes, 0), offset, to);
                }
            }
            for (ByteBuffer buffer : read.batches()) {
                for (RecordBatch batch : RecordBatches.in(buffer)) {
                    replay(batch, offset, to);
                }
            }
            offset = read.nextOffset();
        }
    }

    private static void replay(RecordBatch batch, long from, Consumer<TopicEvent> to) {
        RecordCursor cursor = RecordCursor.over(batch);
        while (cursor.next()) {
            if (cursor.offset() >= from) {
                to.accept(TopicEvents.decode(
                        cursor.key(), cursor.hasValue() ? Optional.of(cursor.value()) : Optional.empty()));
            }
        }
    }

    /**
     * Makes events durable, all or none.
     *
     * @throws java.util.concurrent.CompletionException with the reason why not
     */
    void append(List<TopicEvent> events, long nowMs) {
        RecordBatchBuilder batch = new RecordBatchBuilder(512);
        for (TopicEvent event : events) {
            batch.append(nowMs, TopicEvents.key(event), TopicEvents.value(event).orElse(null));
        }
        log.append(batch.build(), Acks.COMMITTED).join();
    }
}
