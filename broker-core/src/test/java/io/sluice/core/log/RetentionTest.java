package io.sluice.core.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.record.RecordBatchBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class RetentionTest {
    @TempDir
    Path folder;

    @Test
    @Timeout(20)
    void aReaderThatComesAfterTheCloseIsRefused() throws IOException {
        LogFixture fixture = open();
        fixture.append("k", "v");
        fixture.log.close(false);

        assertThatThrownBy(() -> fixture.reader.read(0, 1000, ByteBuffer::allocate))
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.PARTITION_OFFLINE));
        assertThatThrownBy(() -> fixture.reader.offsetForTimestamp(0)).isInstanceOf(BrokerException.class);
    }

    @Test
    void anIdleLogThatIsNotSyncedEndsEmptyToo() throws IOException {
        LogFixture fixture = open("retention.ms", "1000");
        fixture.log.stage(
                new RecordBatchBuilder(64)
                        .append(fixture.nowMs, null, LogFixture.bytes("v"))
                        .build(),
                fixture.buffer,
                fixture.nowMs);
        fixture.log.write(fixture.buffer);
        fixture.log.commit();
        fixture.nowMs += 1500;

        fixture.log.applyRetention(fixture.nowMs);

        assertThat(fixture.log.logStartOffset()).isEqualTo(1);
    }

    @Test
    void aStartDoesNotMakeASegmentYoung() throws IOException {
        LogFixture fixture = open("segment.ms", "1000");
        for (int i = 0; i < 20; i++) {
            fixture.append("k", "v" + i);
            fixture.nowMs += 40;
        }
        fixture.log.close(false);
        fixture.clean = true;
        fixture.open();

        fixture.nowMs += 400;
        fixture.append("k", "late");

        assertThat(fixture.log.segmentCount()).isEqualTo(2);
    }

    @Test
    void theOldestSegmentsGoWhenTheLogIsLargerThanItsLimit() throws IOException {
        LogFixture fixture = open("internal.segment.bytes", "400", "retention.bytes", "1000", "retention.ms", "-1");
        for (int i = 0; i < 100; i++) {
            fixture.append("k", "v" + i);
        }

        fixture.log.applyRetention(fixture.nowMs);

        assertThat(fixture.log.sizeInBytes()).isBetween(1000L, 1400L);
        assertThat(fixture.log.logStartOffset()).isPositive();
        assertThat(fixture.records()).endsWith("99:k=v99").hasSize((int) (100 - fixture.log.logStartOffset()));
        assertOutOfRange(fixture, fixture.log.logStartOffset() - 1);
    }

    @Test
    void oldSegmentsGoWithTimeAndAnIdleLogEndsEmpty() throws IOException {
        LogFixture fixture = open("internal.segment.bytes", "400", "retention.ms", "1000");
        for (int i = 0; i < 50; i++) {
            fixture.append("old", "v");
        }
        fixture.nowMs += 800;
        fixture.append("young", "v");
        fixture.nowMs += 500;

        fixture.log.applyRetention(fixture.nowMs);
        assertThat(fixture.records()).contains("50:young=v").hasSizeLessThan(20);

        fixture.nowMs += 600;
        fixture.log.applyRetention(fixture.nowMs);
        assertThat(fixture.records()).isEmpty();
        assertThat(fixture.log.logStartOffset()).isEqualTo(51);

        fixture.append("next", "v");
        assertThat(fixture.records()).containsExactly("51:next=v");
        fixture.log.close(false);
        assertThat(fixture.open().records()).containsExactly("51:next=v");
    }

    @Test
    void recordsWithoutATimeAreAsOldAsTheirFile() throws IOException {
        LogFixture fixture = open("internal.segment.bytes", "400", "retention.ms", "1000");
        for (int i = 0; i < 30; i++) {
            fixture.append(new RecordBatchBuilder(64)
                    .append(-1, null, LogFixture.bytes("v"))
                    .build());
        }
        Segment[] segments = fixture.log.segments();
        assertThat(segments.length).isGreaterThan(3);
        for (Segment segment : segments) {
            Files.setLastModifiedTime(Path.of(segment.path()), FileTime.fromMillis(fixture.nowMs));
        }
        Files.setLastModifiedTime(Path.of(segments[2].path()), FileTime.fromMillis(fixture.nowMs + 500));

        fixture.log.applyRetention(fixture.nowMs + 900);
        assertThat(fixture.log.logStartOffset()).isZero();
        fixture.log.applyRetention(fixture.nowMs + 1100);
        assertThat(fixture.log.logStartOffset()).isEqualTo(segments[2].baseOffset());
        fixture.log.applyRetention(fixture.nowMs + 1600);
        assertThat(fixture.log.logStartOffset()).isEqualTo(30);
    }

    @Test
    void aSegmentRollsByTime() throws IOException {
        LogFixture fixture = open("segment.ms", "1000");
        fixture.append("a", "1");
        fixture.nowMs += 900;
        fixture.append("a", "2");
        assertThat(fixture.log.segmentCount()).isEqualTo(1);

        fixture.nowMs += 200;
        fixture.append("a", "3");
        assertThat(fixture.log.segmentCount()).isEqualTo(2);
    }

    @Test
    void deletedRecordsStayDeletedAndTheirSegmentsGo() throws IOException {
        LogFixture fixture = open("internal.segment.bytes", "400");
        for (int i = 0; i < 50; i++) {
            fixture.append("k", "v" + i);
        }

        fixture.log.trimBefore(33, fixture.nowMs);

        assertThat(fixture.records()).startsWith("33:k=v33").hasSize(17);
        assertThat(fixture.log.segments()[0].baseOffset()).isBetween(25L, 33L);
        assertOutOfRange(fixture, 32);
        fixture.logStart = 33;
        fixture.log.close(true);
        assertThat(fixture.open().records()).startsWith("33:k=v33").hasSize(17);
    }

    @Test
    void deletingEverythingGivesAllSpaceBack() throws IOException {
        LogFixture fixture = open("internal.segment.bytes", "400");
        for (int i = 0; i < 50; i++) {
            fixture.append("k", "v" + i);
        }

        fixture.log.trimBefore(50, fixture.nowMs);

        assertThat(fixture.log.sizeInBytes()).isZero();
        assertThat(fixture.directory.files()).noneMatch(name -> name.endsWith(SegmentNames.DELETED));
        fixture.append("k", "v50");
        assertThat(fixture.records()).containsExactly("50:k=v50");
    }

    @Test
    void aReaderOfADeletedSegmentReadsOnToItsEnd() throws IOException {
        LogFixture fixture = open("internal.segment.bytes", "400");
        for (int i = 0; i < 50; i++) {
            fixture.append("k", "v" + i);
        }
        LogRead read = fixture.reader.read(0, 10, ByteBuffer::allocate);
        OversizedBatch batch = read.oversized().orElseThrow();

        fixture.log.trimBefore(50, fixture.nowMs);

        ByteBuffer bytes = ByteBuffer.allocate(batch.sizeInBytes());
        batch.verify();
        batch.read(0, bytes);
        batch.close();
        assertThat(bytes.hasRemaining()).isFalse();
    }

    private static void assertOutOfRange(LogFixture fixture, long offset) {
        assertThatThrownBy(() -> fixture.reader.read(offset, 100, ByteBuffer::allocate))
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OFFSET_OUT_OF_RANGE))
                .hasMessageContaining("offset " + offset);
    }

    private LogFixture open(String... settings) throws IOException {
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            map.put(settings[i], settings[i + 1]);
        }
        return LogFixture.on(folder, map).open();
    }
}
