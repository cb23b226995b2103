package io.sluice.core.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.engine.LogRead;
import io.sluice.core.log.Compaction;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatches;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class CompactedCacheTest {
    @Test
    void whatCompactionDroppedIsNotServedFromMemory() throws Exception {
        WorkerFixture it =
                new WorkerFixture(Map.of("cleanup.policy", "compact", "internal.segment.bytes", "200"), Codecs.jdk());
        for (int i = 0; i < 10; i++) {
            it.append("k");
            it.run();
        }
        assertThat(offsets(it)).hasSize(10);

        Compaction compaction = Compaction.run(it.partition.log(), Codecs.jdk(), 0, 1 << 16, it.clock.millis())
                .orElseThrow();
        CompletableFuture<Boolean> applied = it.partition.apply(compaction);
        it.run();

        assertThat(applied).isCompletedWithValue(true);
        long last = compaction.cleanedTo() - 1;
        assertThat(last).isBetween(5L, 8L);
        assertThat(offsets(it).get(0)).isEqualTo(last);
        assertThat(offsets(it)).endsWith(9L);
        long fromMemory = it.metrics.readsFromMemory().sum();
        assertThat(it.partition.read(9, 1000)).isCompleted();
        assertThat(it.metrics.readsFromMemory().sum()).as("what is new stays").isEqualTo(fromMemory + 1);
    }

    private static List<Long> offsets(WorkerFixture it) {
        List<Long> offsets = new ArrayList<>();
        long next = 0;
        while (next < it.partition.highWatermark()) {
            LogRead read = it.partition.read(next, 1 << 16).join();
            for (ByteBuffer buffer : read.batches()) {
                for (RecordBatch batch : RecordBatches.in(buffer)) {
                    offsets.add(batch.lastOffset());
                }
            }
            next = read.nextOffset();
        }
        return offsets;
    }
}
