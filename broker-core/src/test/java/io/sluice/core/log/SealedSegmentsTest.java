package io.sluice.core.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.storage.LogFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SealedSegmentsTest {
    @TempDir
    Path folder;

    private LogFixture filled() throws IOException {
        LogFixture fixture =
                LogFixture.on(folder, Map.of("internal.segment.bytes", "400")).open();
        for (int i = 0; i < 60; i++) {
            fixture.append("k" + i, "v" + i);
        }
        fixture.recoveryPoint = fixture.log.flushedOffset();
        assertThat(fixture.log.segmentCount()).isGreaterThan(4);
        return fixture;
    }

    @Test
    void aMissingSealedSegmentIsNotPassedOver() throws IOException {
        LogFixture fixture = filled();
        long base = fixture.log.segments()[2].baseOffset();
        fixture.log.close(false);
        fixture.directory.delete(SegmentNames.of(base, SegmentNames.LOG));

        assertRefused(fixture, SegmentNames.of(base, SegmentNames.LOG) + " is missing");
    }

    @Test
    void aSealedSegmentThatEndsEarlyBetweenTwoBatchesIsNotTakenForWhole() throws IOException {
        LogFixture fixture = filled();
        Segment segment = fixture.log.segments()[1];
        BatchScanner scanner = segment.seek(segment.baseOffset() + 1);
        long cut = scanner.position();
        fixture.log.close(false);
        try (LogFile file = fixture.directory.open(SegmentNames.of(segment.baseOffset(), SegmentNames.LOG))) {
            file.truncate(cut);
        }

        assertRefused(fixture, "has " + cut + " bytes; it had");
    }

    @Test
    void whatRetentionDeletedIsNotMissed() throws IOException {
        LogFixture fixture = filled();
        fixture.log.trimBefore(30, fixture.nowMs);
        fixture.logStart = 30;
        fixture.log.close(true);

        assertThat(fixture.open().records()).startsWith("30:k30=v30");
        assertThat(SealedSegments.read(fixture.directory).orElseThrow())
                .hasSize(fixture.log.segmentCount() - 1)
                .isEqualTo(SealedSegments.of(List.of(fixture.log.segments())));
    }

    @Test
    void aFolderThatComesWithoutTheFileIsTakenAsItIsAndGetsIt() throws IOException {
        LogFixture fixture = filled();
        fixture.log.close(false);
        fixture.directory.delete(SealedSegments.FILE);

        assertThat(fixture.open().records()).hasSize(60);
        assertThat(SealedSegments.read(fixture.directory).orElseThrow()).hasSize(fixture.log.segmentCount() - 1);
    }

    private static void assertRefused(LogFixture fixture, String why) {
        assertThatThrownBy(fixture::open)
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DATA_CORRUPT))
                .hasMessageContaining(why)
                .hasMessageContaining("sluice log repair");
    }
}
