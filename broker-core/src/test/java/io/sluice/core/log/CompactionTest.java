package io.sluice.core.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.fixture.CrashingMachine;
import io.sluice.core.fixture.Seeds;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.record.RecordBatches;
import io.sluice.core.record.RecordCursor;
import io.sluice.core.storage.CheckpointFile;
import io.sluice.core.storage.DiskDirectory;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.topic.TopicConfig;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CompactionTest {
    private static final long MEMORY = 64 * 1024;
    private static final Map<String, String> COMPACTED =
            Map.of("cleanup.policy", "compact", "internal.segment.bytes", "400", "delete.retention.ms", "1000");

    @TempDir
    Path folder;

    @Test
    void onlyTheLastRecordOfEachKeyStaysAndOffsetsDoNotChange() throws IOException {
        LogFixture fixture = LogFixture.on(folder, COMPACTED).open();
        for (int i = 0; i < 60; i++) {
            fixture.append("k" + i % 3, "v" + i);
        }
        long sealedEnd = sealedEnd(fixture);

        compact(fixture, 0);

        List<String> records = fixture.records();
        assertThat(records.stream().filter(r -> offset(r) < sealedEnd)).hasSize(3);
        assertThat(records).contains("59:k2=v59").allMatch(r -> r.matches("(\\d+):k\\d=v\\1"));
        assertThat(fixture.log.logStartOffset()).isZero();
    }

    @Test
    void aSegmentWithMoreKeysThanMemoryIsCompactedInSeveralRuns() throws IOException {
        LogFixture fixture = LogFixture.on(
                        folder, Map.of("cleanup.policy", "compact", "internal.segment.bytes", "100000"))
                .open();
        for (int i = 0; i < 200; i++) {
            fixture.append("k" + i % 100, "v" + i);
        }
        fixture.append("last", "x".repeat(100_000));
        long memoryForSomeKeys = 40 * 24;

        long cleanedTo = 0;
        for (int run = 0; run < 10; run++) {
            Compaction compaction = Compaction.run(
                            fixture.log, Codecs.jdk(), cleanedTo, memoryForSomeKeys, fixture.nowMs)
                    .orElseThrow();
            assertThat(compaction.apply()).isTrue();
            cleanedTo = compaction.cleanedTo();
        }

        assertThat(cleanedTo).isEqualTo(200);
        assertThat(fixture.records().stream().filter(record -> offset(record) < 200))
                .hasSize(100)
                .allMatch(record -> offset(record) >= 100);
    }

    @Test
    void aReaderInsideAGapGoesOnBehindIt() throws IOException {
        LogFixture fixture = LogFixture.on(folder, COMPACTED).open();
        for (int i = 0; i < 60; i++) {
            fixture.append("k", "v" + i);
        }

        compact(fixture, 0);

        for (long offset = 0; offset < 60; offset++) {
            assertThat(fixture.reader
                            .read(offset, 1 << 20, ByteBuffer::allocate)
                            .nextOffset())
                    .isGreaterThan(offset);
        }
    }

    @Test
    void aTombstoneStaysForItsRetentionAndThenGoesWithItsKey() throws IOException {
        LogFixture fixture = LogFixture.on(folder, COMPACTED).open();
        fixture.append("gone", "value");
        fixture.append("gone", null);
        fillUp(fixture);

        long cleaned = compact(fixture, 0);
        assertThat(fixture.records()).contains("1:gone").doesNotContain("0:gone=value");

        fixture.nowMs += 500;
        fillUp(fixture);
        cleaned = compact(fixture, cleaned);
        assertThat(fixture.records()).contains("1:gone");

        fixture.nowMs += 600;
        fillUp(fixture);
        compact(fixture, cleaned);
        assertThat(fixture.records()).doesNotContain("1:gone");
    }

    /** Of a log that nobody writes to, only what holds tombstones whose time is over is written anew. */
    @Test
    void segmentsStayInOrderWhenThoseBetweenThemAreLeftAsTheyAre() throws IOException {
        LogFixture fixture = LogFixture.on(folder, COMPACTED).open();
        for (int i = 0; i < 40; i++) {
            // Three records fill a segment, so that none is joined with its neighbour.
            fixture.append("k" + i, i % 15 == 0 ? null : "x".repeat(40));
        }
        long cleaned = compact(fixture, 0);
        List<String> before = fixture.records();

        fixture.nowMs += 2_000;
        assertThat(compact(fixture, cleaned)).isEqualTo(cleaned);

        List<String> tombstones = List.of("0:k0", "15:k15", "30:k30");
        assertThat(before).containsAll(tombstones);
        assertThat(fixture.records())
                .isEqualTo(before.stream().filter(r -> !tombstones.contains(r)).toList());
    }

    @Test
    void aTombstoneOutlivesTheRecordsItDeletesWhenMemoryEndsBeforeIt() throws IOException {
        LogFixture fixture = LogFixture.on(
                        folder,
                        Map.of(
                                "cleanup.policy",
                                "compact",
                                "internal.segment.bytes",
                                "100000",
                                "delete.retention.ms",
                                "1000"))
                .open();
        fixture.append("gone", "value");
        for (int i = 0; i < 100; i++) {
            fixture.append("k" + i, "v");
        }
        fixture.append("gone", null);
        fixture.append("last", "x".repeat(100_000));
        long memoryForSomeKeys = 40 * 24;

        long cleaned = 0;
        for (int run = 0; run < 10; run++) {
            cleaned = compact(fixture, cleaned, memoryForSomeKeys);
            fixture.nowMs += 2000;
            List<String> records = fixture.records();
            assertThat(records.contains("0:gone=value") && !records.contains("101:gone"))
                    .as("the tombstone went before the record, in run %d", run)
                    .isFalse();
        }
        assertThat(fixture.records()).doesNotContain("0:gone=value");
    }

    @ParameterizedTest
    @ValueSource(strings = {"sealed-segments", "compaction-swap"})
    void aSwapThatFindsNoSpaceChangesNothingAndIsMadeLater(String file) throws IOException {
        CrashingMachine machine = new CrashingMachine(new SplittableRandom(1));
        LogDirectory directory = machine.root().directory("t");
        machine.root().sync();
        LogFixture fixture = new LogFixture(directory, COMPACTED).open();
        for (int i = 0; i < 60; i++) {
            fixture.append("k" + i % 3, "v" + i);
        }
        List<String> before = fixture.records();

        Compaction first = Compaction.run(fixture.log, Codecs.jdk(), 0, MEMORY, fixture.nowMs)
                .orElseThrow();
        machine.noSpaceFor(path -> path.contains(file));
        assertThat(first.apply()).isFalse();
        assertThat(fixture.records()).isEqualTo(before);
        assertThat(directory.files()).noneMatch(name -> name.endsWith(SegmentNames.CLEANED));
        fixture.log.close(true);
        assertThat(fixture.open().records()).isEqualTo(before);

        machine.noSpaceFor(path -> false);
        compact(fixture, 0);
        List<String> after = fixture.records();
        assertThat(after).hasSizeLessThan(before.size());
        fixture.log.close(true);
        assertThat(fixture.open().records()).isEqualTo(after);
    }

    /** Down within any change of the swap: the log that the next start finds has the last value of every key. */
    @Test
    void aSwapMayBeInterruptedAnywhere() {
        Seeds.runs(100, 5_000, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            CrashingMachine machine = new CrashingMachine(random.split());
            LogDirectory directory = machine.root().directory("t");
            machine.root().sync();
            LogFixture fixture = new LogFixture(directory, COMPACTED).open();
            for (int i = 0; i < 60; i++) {
                fixture.append("k" + i % 3, "v" + i);
            }
            Map<String, String> last = lastOf(fixture.records());
            Compaction compaction = Compaction.run(fixture.log, Codecs.jdk(), 0, MEMORY, fixture.nowMs)
                    .orElseThrow();
            machine.goDownAfter(random.nextInt(45));
            try {
                compaction.apply();
            } catch (IOException e) {
                assertThat(machine.isDown()).as("%s", e).isTrue();
            }
            machine.crash();

            LogFixture again = new LogFixture(machine.root().directory("t"), COMPACTED).open();

            assertThat(lastOf(again.records())).isEqualTo(last);
            again.append("k0", "new");
            assertThat(again.directory.files())
                    .noneMatch(name -> name.endsWith(SegmentNames.CLEANED) || name.equals(CompactionSwap.FILE));
        });
    }

    @Test
    void noSegmentBecomesLargerThanTheLimit() throws IOException {
        LogFixture fixture = LogFixture.on(
                        folder, Map.of("cleanup.policy", "compact", "internal.segment.bytes", "10000"))
                .open();
        for (int i = 0; i < 300; i++) {
            fixture.append("k" + i, "v" + i);
        }
        List<String> before = fixture.records();
        fixture.log.configure(TopicConfig.parse(
                Map.of("cleanup.policy", "compact", "internal.segment.bytes", "1000", "index.interval.bytes", "100"),
                TopicConfig.defaults()));

        compact(fixture, 0);

        Segment[] segments = fixture.log.segments();
        for (int i = 0; i < segments.length - 1; i++) {
            assertThat(segments[i].size()).isBetween(1L, 1000L);
        }
        assertThat(fixture.records()).isEqualTo(before);
        assertThat(fixture.reader.read(77, 1000, ByteBuffer::allocate).nextOffset())
                .isGreaterThan(77);
        fixture.log.close(false);
        assertThat(fixture.open().records()).isEqualTo(before);
    }

    @Test
    void compressedBatchesAreCompactedAndStayCompressed() throws IOException {
        LogFixture fixture = LogFixture.on(folder, COMPACTED).open();
        for (int i = 0; i < 40; i++) {
            fixture.append(new RecordBatchBuilder(64)
                    .append(fixture.nowMs, LogFixture.bytes("same"), LogFixture.bytes("v" + i))
                    .append(fixture.nowMs, LogFixture.bytes("own" + i), LogFixture.bytes("w" + i))
                    .build(CompressionType.GZIP, Codecs.jdk()));
        }
        long sealedEnd = sealedEnd(fixture);

        compact(fixture, 0);

        List<String> cleaned =
                fixture.records().stream().filter(r -> offset(r) < sealedEnd).toList();
        assertThat(cleaned.stream().filter(r -> r.contains("same"))).hasSize(1);
        assertThat(cleaned.stream().filter(r -> r.contains("own"))).hasSize((int) sealedEnd / 2);
        BatchScanner scanner = fixture.log.segments()[0].seek(0);
        assertThat(scanner.header().compression()).isEqualTo(CompressionType.GZIP);
    }

    /** Its producer may have garbled it; nobody looks into compressed batches of a topic that is not compacted yet. */
    @Test
    void aBatchWhoseRecordsCannotBeReadStaysAsItIsAndTheRestIsCompacted() throws IOException {
        LogFixture fixture = LogFixture.on(folder, COMPACTED).open();
        fixture.append("a", "first");
        RecordBatchBuilder builder = new RecordBatchBuilder(64);
        // All of its records come out before the fault does.
        fixture.append(builder.append(1, LogFixture.bytes("a"), LogFixture.bytes("garbled"))
                .append(1, LogFixture.bytes("b"), LogFixture.bytes("garbled"))
                .build(CompressionType.GZIP, withAByteTooMuch()));
        for (int i = 3; i < 40; i++) {
            fixture.append("c", "v" + i);
        }
        long sealedEnd = sealedEnd(fixture);

        Compaction first = Compaction.run(fixture.log, Codecs.jdk(), 0, MEMORY, fixture.nowMs)
                .orElseThrow();
        assertThat(first.apply()).isTrue();

        assertThat(first.unreadableBatches()).isEqualTo(1);
        assertThat(first.firstUnreadable()).startsWith("offsets 1 to 2, ").contains("follow the last record");
        assertThat(fixture.recordsFrom(3).stream().filter(r -> offset(r) < sealedEnd))
                .hasSize(1);
        assertThat(LogFixture.text(firstRecord(fixture).value()))
                .as("nobody knows that it was replaced")
                .isEqualTo("first");
        assertThat(fixture.reader.read(1, 1 << 20, ByteBuffer::allocate).nextOffset())
                .isGreaterThan(2);

        fixture.append("c", "x".repeat(400));
        fixture.append("c", "last");
        Compaction second = Compaction.run(fixture.log, Codecs.jdk(), first.cleanedTo(), MEMORY, fixture.nowMs)
                .orElseThrow();
        assertThat(second.apply()).isTrue();
        assertThat(second.cleanedTo()).isGreaterThan(first.cleanedTo());
        assertThat(second.unreadableBatches()).as("it has been told").isZero();
        assertThat(fixture.reader.read(1, 1 << 20, ByteBuffer::allocate).nextOffset())
                .isGreaterThan(2);
    }

    private static RecordCursor firstRecord(LogFixture fixture) {
        RecordCursor cursor = RecordCursor.over(
                RecordBatches.in(fixture.reader
                                .read(0, 1 << 20, ByteBuffer::allocate)
                                .batches()
                                .get(0))
                        .iterator()
                        .next(),
                Codecs.jdk(),
                1 << 20);
        assertThat(cursor.next()).isTrue();
        return cursor;
    }

    private static Codecs withAByteTooMuch() {
        return new Codecs() {
            @Override
            public boolean supports(CompressionType type) {
                return true;
            }

            @Override
            public InputStream decompress(CompressionType type, InputStream compressed) {
                throw new UnsupportedOperationException();
            }

            @Override
            public OutputStream compress(CompressionType type, OutputStream target) throws IOException {
                OutputStream gzip = Codecs.jdk().compress(type, target);
                return new FilterOutputStream(gzip) {
                    @Override
                    public void close() throws IOException {
                        gzip.write(0);
                        super.close();
                    }
                };
            }
        };
    }

    @Test
    void aCompactionEndsWhenItsLogIsClosed() throws IOException {
        LogFixture fixture = LogFixture.on(folder, COMPACTED).open();
        for (int i = 0; i < 40; i++) {
            fixture.append(new RecordBatchBuilder(64)
                    .append(fixture.nowMs, LogFixture.bytes("k" + i), LogFixture.bytes("v"))
                    .build(CompressionType.GZIP, Codecs.jdk()));
        }
        AtomicInteger batches = new AtomicInteger();
        Codecs closing = new Codecs() {
            @Override
            public boolean supports(CompressionType type) {
                return Codecs.jdk().supports(type);
            }

            @Override
            public InputStream decompress(CompressionType type, InputStream compressed) throws IOException {
                if (batches.incrementAndGet() == 10) {
                    fixture.log.close(true);
                }
                return Codecs.jdk().decompress(type, compressed);
            }

            @Override
            public OutputStream compress(CompressionType type, OutputStream target) throws IOException {
                return Codecs.jdk().compress(type, target);
            }
        };

        assertThatThrownBy(() -> Compaction.run(fixture.log, closing, 0, MEMORY, fixture.nowMs))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("closed");

        assertThat(batches).hasValue(10);
    }

    @Test
    void whatIsCompactedSurvivesARestart() throws IOException {
        LogFixture fixture = LogFixture.on(folder, COMPACTED).open();
        for (int i = 0; i < 60; i++) {
            fixture.append("k" + i % 3, "v" + i);
        }
        compact(fixture, 0);
        List<String> before = fixture.records();
        fixture.recoveryPoint = fixture.log.flushedOffset();
        fixture.log.close(false);

        assertThat(fixture.open().records()).isEqualTo(before);
        fixture.log.close(true);
        fixture.recoveryPoint = 0;
        assertThat(fixture.open().records()).isEqualTo(before);
    }

    @Test
    void aReplacementThatACrashInterruptedIsFinishedByTheNextStart() throws IOException {
        LogFixture fixture = LogFixture.on(folder, COMPACTED).open();
        for (int i = 0; i < 60; i++) {
            fixture.append("k" + i % 3, "v" + i);
        }
        long sealedEnd = sealedEnd(fixture);
        Map<String, String> last = lastOf(fixture.records());
        Compaction.run(fixture.log, Codecs.jdk(), 0, MEMORY, fixture.nowMs).orElseThrow();
        List<Long> old = new ArrayList<>();
        for (Segment segment : fixture.log.segments()) {
            if (segment instanceof SealedSegment) {
                old.add(segment.baseOffset());
            }
        }
        List<Long> cleaned = new CleanedNames(fixture.directory)
                .files().stream()
                        .filter(name -> name.endsWith(SegmentNames.LOG))
                        .map(name -> Long.parseLong(name.substring(0, 20)))
                        .toList();
        TreeMap<Long, Long> sizes = new TreeMap<>();
        for (long base : cleaned) {
            try (var file = fixture.directory.open(SegmentNames.of(base, SegmentNames.LOG + SegmentNames.CLEANED))) {
                sizes.put(base, file.size());
            }
        }
        CompactionSwap.begin(fixture.directory, old, cleaned, SealedSegments.text(sizes));
        fixture.log.close(true);

        fixture.open();

        assertThat(lastOf(fixture.records())).isEqualTo(last);
        assertThat(fixture.records().stream().filter(r -> offset(r) < sealedEnd))
                .hasSize(3);
        assertThat(CheckpointFile.read(fixture.directory, CompactionSwap.FILE)).isEmpty();
    }

    @Test
    void whatWasWrittenBeforeTheSwapIsForgottenByTheNextStart() throws IOException {
        LogFixture fixture = LogFixture.on(folder, COMPACTED).open();
        for (int i = 0; i < 60; i++) {
            fixture.append("k" + i % 3, "v" + i);
        }
        Compaction.run(fixture.log, Codecs.jdk(), 0, MEMORY, fixture.nowMs).orElseThrow();
        List<String> before = fixture.records();
        fixture.log.close(true);

        assertThat(fixture.open().records()).isEqualTo(before);
        assertThat(DiskDirectory.open(folder).files()).noneMatch(name -> name.endsWith(SegmentNames.CLEANED));
    }

    @Test
    void aKeyTableThatIsTooSmallCompactsAsFarAsItGoesAndGoesOnThere() throws IOException {
        LogFixture fixture = LogFixture.on(folder, COMPACTED).open();
        for (int round = 0; round < 4; round++) {
            for (int i = 0; i < 50; i++) {
                fixture.append("key" + i, "v" + round);
            }
        }
        Map<String, String> last = lastOf(fixture.records());
        long sealedEnd = sealedEnd(fixture);

        long cleaned = 0;
        int rounds = 0;
        while (cleaned < sealedEnd) {
            long next = compact(fixture, cleaned, 24 * 20);
            assertThat(next).isGreaterThan(cleaned);
            cleaned = next;
            rounds++;
        }

        assertThat(rounds).isGreaterThan(3);
        assertThat(lastOf(fixture.records())).isEqualTo(last);
    }

    @Test
    void randomHistoriesKeepTheLastValueOfEveryKey() throws IOException {
        long seed = Optional.ofNullable(System.getProperty("seed"))
                .filter(text -> !text.isEmpty())
                .map(Long::parseLong)
                .orElseGet(System::nanoTime);
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        LogFixture fixture = LogFixture.on(folder, COMPACTED).open();
        Map<String, String> model = new TreeMap<>();
        long cleaned = 0;
        for (int step = 0; step < 600; step++) {
            String key = "k" + random.nextInt(20);
            String value = random.nextInt(5) == 0 ? null : "v" + step;
            fixture.append(key, value);
            model.put(key, value == null ? "" : value);
            if (random.nextInt(40) == 0) {
                fixture.nowMs += random.nextInt(800);
                cleaned = compact(fixture, cleaned);
            }
            if (random.nextInt(60) == 0) {
                fixture.log.close(random.nextBoolean());
                fixture.open();
            }
        }

        Map<String, String> found = lastOf(fixture.records());
        model.forEach((key, value) -> {
            // A tombstone may be gone; then the key must be, too.
            if (!value.isEmpty() || found.containsKey(key)) {
                assertThat(found).as("seed %d", seed).containsEntry(key, value);
            }
        });
        assertThat(model.keySet()).as("seed %d", seed).containsAll(found.keySet());
    }

    private long compact(LogFixture fixture, long firstDirty) throws IOException {
        return compact(fixture, firstDirty, MEMORY);
    }

    private long compact(LogFixture fixture, long firstDirty, long memory) throws IOException {
        Optional<Compaction> compaction = Compaction.run(fixture.log, Codecs.jdk(), firstDirty, memory, fixture.nowMs);
        if (compaction.isEmpty()) {
            return firstDirty;
        }
        assertThat(compaction.get().apply()).isTrue();
        return compaction.get().cleanedTo();
    }

    private static void fillUp(LogFixture fixture) throws IOException {
        for (int i = 0; i < 20; i++) {
            fixture.append("filler" + i % 2, "f" + i);
        }
    }

    private static long sealedEnd(LogFixture fixture) {
        Segment[] segments = fixture.log.segments();
        assertThat(segments.length).isGreaterThan(2);
        return segments[segments.length - 1].baseOffset();
    }

    private static long offset(String record) {
        return Long.parseLong(record.substring(0, record.indexOf(':')));
    }

    private static Map<String, String> lastOf(List<String> records) {
        Map<String, String> last = new HashMap<>();
        for (String record : records) {
            String[] parts = record.substring(record.indexOf(':') + 1).split("=", 2);
            last.put(parts[0], parts.length > 1 ? parts[1] : "");
        }
        return last;
    }
}
