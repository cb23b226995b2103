package io.sluice.server.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.ListOffsetsRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a connection does with frames, good and bad ones. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class ConnectionTest {
    private static final int MAX_REQUEST_BYTES = 20_000_000;

    @TempDir
    private Path folder;

    private RunningServer server;
    private KafkaWire wire;
    private Requests requests;

    @BeforeEach
    void start() {
        server = TestServers.on(
                folder,
                Map.of(
                        "socket.request.max.bytes",
                        String.valueOf(MAX_REQUEST_BYTES),
                        "kafka.max.in.flight.requests",
                        "8"));
        wire = new KafkaWire(server.kafkaPort());
        CreateTopicsResponseData created = wire.call(ApiKeys.CREATE_TOPICS, 7, Requests.createTopics("t"));
        requests = new Requests("t", created.topics().find("t").topicId(), 0, "other");
    }

    @AfterEach
    void theOtherConnectionGoesOn() {
        try (RunningServer ended = server) {
            assertThat(produce(wire)).isNotNegative();
            wire.close();
            Await.until("no connection is left", () -> ended.metric("sluice_kafka_connections") == 0);
            assertThat(ended.metric("sluice_kafka_requests_memory_bytes")).isZero();
            Await.until("no answer is in memory", () -> ended.metric("sluice_kafka_responses_memory_bytes") == 0);
            assertThat(ended.metric("sluice_kafka_requests_failed_total")).isZero();
        }
    }

    private long produce(KafkaWire on) {
        ProduceResponseData produced =
                on.call(ApiKeys.PRODUCE, 9, requests.produce(9, (short) -1, Requests.records("x")));
        return produced.responses()
                .find("t", Uuid.ZERO_UUID)
                .partitionResponses()
                .get(0)
                .baseOffset();
    }

    private long highWatermark() {
        ListOffsetsResponseData latest =
                wire.call(ApiKeys.LIST_OFFSETS, 7, requests.listOffsets(7, ListOffsetsRequest.LATEST_TIMESTAMP));
        return latest.topics().get(0).partitions().get(0).offset();
    }

    private KafkaWire another() {
        return new KafkaWire(server.kafkaPort());
    }

    private static byte[] header(int size, int key, int version) {
        return ByteBuffer.allocate(8)
                .putInt(size)
                .putShort((short) key)
                .putShort((short) version)
                .array();
    }

    @Test
    void anUnknownVersionOfApiVersionsIsAnsweredInVersionZero() {
        for (short version : new short[] {5, 99, Short.MAX_VALUE, -1}) {
            byte[] frame = KafkaWire.frame(ApiKeys.API_VERSIONS, 4, 7, new ApiVersionsRequestData());
            ByteBuffer.wrap(frame).putShort(6, version);
            wire.send(frame);

            ApiVersionsResponseData answer = wire.receive(ApiKeys.API_VERSIONS, 0, 7);

            assertThat(answer.errorCode()).isEqualTo(Errors.UNSUPPORTED_VERSION.code());
            ApiVersionsResponseData.ApiVersion self = answer.apiKeys().find(ApiKeys.API_VERSIONS.id);
            assertThat(self.minVersion()).isZero();
            assertThat(self.maxVersion()).isEqualTo(ApiKeys.API_VERSIONS.latestVersion());
        }
        // And the client, on the same connection, asks again with a version that it has learnt.
        ApiVersionsResponseData answer = wire.call(ApiKeys.API_VERSIONS, 0, new ApiVersionsRequestData());
        assertThat(answer.errorCode()).isEqualTo(Errors.NONE.code());
    }

    @Test
    void aSoftwareNameThatIsNoneIsRefused() {
        for (String name : List.of("", "-a", "a b", "a".repeat(300), "\u00e4")) {
            ApiVersionsResponseData answer = wire.call(
                    ApiKeys.API_VERSIONS,
                    3,
                    new ApiVersionsRequestData().setClientSoftwareName(name).setClientSoftwareVersion("1"));
            assertThat(answer.errorCode()).as(name).isEqualTo(Errors.INVALID_REQUEST.code());
        }
    }

    @Test
    void unknownApisAndVersionsEndTheConnection() {
        List<byte[]> frames = List.of(
                header(4, -1, 0),
                header(4, 999, 0),
                header(4, Short.MAX_VALUE, 0),
                // One that this broker does not serve, and one that Kafka has taken away.
                header(4, ApiKeys.VOTE.id, 0),
                header(4, ApiKeys.CONTROLLED_SHUTDOWN.id, 0),
                header(4, ApiKeys.METADATA.id, -1),
                header(4, ApiKeys.METADATA.id, ApiKeys.METADATA.latestVersion() + 1),
                // Named by ApiVersions for the sake of old clients, and not served.
                header(4, ApiKeys.PRODUCE.id, 2),
                header(4, ApiKeys.FETCH.id, 3));
        for (byte[] frame : frames) {
            assertEnds(frame);
        }
        assertThat(server.metric("sluice_kafka_connections_refused_total")).isEqualTo(frames.size());
    }

    private void assertEnds(byte[] bytes) {
        try (KafkaWire other = another()) {
            other.trySend(bytes);
            other.assertClosed();
        }
    }

    @Test
    void sizesThatNoRequestHasEndTheConnection() {
        List<byte[]> frames = List.of(
                header(MAX_REQUEST_BYTES + 1, ApiKeys.PRODUCE.id, 9),
                header(Integer.MAX_VALUE, ApiKeys.PRODUCE.id, 9),
                header(-1, ApiKeys.PRODUCE.id, 9),
                header(Integer.MIN_VALUE, ApiKeys.PRODUCE.id, 9),
                header(0, ApiKeys.PRODUCE.id, 9),
                header(3, ApiKeys.PRODUCE.id, 9),
                // Too large for a request that brings no records, though not for one that does.
                header(MAX_REQUEST_BYTES, ApiKeys.METADATA.id, 9),
                // What other protocols begin with.
                "GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
                new byte[] {0x16, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc, 3});
        frames.forEach(this::assertEnds);
        assertThat(server.metric("sluice_kafka_requests_memory_bytes")).isZero();
    }

    @Test
    void aFrameIsCutOffAtEveryByte() {
        byte[] frame =
                KafkaWire.frame(ApiKeys.PRODUCE, 9, 1, requests.produce(9, (short) -1, Requests.records("never")));
        for (int length = 1; length < frame.length; length++) {
            try (KafkaWire other = another()) {
                other.send(Arrays.copyOf(frame, length));
                if (length % 2 == 0) {
                    other.reset();
                }
            }
        }
        assertThat(highWatermark()).isZero();
    }

    @Test
    void aMessageThatEndsTooSoonOrTooLateEndsTheConnection() {
        byte[] frame = KafkaWire.frame(ApiKeys.METADATA, 12, 1, new MetadataRequestData().setTopics(null));
        for (int length = Integer.BYTES; length < frame.length; length++) {
            byte[] cut = Arrays.copyOf(frame, length);
            ByteBuffer.wrap(cut).putInt(0, length - Integer.BYTES);
            assertEnds(cut);
        }
        byte[] longer = Arrays.copyOf(frame, frame.length + 1);
        ByteBuffer.wrap(longer).putInt(0, frame.length + 1 - Integer.BYTES);
        assertEnds(longer);
    }

    @Test
    void aFrameMayComeByteByByteAndManyMayComeAtOnce() {
        byte[] frame = KafkaWire.frame(ApiKeys.METADATA, 12, 5, new MetadataRequestData().setTopics(null));
        for (byte one : frame) {
            wire.send(new byte[] {one});
        }
        MetadataResponseData slow = wire.receive(ApiKeys.METADATA, 12, 5);
        assertThat(slow.brokers()).hasSize(1);

        int count = 200;
        ByteBuffer many = ByteBuffer.allocate(count * frame.length);
        for (int i = 0; i < count; i++) {
            many.put(KafkaWire.frame(ApiKeys.METADATA, 12, i, new MetadataRequestData().setTopics(null)));
        }
        wire.send(many.array());
        for (int i = 0; i < count; i++) {
            wire.receive(ApiKeys.METADATA, 12, i);
        }
    }

    @Test
    void answersComeInTheOrderOfTheRequests() {
        List<Integer> ids = new ArrayList<>();
        List<ApiKeys> keys = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            ApiKeys key = i % 7 == 3 ? ApiKeys.LIST_OFFSETS : i % 11 == 5 ? ApiKeys.FETCH : ApiKeys.PRODUCE;
            keys.add(key);
            ids.add(wire.send(
                    key,
                    7,
                    switch (key) {
                        case PRODUCE -> requests.produce(7, (short) (i % 2 == 0 ? -1 : 1), Requests.records("v" + i));
                        // Waits a little: who comes behind it waits too.
                        case FETCH -> requests.fetch(7, 0, 1 << 19, 5).setSessionEpoch(-1);
                        default -> requests.listOffsets(7, ListOffsetsRequest.LATEST_TIMESTAMP);
                    }));
        }
        long offset = 0;
        // Only acks=all waits until readers may see what was written.
        long committed = 0;
        for (int i = 0; i < keys.size(); i++) {
            if (keys.get(i) == ApiKeys.PRODUCE) {
                ProduceResponseData produced = wire.receive(ApiKeys.PRODUCE, 7, ids.get(i));
                assertThat(produced.responses()
                                .find("t", Uuid.ZERO_UUID)
                                .partitionResponses()
                                .get(0)
                                .baseOffset())
                        .isEqualTo(offset++);
                committed = i % 2 == 0 ? offset : committed;
            } else if (keys.get(i) == ApiKeys.LIST_OFFSETS) {
                ListOffsetsResponseData latest = wire.receive(ApiKeys.LIST_OFFSETS, 7, ids.get(i));
                assertThat(latest.topics().get(0).partitions().get(0).offset())
                        .as("what was produced before it and nothing that came after")
                        .isBetween(committed, offset);
            } else {
                FetchResponseData fetched = wire.receive(ApiKeys.FETCH, 7, ids.get(i));
                assertThat(fetched.responses().get(0).partitions().get(0).highWatermark())
                        .isBetween(committed, offset);
            }
        }
    }

    @Test
    void aClientThatDoesNotReadIsNotReadFrom() {
        wire.call(ApiKeys.PRODUCE, 9, requests.produce(9, (short) -1, Requests.records("x".repeat(500_000))));
        double before = server.metric("sluice_kafka_requests_total");
        int count = 300;
        try (KafkaWire deaf = new KafkaWire(server.kafkaPort(), 4_096)) {
            for (int i = 0; i < count; i++) {
                deaf.send(ApiKeys.FETCH, 4, requests.fetch(4, 0, 0, 0));
            }
            Await.until("some is answered", () -> server.metric("sluice_kafka_requests_total") > before);
            for (int i = 0; i < 20; i++) {
                produce(wire);
            }
            assertThat(server.metric("sluice_kafka_requests_total") - before)
                    .as("answers of 500 KB for a client that takes none")
                    .isLessThan(20 + count / 2);

            for (int i = 1; i <= count; i++) {
                FetchResponseData fetched = deaf.receive(ApiKeys.FETCH, 4, i);
                assertThat(fetched.responses()
                                .get(0)
                                .partitions()
                                .get(0)
                                .records()
                                .sizeInBytes())
                        .isGreaterThan(500_000);
            }
        }
    }

    @Test
    void aClientThatGoesAwayWithItsAnswersLeavesNothing() {
        wire.call(ApiKeys.PRODUCE, 9, requests.produce(9, (short) -1, Requests.records("x".repeat(500_000))));
        for (int round = 0; round < 20; round++) {
            KafkaWire deaf = new KafkaWire(server.kafkaPort(), 4_096);
            for (int i = 0; i < 10; i++) {
                deaf.send(ApiKeys.FETCH, 4, requests.fetch(4, 0, 0, 0));
            }
            // And one that waits for what does not come.
            deaf.send(ApiKeys.FETCH, 4, requests.fetch(4, 1, 1, 30_000));
            if (round % 2 == 0) {
                deaf.reset();
            } else {
                deaf.close();
            }
        }
    }

    @Test
    void aFetchThatIsWokenWhenItsClientGoesAwayLeavesNothing() {
        for (int round = 0; round < 300; round++) {
            KafkaWire leaving = new KafkaWire(server.kafkaPort());
            long end = produce(wire) + 1;
            leaving.send(ApiKeys.FETCH, 4, requests.fetch(4, end, 1, 30_000));
            int id = wire.send(ApiKeys.PRODUCE, 9, requests.produce(9, (short) -1, Requests.records("x")));
            // Now just before the answer of the produce, which wakes the fetch, now just after.
            if (round % 2 == 0) {
                leaving.reset();
                wire.receive(ApiKeys.PRODUCE, 9, id);
            } else {
                wire.receive(ApiKeys.PRODUCE, 9, id);
                leaving.reset();
            }
        }
    }

    @Test
    void aProduceWithoutAnswerIsWrittenAndARefusedOneEndsTheConnection() {
        wire.send(ApiKeys.PRODUCE, 9, requests.produce(9, (short) 0, Requests.records("silent", "too")));
        assertThat(produce(wire)).as("no answer came in between").isEqualTo(2);

        Requests unknown = new Requests("nowhere", new Uuid(1, 2), 0, "other");
        Requests noPartition = new Requests("t", requests.topicId(), 7, "other");
        ProduceRequestData corrupt = requests.produce(9, (short) 0, Requests.records("corrupt"));
        byte[] corruptFrame = KafkaWire.frame(ApiKeys.PRODUCE, 9, 1, corrupt);
        corruptFrame[corruptFrame.length - 8] ^= 1;
        assertEnds(KafkaWire.frame(ApiKeys.PRODUCE, 9, 1, unknown.produce(9, (short) 0, Requests.records("x"))));
        assertEnds(KafkaWire.frame(ApiKeys.PRODUCE, 9, 1, noPartition.produce(9, (short) 0, Requests.records("x"))));
        assertEnds(corruptFrame);
        assertThat(highWatermark()).isEqualTo(3);
    }

    @Test
    void acksThatThereAreNoneOfAreRefused() {
        ProduceResponseData refused =
                wire.call(ApiKeys.PRODUCE, 9, requests.produce(9, (short) 2, Requests.records("x")));
        assertThat(refused.responses()
                        .find("t", Uuid.ZERO_UUID)
                        .partitionResponses()
                        .get(0)
                        .errorCode())
                .isEqualTo(Errors.INVALID_REQUIRED_ACKS.code());
        assertThat(highWatermark()).isZero();
    }

    @Test
    void aRequestOfTheLargestSizeIsTaken() {
        byte[] small = KafkaWire.frame(ApiKeys.PRODUCE, 9, 1, requests.produce(9, (short) 1, Requests.records("")));
        // The batch is larger than what a topic takes, so it is refused, but by an answer.
        String value = "x".repeat(MAX_REQUEST_BYTES + Integer.BYTES - small.length - 12);
        ProduceRequestData large = requests.produce(9, (short) 1, Requests.records(value));
        assertThat(KafkaWire.frame(ApiKeys.PRODUCE, 9, 1, large).length)
                .isBetween(MAX_REQUEST_BYTES - 20, MAX_REQUEST_BYTES + Integer.BYTES);

        ProduceResponseData refused = wire.call(ApiKeys.PRODUCE, 9, large);

        assertThat(refused.responses()
                        .find("t", Uuid.ZERO_UUID)
                        .partitionResponses()
                        .get(0)
                        .errorCode())
                .isEqualTo(Errors.MESSAGE_TOO_LARGE.code());
    }

    @Test
    void aHeaderWithoutClientIdIsFine() {
        byte[] frame = ByteBuffer.allocate(4 + 2 + 2 + 4 + 2 + 4)
                .putInt(14)
                .putShort(ApiKeys.METADATA.id)
                .putShort((short) 0)
                .putInt(77)
                .putShort((short) -1)
                .putInt(0)
                .array();
        wire.send(frame);
        MetadataResponseData all = wire.receive(ApiKeys.METADATA, 0, 77);
        assertThat(all.topics().find("t")).isNotNull();
    }
}
