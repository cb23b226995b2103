package io.sluice.core.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.Appended;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class CompressedBatchCheckTest {
    private final AtomicInteger decompressed = new AtomicInteger();
    private final WorkerFixture it = new WorkerFixture(Map.of("cleanup.policy", "compact"), new CountingCodecs());

    CompressedBatchCheckTest() throws IOException {}

    @Test
    void nothingIsDecompressedOnTheCallersThread() {
        CompletableFuture<Appended> first = append(compressed(new byte[] {1}));
        CompletableFuture<Appended> keyless = append(compressed(null));
        CompletableFuture<Appended> second = append(compressed(new byte[] {1}));
        assertThat(decompressed).hasValue(0);

        it.run();

        assertThat(first.join().baseOffset()).isZero();
        assertRefused(keyless, ErrorCode.INVALID_RECORD, "without a key");
        assertThat(second.join().baseOffset()).isEqualTo(1);
    }

    @Test
    void aBatchThatCannotBeDecompressedIsRefusedAndThePartitionGoesOn() {
        byte[] bytes = new byte[compressed(new byte[1]).sizeInBytes()];
        compressed(new byte[1]).bytes().get(bytes);
        bytes[RecordBatch.HEADER_BYTES] ^= 1;

        CompletableFuture<Appended> damaged = append(RecordBatch.at(ByteBuffer.wrap(bytes), 0));
        CompletableFuture<Appended> next = append(compressed(new byte[1]));
        it.run();

        assertRefused(damaged, ErrorCode.CORRUPT_BATCH, "damaged");
        assertThat(next.join().baseOffset()).isZero();
        assertThat(it.worker.queuedAppends()).isZero();
    }

    private CompletableFuture<Appended> append(RecordBatch batch) {
        return it.partition.append(batch, Acks.COMMITTED);
    }

    private RecordBatch compressed(byte[] key) {
        return new RecordBatchBuilder(64).append(1, key, new byte[100]).build(CompressionType.GZIP, Codecs.jdk());
    }

    private static void assertRefused(CompletableFuture<?> answer, ErrorCode code, String why) {
        assertThat(answer)
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .withMessageContaining(why)
                .havingCause()
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    private final class CountingCodecs implements Codecs {
        @Override
        public boolean supports(CompressionType type) {
            return Codecs.jdk().supports(type);
        }

        @Override
        public InputStream decompress(CompressionType type, InputStream compressed) throws IOException {
            decompressed.incrementAndGet();
            return Codecs.jdk().decompress(type, compressed);
        }

        @Override
        public OutputStream compress(CompressionType type, OutputStream target) throws IOException {
            return Codecs.jdk().compress(type, target);
        }
    }
}
