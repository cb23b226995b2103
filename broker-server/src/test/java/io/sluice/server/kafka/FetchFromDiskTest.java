package io.sluice.server.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.ChildServer;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Fetches of what no tail cache has: the bytes of the segment, in memory outside of the heap. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class FetchFromDiskTest {
    private static final int FETCH = 4;
    private static final int PRODUCE = 9;

    @TempDir
    private Path folder;

    private RunningServer server() {
        return TestServers.on(folder, Map.of("tail.cache.bytes", "0"));
    }

    private static Requests topic(KafkaWire wire) {
        wire.call(ApiKeys.CREATE_TOPICS, 7, Requests.createTopics("t"));
        return new Requests("t", null, 0, "");
    }

    private static void produce(KafkaWire wire, Requests t, String value) {
        ProduceResponseData produced =
                wire.call(ApiKeys.PRODUCE, PRODUCE, t.produce(PRODUCE, (short) -1, Requests.records(value)));
        assertThat(produced.responses()
                        .iterator()
                        .next()
                        .partitionResponses()
                        .get(0)
                        .errorCode())
                .isZero();
    }

    private static FetchRequestData fetch(Requests t, long offset, int partitionBytes) {
        FetchRequestData request = t.fetch(FETCH, offset, 1, 20_000);
        request.topics().get(0).partitions().get(0).setPartitionMaxBytes(partitionBytes);
        return request;
    }

    private static PartitionData dataOf(FetchResponseData fetched) {
        return fetched.responses().get(0).partitions().get(0);
    }

    private static void noneIsHeld(RunningServer server) {
        Await.until("no answer is in memory", () -> server.metric("sluice_kafka_responses_memory_bytes") == 0);
    }

    @Test
    void everyRecordComesWhateverFitsIntoAnAnswer() {
        try (RunningServer server = server();
                KafkaWire wire = new KafkaWire(server.kafkaPort())) {
            Requests t = topic(wire);
            List<Integer> sizes = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                sizes.add(i % 20 == 7 ? 200_000 : 10 + 300 * (i % 13));
                produce(wire, t, "x".repeat(sizes.get(i)));
            }

            // The smallest limit is below every batch, the next below some, the last above all.
            for (int limit : new int[] {1, 2_000, 50_000, 1 << 20}) {
                List<Integer> found = new ArrayList<>();
                while (found.size() < sizes.size()) {
                    PartitionData data = dataOf(wire.call(ApiKeys.FETCH, FETCH, fetch(t, found.size(), limit)));
                    assertThat(data.errorCode()).isZero();
                    MemoryRecords records = (MemoryRecords) data.records();
                    records.batches()
                            .forEach(batch -> assertThat(batch.isValid()).isTrue());
                    for (Record record : records.records()) {
                        assertThat(record.offset()).isEqualTo(found.size());
                        found.add(record.valueSize());
                    }
                }
                assertThat(found).as("with answers of %d bytes", limit).isEqualTo(sizes);
            }
            noneIsHeld(server);
        }
    }

    @Test
    void aDamagedBatchIsNotServedEvenIfItIsLargerThanTheAnswerMayBe() throws IOException {
        try (RunningServer server = server();
                KafkaWire wire = new KafkaWire(server.kafkaPort())) {
            Requests t = topic(wire);
            produce(wire, t, "small");
            produce(wire, t, "x".repeat(300_000));
            try (RandomAccessFile segment = new RandomAccessFile(
                    folder.resolve("t-0/00000000000000000000.log").toFile(), "rw")) {
                segment.seek(200_000);
                segment.write('y');
            }

            // Who reads on needs no search, which would look at the batch as well.
            PartitionData small = dataOf(wire.call(ApiKeys.FETCH, FETCH, fetch(t, 0, 1_000)));
            assertThat(small.records().sizeInBytes()).isBetween(1, 1_000);
            PartitionData data = dataOf(wire.call(ApiKeys.FETCH, FETCH, fetch(t, 1, 1_000)));

            assertThat(Errors.forCode(data.errorCode())).isEqualTo(Errors.CORRUPT_MESSAGE);
            assertThat(data.records().sizeInBytes()).isZero();
            noneIsHeld(server);
        }
    }

    @Test
    void clientsThatLeaveWhileTheDiskIsReadLeaveNothing() {
        try (RunningServer server = server();
                KafkaWire wire = new KafkaWire(server.kafkaPort())) {
            Requests t = topic(wire);
            for (int i = 0; i < 8; i++) {
                produce(wire, t, "x".repeat(100_000));
            }
            for (int round = 0; round < 200; round++) {
                KafkaWire leaving = new KafkaWire(server.kafkaPort(), 4_096);
                leaving.send(ApiKeys.FETCH, FETCH, fetch(t, 0, round % 3 == 0 ? 1_000 : 1 << 20));
                if (round % 2 == 0) {
                    leaving.reset();
                } else {
                    leaving.close();
                }
            }
            Await.until("only we are connected", () -> server.metric("sluice_kafka_connections") == 1);
            noneIsHeld(server);
            assertThat(dataOf(wire.call(ApiKeys.FETCH, FETCH, fetch(t, 0, 1 << 20)))
                            .records()
                            .sizeInBytes())
                    .isGreaterThan(800_000);
        }
    }

    @Test
    void aSmallHeapServesManyReadersThatHardlyRead() {
        int readers = 60;
        int rounds = 3;
        try (ChildServer server = new ChildServer(
                List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                folder,
                "--set",
                "tail.cache.bytes=0")) {
            int port = Integer.parseInt(
                    server.bootstrap().substring(server.bootstrap().lastIndexOf(':') + 1));
            List<KafkaWire> slow = new ArrayList<>();
            try (KafkaWire wire = new KafkaWire(port)) {
                Requests t = topic(wire);
                for (int i = 0; i < 12; i++) {
                    produce(wire, t, "x".repeat(80_000));
                }
                for (int i = 0; i < readers; i++) {
                    KafkaWire reader = new KafkaWire(port, 4_096);
                    slow.add(reader);
                    for (int round = 0; round < rounds; round++) {
                        reader.send(ApiKeys.FETCH, FETCH, fetch(t, 0, 1 << 20));
                    }
                }
                // Those whose turn has not come wait for the others to take their answers.
                for (KafkaWire reader : slow) {
                    for (int round = 1; round <= rounds; round++) {
                        PartitionData data = dataOf(reader.receive(ApiKeys.FETCH, FETCH, round));
                        assertThat(data.errorCode()).isZero();
                        assertThat(data.records().sizeInBytes()).isGreaterThan(960_000);
                    }
                }
            } finally {
                slow.forEach(KafkaWire::close);
            }
            assertThat(server.isAlive()).isTrue();
            assertThat(server.output())
                    .noneMatch(line -> line.contains("OutOfMemory"))
                    .noneMatch(line -> line.contains(" ERROR ") || line.startsWith("\tat "))
                    .noneMatch(line -> line.contains("BlockedThreadChecker"));
        }
    }
}
