package io.sluice.core.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.fixture.KafkaCodecs;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BatchValidatorTest {
    private static final int LIMIT = 1024 * 1024;

    private static byte[] sample(CompressionType type) {
        return Sample.bytes(new RecordBatchBuilder(0)
                .producer(42, (short) 1, 7)
                .append(1000, new byte[] {1, 2}, new byte[] {3, 4, 5}, new Headers().add("h", new byte[] {6}))
                .append(990, null, new byte[200], new Headers().add("n", null))
                .append(1010, new byte[0], null)
                .build(type, new KafkaCodecs()));
    }

    @ParameterizedTest
    @EnumSource
    void aBatchCutAtAnyByteIsRefused(CompressionType type) {
        byte[] whole = sample(type);
        assertThat(BatchValidator.validateOne(ByteBuffer.wrap(whole), LIMIT).recordCount())
                .isEqualTo(3);

        for (int length = 0; length < whole.length; length++) {
            assertRefused(ByteBuffer.wrap(Arrays.copyOf(whole, length)), ErrorCode.CORRUPT_BATCH);
        }
        assertRefused(ByteBuffer.wrap(Arrays.copyOf(whole, whole.length + 1)), ErrorCode.CORRUPT_BATCH);
    }

    /** Only what the log itself assigns may be anything: the base offset and the leader epoch. */
    @ParameterizedTest
    @EnumSource
    void aFlippedBitIsRefusedWhereverItMatters(CompressionType type) {
        byte[] whole = sample(type);
        Set<Integer> tolerated = new TreeSet<>();
        for (int at = 0; at < whole.length; at++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] damaged = whole.clone();
                damaged[at] ^= (byte) (1 << bit);
                try {
                    BatchValidator.validateOne(ByteBuffer.wrap(damaged), LIMIT);
                    tolerated.add(at);
                } catch (BrokerException e) {
                    assertThat(e.code())
                            .isIn(ErrorCode.CORRUPT_BATCH, ErrorCode.UNSUPPORTED_FORMAT, ErrorCode.RECORD_TOO_LARGE);
                }
            }
        }
        assertThat(tolerated).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15);
    }

    @Test
    void aBatchIsFoundAtThePositionOfItsBuffer() {
        byte[] whole = sample(CompressionType.NONE);
        ByteBuffer shifted = ByteBuffer.allocate(whole.length + 13);
        shifted.position(13).put(whole).position(13);

        assertThat(BatchValidator.validateOne(shifted, LIMIT).lastOffsetDelta()).isEqualTo(2);
        assertThat(shifted.position()).isEqualTo(13);
    }

    @Test
    void theLimitIsTheLargestThatPasses() {
        byte[] whole = sample(CompressionType.NONE);

        BatchValidator.validateOne(ByteBuffer.wrap(whole), whole.length);

        assertThatThrownBy(() -> BatchValidator.validateOne(ByteBuffer.wrap(whole), whole.length - 1))
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.RECORD_TOO_LARGE));
    }

    /** A length that lies is judged by the length, before anything of that size is looked for. */
    @Test
    void aHugeLengthIsRefusedAsTooLarge() {
        ByteBuffer lie = ByteBuffer.wrap(sample(CompressionType.NONE))
                .putInt(RecordBatch.LENGTH_AT, Integer.MAX_VALUE - RecordBatch.LOG_OVERHEAD);

        assertRefused(lie, ErrorCode.RECORD_TOO_LARGE);
    }

    private static void assertRefused(ByteBuffer buffer, ErrorCode code) {
        assertThatThrownBy(() -> BatchValidator.validateOne(buffer, LIMIT))
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.code()).isEqualTo(code));
    }
}
