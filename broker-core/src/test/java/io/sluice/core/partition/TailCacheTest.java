package io.sluice.core.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.engine.LogRead;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TailCacheTest {
    private final TailCache cache = new TailCache(10_000);
    private final TailCache.View view = cache.view();

    @Test
    void aBatchThatIsAPartOfALargeBufferIsKeptWithoutTheRest() {
        byte[] body = new byte[1_000_000];
        for (int i = 0; i < 5; i++) {
            RecordBatch batch = batch(i);
            batch.bytes().get(body, i * 1000, batch.sizeInBytes());
            cache.add(view, RecordBatch.at(ByteBuffer.wrap(body), i * 1000));
        }

        for (int i = 0; i < 5; i++) {
            Optional<LogRead> read = view.read(i, 10_000, 5, 0);
            assertThat(read).isPresent();
            assertThat(read.get().nextOffset()).isEqualTo(5);
            ByteBuffer bytes = read.get().batches().get(0);
            assertThat(bytes).isEqualTo(batch(i).bytes());
            assertThat(bytes.capacity()).isLessThan(1000);
        }
    }

    @Test
    void theOldestGoesWhenThereIsNoMoreRoom() {
        for (int i = 0; i < 200; i++) {
            cache.add(view, batch(i));
        }

        assertThat(view.read(0, 10_000, 200, 0)).isEmpty();
        assertThat(view.read(199, 10_000, 200, 0)).isPresent();
        assertThat(view.read(180, 1_000_000, 200, 0).orElseThrow().sizeInBytes())
                .isLessThan(10_000);
    }

    private static RecordBatch batch(int offset) {
        RecordBatch batch =
                new RecordBatchBuilder(64).append(offset, null, new byte[100]).build();
        batch.assign(offset, 1);
        return batch;
    }
}
