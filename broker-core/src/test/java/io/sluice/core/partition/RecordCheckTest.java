package io.sluice.core.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.RecordFault;
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
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RecordCheckTest {
    private final AtomicInteger decompressed = new AtomicInteger();
    private final WorkerFixture it = new WorkerFixture(Map.of("cleanup.policy", "compact"), new CountingCodecs());

    RecordCheckTest() throws IOException {}

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

    @Test
    void eachRecordThatIsToBlameIsNamed() {
        long nowMs = it.clock.millis();
        long hourMs = 3_600_000;
        RecordBatchBuilder records = new RecordBatchBuilder(64)
                .append(nowMs, new byte[1], null)
                .append(nowMs + hourMs + 1, new byte[1], null)
                .append(nowMs, null, null)
                .append(nowMs + hourMs, new byte[1], null);

        for (RecordBatch batch : List.of(records.build(), records.build(CompressionType.GZIP, Codecs.jdk()))) {
            CompletableFuture<Appended> answer = append(batch);
            it.run();

            assertRefused(answer, ErrorCode.INVALID_TIMESTAMP, "2 records of the batch");
            assertThat(faultsOf(answer)).extracting(RecordFault::index).containsExactly(1, 2);
            assertThat(faultsOf(answer).get(0).why()).contains("message.timestamp.after.max.ms=3600000");
            assertThat(faultsOf(answer).get(1).why()).contains("without a key");
        }
    }

    @Test
    void ofVeryManyBadRecordsTheFirstAreNamed() {
        RecordBatchBuilder records = new RecordBatchBuilder(64);
        for (int i = 0; i < 5_000; i++) {
            records.append(1, null, null);
        }

        CompletableFuture<Appended> answer = append(records.build());

        assertRefused(answer, ErrorCode.INVALID_RECORD, "5000 records of the batch");
        assertThat(faultsOf(answer)).hasSize(1_000);
    }

    @Test
    void aHeaderThatIsTooFarAheadIsRefusedWhateverItsRecordsSay() {
        byte[] bytes = new byte[compressed(new byte[1]).sizeInBytes()];
        compressed(new byte[1]).bytes().get(bytes);
        ByteBuffer batch = ByteBuffer.wrap(bytes);
        batch.putLong(RecordBatch.MAX_TIMESTAMP_AT, it.clock.millis() + 3_600_001);

        CompletableFuture<Appended> answer = append(RecordBatch.at(batch, 0));
        it.run();

        assertRefused(answer, ErrorCode.INVALID_TIMESTAMP, "ahead of the broker's clock");
        assertThat(faultsOf(answer)).isEmpty();
    }

    private static List<RecordFault> faultsOf(CompletableFuture<?> answer) {
        return ((BrokerException) answer.handle((result, failure) -> failure).join()).records();
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
