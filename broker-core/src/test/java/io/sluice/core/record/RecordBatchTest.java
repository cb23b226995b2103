package io.sluice.core.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.fixture.KafkaCodecs;
import io.sluice.core.fixture.Seeds;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RecordBatchTest {
    private static final int LIMIT = 16 * 1024 * 1024;

    @Test
    void whatIsBuiltIsReadBackInEveryCompression() {
        Seeds.runs(300, 10_000, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            List<Sample.Rec> records = Sample.records(random, 1 + random.nextInt(30));
            CompressionType type = CompressionType.values()[random.nextInt(5)];

            RecordBatch batch = Sample.builder(records).build(type, new KafkaCodecs());

            assertThat(Sample.read(RecordCursor.over(batch, new KafkaCodecs(), LIMIT)))
                    .isEqualTo(records);
            assertThat(batch.compression()).isEqualTo(type);
            assertThat(batch.recordCount()).isEqualTo(records.size());
            assertThat(batch.nextOffset()).isEqualTo(records.size());
            assertThat(batch.maxTimestamp())
                    .isEqualTo(records.stream()
                            .mapToLong(Sample.Rec::timestamp)
                            .max()
                            .orElseThrow());
            assertThat(BatchValidator.validateOne(batch.bytes(), LIMIT).isCrcValid())
                    .isTrue();
        });
    }

    @Test
    void theLogsOwnFieldsDoNotTouchTheChecksum() {
        RecordBatch batch = new RecordBatchBuilder(0).append(1, null, null).build();

        batch.assign(Long.MAX_VALUE - 1, 77);

        assertThat(batch.isCrcValid()).isTrue();
        assertThat(batch.baseOffset()).isEqualTo(Long.MAX_VALUE - 1);
        assertThat(batch.leaderEpoch()).isEqualTo(77);
    }

    @Test
    void appendTimeIsTheTimeOfEveryRecord() {
        RecordBatch batch = new RecordBatchBuilder(0)
                .append(5, null, new byte[0])
                .append(9, null, new byte[0])
                .build();

        batch.assignAppendTime(1234);

        assertThat(batch.isCrcValid()).isTrue();
        assertThat(Sample.read(RecordCursor.over(batch)))
                .extracting(Sample.Rec::timestamp)
                .containsExactly(1234L, 1234L);
    }

    @Property
    void sequencesGoOnAtZero(
            @ForAll @IntRange(max = Integer.MAX_VALUE) int sequence,
            @ForAll @IntRange(max = Integer.MAX_VALUE) int steps) {
        int next = RecordBatch.addToSequence(sequence, steps);

        long expected = (long) sequence + steps;
        assertThat(next).isEqualTo((int) (expected > Integer.MAX_VALUE ? expected - Integer.MAX_VALUE - 1 : expected));
    }

    @Test
    void theLastSequenceOfABatchWraps() {
        RecordBatch batch = new RecordBatchBuilder(0)
                .producer(1, (short) 0, Integer.MAX_VALUE)
                .append(1, null, null)
                .append(1, null, null)
                .build();

        assertThat(batch.lastSequence()).isZero();
    }

    @Test
    void batchesAreWalkedUntilOneIsCut() {
        byte[] one = Sample.bytes(
                new RecordBatchBuilder(0).append(1, null, new byte[9]).build());
        ByteBuffer three =
                ByteBuffer.allocate(one.length * 3).put(one).put(one).put(one).flip();

        for (int limit = 0; limit <= three.capacity(); limit++) {
            three.limit(limit);
            List<RecordBatch> found = new ArrayList<>();
            RecordBatches.in(three).forEach(found::add);
            assertThat(found).hasSize(limit / one.length);
        }
    }

    @Test
    void aLengthThatNoBatchHasEndsTheWalkWithAnError() {
        for (int length : new int[] {Integer.MIN_VALUE, -1, 0, 48, Integer.MAX_VALUE, Integer.MAX_VALUE - 11}) {
            ByteBuffer buffer = ByteBuffer.allocate(100).putInt(RecordBatch.LENGTH_AT, length);
            assertThatThrownBy(() -> RecordBatches.in(buffer).iterator().hasNext())
                    .isInstanceOf(MalformedRecordException.class);
        }
    }

    /** Compaction keeps what identifies a producer's batch, so that its sequences are found again after a restart. */
    @Test
    void aRewrittenBatchKeepsItsPlaceEvenIfItsFirstRecordsAreGone() {
        for (long base : new long[] {0, 1, 500}) {
            RecordBatch original = new RecordBatchBuilder(0)
                    .producer(4, (short) 2, 10)
                    .append(1, new byte[] {1}, null)
                    .append(2, new byte[] {2}, null)
                    .append(3, new byte[] {3}, null)
                    .build();
            original.assign(base, 6);

            RecordBatchBuilder builder = new RecordBatchBuilder(0).like(original, -1);
            RecordCursor cursor = RecordCursor.over(original);
            cursor.next();
            cursor.next();
            builder.appendFrom(cursor);
            RecordBatch rewritten = builder.build(CompressionType.NONE, Codecs.jdk(), original.lastOffset());

            assertThat(rewritten.baseOffset()).isEqualTo(base);
            assertThat(rewritten.lastOffset()).isEqualTo(base + 2);
            assertThat(rewritten.lastSequence()).isEqualTo(12);
            assertThat(rewritten.leaderEpoch()).isEqualTo(6);
            assertThat(Sample.read(RecordCursor.over(rewritten)))
                    .extracting(Sample.Rec::offset)
                    .containsExactly(base + 1);
        }
    }

    @Test
    void aRewrittenBatchMayBeEmpty() {
        RecordBatch original = new RecordBatchBuilder(0)
                .producer(4, (short) 2, 10)
                .append(1, new byte[] {1}, null)
                .build();
        original.assign(7, 1);

        RecordBatch rewritten = new RecordBatchBuilder(0)
                .like(original, -1)
                .build(CompressionType.NONE, Codecs.jdk(), original.lastOffset());

        assertThat(rewritten.isCrcValid()).isTrue();
        assertThat(rewritten.recordCount()).isZero();
        assertThat(rewritten.lastOffset()).isEqualTo(7);
        assertThat(rewritten.lastSequence()).isEqualTo(10);
        assertThat(RecordCursor.over(rewritten).next()).isFalse();
    }

    @Test
    void aDeleteHorizonLeavesTheRecordsTheirTimes() {
        RecordBatch original = new RecordBatchBuilder(0)
                .append(100, new byte[] {1}, null)
                .append(50, new byte[] {2}, null)
                .build();
        RecordBatchBuilder builder = new RecordBatchBuilder(0).like(original, 999_999);
        RecordCursor cursor = RecordCursor.over(original);
        while (cursor.next()) {
            builder.appendFrom(cursor);
        }

        RecordBatch rewritten = builder.build();

        assertThat(rewritten.hasDeleteHorizon()).isTrue();
        assertThat(rewritten.baseTimestamp()).isEqualTo(999_999);
        assertThat(Sample.read(RecordCursor.over(rewritten)))
                .extracting(Sample.Rec::timestamp)
                .containsExactly(100L, 50L);
    }
}
