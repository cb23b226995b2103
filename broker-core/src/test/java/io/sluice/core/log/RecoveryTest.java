package io.sluice.core.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.fixture.Configs;
import io.sluice.core.fixture.CrashingMachine;
import io.sluice.core.fixture.Seeds;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.storage.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every way in which files may be found after a bad end: cut, flipped, deleted, garbled. */
class RecoveryTest {
    private final CrashingMachine machine = new CrashingMachine(new SplittableRandom(1));

    private LogFixture open(LogDirectory directory, long recoveryPoint) throws IOException {
        LogFixture log = new LogFixture(directory, Map.of());
        log.config = Configs.small(2000, 100);
        log.recoveryPoint = recoveryPoint;
        return log.open();
    }

    private LogDirectory folder(String name) throws IOException {
        LogDirectory directory = machine.root().directory(name);
        machine.root().sync();
        return directory;
    }

    private static void fill(LogFixture log, int records) throws IOException {
        for (int i = 0; i < records; i++) {
            log.nowMs += 10;
            log.append("k" + log.log.logEndOffset(), "v".repeat(1 + i % 40));
        }
    }

    private static String last(LogDirectory directory, String suffix) throws IOException {
        return directory.files().stream()
                .filter(name -> name.endsWith(suffix))
                .max(String::compareTo)
                .orElseThrow();
    }

    private static String first(LogDirectory directory, String suffix) throws IOException {
        return directory.files().stream()
                .filter(name -> name.endsWith(suffix))
                .min(String::compareTo)
                .orElseThrow();
    }

    private static byte[] content(LogDirectory directory, String name) throws IOException {
        try (LogFile file = directory.open(name)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(0, bytes);
            return bytes.array();
        }
    }

    private static void replace(LogDirectory directory, String name, byte[] content) throws IOException {
        try (LogFile file = directory.open(name)) {
            file.truncate(0);
            file.write(0, ByteBuffer.wrap(content));
            file.sync();
        }
    }

    /** A folder as it was, so that every kind of damage starts from the same files. */
    private static Map<String, byte[]> copy(LogDirectory directory) throws IOException {
        Map<String, byte[]> files = new java.util.TreeMap<>();
        for (String name : directory.files()) {
            files.put(name, content(directory, name));
        }
        return files;
    }

    private LogDirectory paste(String name, Map<String, byte[]> files) throws IOException {
        machine.root().deleteDirectory(name);
        LogDirectory directory = folder(name);
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            replace(directory, file.getKey(), file.getValue());
        }
        return directory;
    }

    @Test
    void aTailCutAtEveryByteLosesOnlyTheBatchThatWasCut() throws IOException {
        LogDirectory directory = folder("original");
        LogFixture log = open(directory, 0);
        fill(log, 40);
        List<String> all = log.records();
        log.log.close(true);
        Map<String, byte[]> files = copy(directory);
        String name = last(directory, ".log");
        byte[] whole = files.get(name);
        int lastKept = -1;

        for (int length = whole.length; length >= 0; length--) {
            files.put(name, java.util.Arrays.copyOf(whole, length));
            LogFixture cut = open(paste("cut", files), 0);
            List<String> left = cut.records();
            assertThat(all.subList(0, left.size())).isEqualTo(left);
            assertThat(lastKept < 0 || left.size() == lastKept || left.size() == lastKept - 1)
                    .isTrue();
            lastKept = left.size();
            cut.append("new", "x");
            assertThat(cut.records()).hasSize(left.size() + 1);
            cut.log.close(false);
        }
    }

    @Test
    void aFlippedByteInTheTailCutsThereAndIsNeverServed() throws IOException {
        LogDirectory directory = folder("original");
        LogFixture log = open(directory, 0);
        fill(log, 40);
        List<String> all = log.records();
        log.log.close(true);
        Map<String, byte[]> files = copy(directory);
        String name = last(directory, ".log");
        byte[] whole = files.get(name);

        for (int at = Math.max(0, whole.length - 400); at < whole.length; at++) {
            byte[] flipped = whole.clone();
            flipped[at] ^= 0x55;
            files.put(name, flipped);
            LogFixture damaged = open(paste("flipped", files), 0);
            List<String> left = damaged.records();
            assertThat(all.subList(0, left.size())).isEqualTo(left);
            damaged.log.close(true);
        }
    }

    @Test
    void aFlippedByteBelowTheRecoveryPointIsRefusedOrCaughtByTheReader() throws IOException {
        LogDirectory directory = folder("original");
        LogFixture log = open(directory, 0);
        fill(log, 40);
        List<String> all = log.records();
        long recoveryPoint = log.log.checkpoint();
        log.log.close(true);
        Map<String, byte[]> files = copy(directory);
        String name = last(directory, ".log");
        byte[] whole = files.get(name);

        for (int at = 0; at < whole.length; at++) {
            boolean leaderEpoch = false;
            byte[] flipped = whole.clone();
            flipped[at] ^= 0x10;
            files.put(name, flipped);
            try {
                LogFixture damaged = open(paste("flipped", files), recoveryPoint);
                List<String> found = damaged.records();
                // Only the leader epoch of a batch is neither checked nor part of what is compared here.
                leaderEpoch = true;
                assertThat(found).as("byte %d", at).isEqualTo(all);
                damaged.log.close(true);
            } catch (BrokerException e) {
                assertThat(leaderEpoch).isFalse();
                assertThat(e.code()).isEqualTo(ErrorCode.DATA_CORRUPT);
                assertThat(e.getMessage()).contains("sluice log repair");
            }
        }
    }

    /** Indexes say nothing that the log does not say: whatever is in them, the same records are found. */
    @ParameterizedTest
    @ValueSource(strings = {".index", ".timeindex", ".snapshot"})
    void derivedFilesMayBeMissingCutOrGarbled(String suffix) {
        Seeds.runs(150, 5000, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            LogDirectory directory = folder("original" + seed);
            LogFixture log = open(directory, 0);
            fill(log, 60);
            log.append(new RecordBatchBuilder(64)
                    .producer(7, (short) 1, 0)
                    .append(log.nowMs, new byte[] {1}, new byte[] {2})
                    .build());
            List<String> all = log.records();
            log.log.checkpoint();
            boolean clean = random.nextBoolean();
            log.log.close(!clean);
            for (String name : new ArrayList<>(directory.files())) {
                if (name.endsWith(suffix)) {
                    damage(directory, name, random);
                }
            }

            LogFixture again = new LogFixture(directory, Map.of());
            again.config = log.config;
            again.clean = clean;
            again.recoveryPoint = log.log.flushedOffset();
            again.nowMs = log.nowMs;
            again.open();

            assertThat(again.records()).isEqualTo(all);
            for (int i = 0; i < all.size(); i += 7) {
                assertThat(again.reader.read(i, 1, ByteBuffer::allocate).oversized())
                        .isPresent();
                assertThat(again.reader.read(i, 100_000, ByteBuffer::allocate).nextOffset())
                        .isGreaterThan(i);
            }
            fill(again, 30);
            assertThat(again.records()).hasSize(all.size() + 30);
            again.log.close(false);
            machine.root().deleteDirectory("original" + seed);
        });
    }

    private static void damage(LogDirectory directory, String name, SplittableRandom random) throws IOException {
        byte[] bytes = content(directory, name);
        switch (random.nextInt(4)) {
            case 0 -> directory.delete(name);
            case 1 -> replace(directory, name, java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length + 1)));
            case 2 -> {
                random.nextBytes(bytes);
                replace(directory, name, bytes);
            }
            default -> {
                byte[] longer = java.util.Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(40));
                replace(directory, name, longer);
            }
        }
    }

    @Test
    void aDamagedSealedSegmentIsNeverServedAndTheRepairIsNamed() throws IOException {
        LogDirectory directory = folder("original");
        LogFixture log = open(directory, 0);
        fill(log, 60);
        log.log.close(false);
        byte[] bytes = content(directory, first(directory, ".log"));
        bytes[100] ^= 1;
        replace(directory, first(directory, ".log"), bytes);

        assertThatThrownBy(() -> {
                    log.clean = true;
                    log.open();
                    log.records();
                })
                .isInstanceOfSatisfying(BrokerException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.DATA_CORRUPT);
                    assertThat(e.getMessage()).contains("sluice log repair");
                });
    }

    /** A crash between the renames of a deleted segment's files. */
    @Test
    void indexesWithoutASegmentAreRemovedByTheNextStart() throws IOException {
        LogDirectory directory = folder("original");
        LogFixture log = open(directory, 0);
        fill(log, 60);
        log.log.close(false);
        String oldest = first(directory, ".log");
        directory.rename(oldest, oldest + SegmentNames.DELETED);
        assertThat(first(directory, ".index")).startsWith("00000000000000000000");

        LogFixture again = open(directory, 0);

        for (String suffix : List.of(".index", ".timeindex")) {
            assertThat(first(directory, suffix))
                    .isEqualTo(SegmentNames.of(again.log.segments()[0].baseOffset(), suffix));
        }
        assertThat(again.log.logStartOffset()).isPositive();
        assertThat(again.records()).isNotEmpty();
    }

    @Test
    void aStartReadsOnlyPastTheRecoveryPoint() throws IOException {
        LogDirectory directory = folder("original");
        LogFixture log = new LogFixture(directory, Map.of());
        log.config = Configs.small(1_000_000, 4096);
        log.open();
        for (int i = 0; i < 3000; i++) {
            log.append("k" + i, "v".repeat(5000));
        }
        long recoveryPoint = log.log.checkpoint();
        for (int i = 0; i < 20; i++) {
            log.append("k" + i, "v".repeat(1000));
        }
        List<String> end = log.records().subList(3000, 3020);
        log.log.close(true);
        machine.kill();
        LogFixture again = new LogFixture(machine.root().directory("original"), Map.of());
        again.config = log.config;
        again.recoveryPoint = recoveryPoint;

        machine.countReads(path -> path.endsWith(".log"));
        again.open();

        assertThat(machine.bytesRead()).isLessThan(2_000_000);
        assertThat(again.log.sizeInBytes()).isGreaterThan(15_000_000);
        assertThat(again.records().subList(3000, 3020)).isEqualTo(end);
    }

    /** Killed between write and sync: what the machine still remembers is shown only once it cannot be lost any more. */
    @Test
    void whatIsShownAfterAKillSurvivesThePowerCutAfterIt() {
        Seeds.runs(200, 10_000, seed -> {
            CrashingMachine machine = new CrashingMachine(new SplittableRandom(seed));
            LogDirectory directory = machine.root().directory("t");
            machine.root().sync();
            LogFixture log = open(directory, 0);
            log.log.stage(
                    new RecordBatchBuilder(64).append(1, null, new byte[900]).build(), log.buffer, 1);
            log.log.write(log.buffer);
            machine.kill();

            LogFixture again = open(machine.root().directory("t"), 0);
            assertThat(again.log.highWatermark()).isEqualTo(1);
            machine.crash();

            LogFixture third = open(machine.root().directory("t"), 0);
            assertThat(third.log.highWatermark()).isEqualTo(1);
        });
    }

    /** The producer's records are deleted: only a snapshot tells of it, and that must not speak of what may be lost. */
    @Test
    void aProducerIsKnownAfterACrashAlthoughItsRecordsAreDeletedAndLaterOnesWereNotSynced() {
        Seeds.runs(100, 5_000, seed -> {
            CrashingMachine machine = new CrashingMachine(new SplittableRandom(seed));
            LogDirectory directory = machine.root().directory("t");
            machine.root().sync();
            LogFixture log = open(directory, 0);
            log.append(producerBatch());
            while (log.log.segmentCount() < 4) {
                log.append("k", "v".repeat(100));
            }
            for (int i = 1; i <= 2; i++) {
                log.log.stage(
                        new RecordBatchBuilder(64)
                                .append(log.nowMs, new byte[1], new byte[1])
                                .build(),
                        log.buffer,
                        log.nowMs);
                log.log.write(log.buffer);
                log.log.commit();
                log.log.trimBefore(log.log.segments()[1].baseOffset(), log.nowMs);
            }
            long logStart = log.log.logStartOffset();
            machine.crash();

            LogFixture again = new LogFixture(machine.root().directory("t"), Map.of());
            again.config = log.config;
            again.logStart = logStart;
            again.open();

            SegmentedLog.Staged repeated = again.log.stage(producerBatch(), again.buffer, again.nowMs);
            assertThat(repeated.duplicate()).isTrue();
            assertThat(repeated.baseOffset()).isZero();
        });
    }

    private static RecordBatch producerBatch() {
        return new RecordBatchBuilder(64)
                .producer(7, (short) 0, 0)
                .append(1, new byte[1], new byte[1])
                .build();
    }

    @Test
    void aLogThatEndsBeforeItsRecordedStartGoesOnAtThatStart() throws IOException {
        LogFixture log = new LogFixture(folder("short"), Map.of());
        log.config = Configs.small(2000, 100);
        log.logStart = 13;
        LogFixture first = open(folder("short"), 0);
        fill(first, 3);
        first.log.close(true);

        log.open();
        assertThat(log.log.logStartOffset()).isEqualTo(13);
        fill(log, 2);
        assertThat(log.records()).hasSize(2).allMatch(record -> record.startsWith("1"));
        log.log.close(false);

        log.open();
        assertThat(log.records()).hasSize(2);
    }

    @Test
    void roomForBatchesToComeIsNoDamageAndDoesNotStay() throws IOException {
        LogDirectory directory = folder("room");
        LogFixture log = open(directory, 0);
        log.append("a", "1");
        long size = log.log.segments()[0].size();
        assertThat(sizeOf(directory)).as("there is room").isGreaterThan(size);
        log.log.close(true);

        log.open();
        assertThat(log.recovered.cutBytes()).as("nothing was lost").isZero();
        assertThat(sizeOf(directory)).isEqualTo(size);
        assertThat(log.records()).containsExactly("0:a=1");

        log.append("b", "2");
        size = log.log.segments()[0].size();
        assertThat(sizeOf(directory)).isGreaterThan(size);
        log.log.close(false);
        assertThat(sizeOf(directory)).as("a close in order leaves no room").isEqualTo(size);
    }

    @Test
    void aFlippedBaseOffsetIsNotServedAsAnother() throws IOException {
        for (int bit = 0; bit < 8; bit++) {
            LogDirectory directory = folder("flip" + bit);
            LogFixture log = open(directory, 0);
            List<Long> positions = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                positions.add(log.log.segments()[0].size());
                log.append("k" + i, "v");
            }
            assertThat(log.log.segmentCount()).isEqualTo(1);
            // Base offset 5: its lowest byte is the last of eight. It lies outside of the checksum.
            long at = positions.get(5) + 7;
            try (LogFile file = directory.open(SegmentNames.of(0, SegmentNames.LOG))) {
                ByteBuffer one = ByteBuffer.allocate(1);
                file.read(at, one);
                one.put(0, (byte) (one.get(0) ^ 1 << bit)).flip();
                file.write(at, one);
            }
            for (int offset = 0; offset < 20; offset++) {
                List<String> served;
                try {
                    served = log.recordsFrom(offset);
                } catch (BrokerException e) {
                    assertThat(e.code()).isEqualTo(ErrorCode.DATA_CORRUPT);
                    continue;
                }
                for (String record : served) {
                    String[] parts = record.split("[:=]");
                    assertThat(parts[1])
                            .as("bit %d, read from %d: %s", bit, offset, record)
                            .isEqualTo("k" + parts[0]);
                }
            }
        }
    }

    private static long sizeOf(LogDirectory directory) throws IOException {
        try (LogFile file = directory.open(SegmentNames.of(0, SegmentNames.LOG))) {
            return file.size();
        }
    }
}
