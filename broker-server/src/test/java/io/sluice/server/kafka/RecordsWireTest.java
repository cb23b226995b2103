package io.sluice.server.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsTopic;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsTopicCollection;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.DeleteRecordsResponseData;
import org.apache.kafka.common.message.DescribeProducersRequestData;
import org.apache.kafka.common.message.DescribeProducersResponseData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchRequestData.ForgottenTopic;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.FetchableTopicResponse;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.message.ListOffsetsResponseData.ListOffsetsPartitionResponse;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData.EpochEndOffset;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.BatchIndexAndErrorMessage;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.requests.ListOffsetsRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Produce, Fetch and the APIs of offsets, a frame at a time. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class RecordsWireTest {
    private static final int FETCH = ApiKeys.FETCH.latestVersion();
    private static final int PRODUCE = ApiKeys.PRODUCE.latestVersion();
    private static final int LIST_OFFSETS = ApiKeys.LIST_OFFSETS.latestVersion();
    private static final long TIME = 1_700_000_000_000L;

    @TempDir
    private Path folder;

    private RunningServer server;
    private KafkaWire wire;
    private Requests t;

    @BeforeEach
    void start() {
        server = TestServers.on(folder, Map.of());
        wire = new KafkaWire(server.kafkaPort());
        t = new Requests("t", create("t"), 0, "");
    }

    @AfterEach
    void nothingIsLeft() {
        wire.close();
        try (RunningServer ended = server) {
            assertThat(ended.metric("sluice_kafka_requests_failed_total")).isZero();
            assertThat(ended.metric("sluice_kafka_requests_memory_bytes")).isZero();
        }
    }

    private Uuid create(String name) {
        CreateTopicsResponseData created = wire.call(ApiKeys.CREATE_TOPICS, 7, Requests.createTopics(name));
        return created.topics().find(name).topicId();
    }

    private PartitionProduceResponse produce(Requests to, MemoryRecords records) {
        ProduceResponseData produced = wire.call(ApiKeys.PRODUCE, PRODUCE, to.produce(PRODUCE, (short) -1, records));
        return produced.responses().iterator().next().partitionResponses().get(0);
    }

    private long produce(String... values) {
        PartitionProduceResponse produced = produce(t, Requests.records(values));
        assertThat(produced.errorCode()).isZero();
        return produced.baseOffset();
    }

    private FetchResponseData fetch(FetchRequestData request) {
        return wire.call(ApiKeys.FETCH, FETCH, request);
    }

    private PartitionData fetchOne(FetchRequestData request) {
        return fetch(request).responses().get(0).partitions().get(0);
    }

    private static List<String> valuesOf(PartitionData data) {
        List<String> values = new ArrayList<>();
        for (Record record : ((MemoryRecords) data.records()).records()) {
            byte[] value = new byte[record.valueSize()];
            record.value().get(value);
            values.add(new String(value, StandardCharsets.UTF_8));
        }
        return values;
    }

    /** Topic ids with the partitions that an answer has. */
    private static List<String> partitionsOf(FetchResponseData response) {
        List<String> all = new ArrayList<>();
        for (FetchableTopicResponse topic : response.responses()) {
            topic.partitions().forEach(data -> all.add(topic.topicId() + "-" + data.partitionIndex()));
        }
        return all;
    }

    @Test
    void topicsOfTheBrokersOwnAreNotWritten() {
        Requests own = new Requests("__groups", Uuid.ZERO_UUID, 0, "");

        ProduceResponseData answer = wire.call(ApiKeys.PRODUCE, 9, own.produce(9, (short) -1, Requests.records("x")));
        DeleteRecordsResponseData trimmed = wire.call(ApiKeys.DELETE_RECORDS, 2, own.deleteRecords(0));

        PartitionProduceResponse produced =
                answer.responses().iterator().next().partitionResponses().get(0);
        assertThat(Errors.forCode(produced.errorCode())).isEqualTo(Errors.INVALID_TOPIC_EXCEPTION);
        assertThat(produced.errorMessage()).contains("__groups");
        assertThat(Errors.forCode(
                        trimmed.topics().find("__groups").partitions().find(0).errorCode()))
                .isEqualTo(Errors.INVALID_TOPIC_EXCEPTION);
    }

    @Test
    void aTopicThatOnlyLooksLikeOneOfTheBrokersIsWritten() {
        Requests heartbeat = new Requests("x", create("__debezium-heartbeat.pg"), 0, "");

        assertThat(produce(heartbeat, Requests.records("x")).errorCode()).isZero();
    }

    @Test
    void aSessionTellsOnlyWhatIsNew() {
        Uuid other = create("u");
        Requests u = new Requests("u", other, 0, "");
        produce("a");

        FetchResponseData full = fetch(session(0, 0, t.fetchTopic(FETCH, 0), u.fetchTopic(FETCH, 0)));
        int id = full.sessionId();
        FetchResponseData nothing = fetch(session(id, 1, t.fetchTopic(FETCH, 1)));
        produce("b");
        FetchResponseData one = fetch(session(id, 2));
        produce(u, Requests.records("c"));
        FetchResponseData two = fetch(session(id, 3, t.fetchTopic(FETCH, 2)));

        assertThat(id).isPositive();
        assertThat(partitionsOf(full)).containsExactly(t.topicId() + "-0", other + "-0");
        assertThat(nothing.errorCode()).isZero();
        assertThat(nothing.sessionId()).isEqualTo(id);
        assertThat(partitionsOf(nothing)).isEmpty();
        assertThat(partitionsOf(one)).containsExactly(t.topicId() + "-0");
        assertThat(valuesOf(one.responses().get(0).partitions().get(0))).containsExactly("b");
        assertThat(partitionsOf(two)).containsExactly(other + "-0");
    }

    @Test
    void aSessionForgetsWhatItIsTold() {
        Requests u = new Requests("u", create("u"), 0, "");
        int id = fetch(session(0, 0, t.fetchTopic(FETCH, 0), u.fetchTopic(FETCH, 0)))
                .sessionId();
        produce("a");
        produce(u, Requests.records("b"));

        FetchRequestData forgetting = session(id, 1);
        forgetting
                .forgottenTopicsData()
                .add(new ForgottenTopic().setTopicId(t.topicId()).setPartitions(List.of(0)));
        FetchResponseData one = fetch(forgetting);
        FetchResponseData again = fetch(session(id, 2, t.fetchTopic(FETCH, 0), u.fetchTopic(FETCH, 1)));

        assertThat(partitionsOf(one)).containsExactly(u.topicId() + "-0");
        assertThat(partitionsOf(again)).containsExactly(t.topicId() + "-0");
    }

    @Test
    void aSessionOfTooManyPartitionsIsNone() {
        produce("a");
        FetchTopic few = ofPartitions(0, 6_000);
        FetchTopic more = ofPartitions(6_000, 10_001);

        FetchResponseData atOnce = fetch(session(0, 0, few, more));
        int id = fetch(session(0, 0, few)).sessionId();
        FetchResponseData grown = fetch(session(id, 1, more));
        FetchResponseData ended = fetch(session(id, 2));

        assertThat(atOnce.errorCode()).isZero();
        assertThat(atOnce.sessionId()).isZero();
        assertThat(valuesOf(atOnce.responses().get(0).partitions().get(0))).containsExactly("a");
        assertThat(id).isPositive();
        assertThat(grown.errorCode()).isZero();
        assertThat(grown.sessionId()).isZero();
        assertThat(ended.errorCode()).isEqualTo(Errors.FETCH_SESSION_ID_NOT_FOUND.code());
    }

    private FetchTopic ofPartitions(int from, int to) {
        return new FetchTopic()
                .setTopicId(t.topicId())
                .setPartitions(IntStream.range(from, to)
                        .mapToObj(i -> new FetchPartition().setPartition(i).setPartitionMaxBytes(1 << 20))
                        .toList());
    }

    @Test
    void aSessionThatIsNotThereOrElsewhereIsRefused() {
        int id = fetch(session(0, 0, t.fetchTopic(FETCH, 0))).sessionId();

        assertThat(fetch(session(id + 1, 1)).errorCode()).isEqualTo(Errors.FETCH_SESSION_ID_NOT_FOUND.code());
        assertThat(fetch(session(0, 1)).errorCode()).isEqualTo(Errors.FETCH_SESSION_ID_NOT_FOUND.code());
        assertThat(fetch(session(id, 2)).errorCode()).isEqualTo(Errors.INVALID_FETCH_SESSION_EPOCH.code());
        assertThat(fetch(session(id, 7)).errorCode()).isEqualTo(Errors.INVALID_FETCH_SESSION_EPOCH.code());
        assertThat(fetch(session(id, 1)).errorCode()).isZero();
        assertThat(fetch(session(id, 1)).errorCode()).isEqualTo(Errors.INVALID_FETCH_SESSION_EPOCH.code());
        try (KafkaWire another = new KafkaWire(server.kafkaPort())) {
            FetchResponseData elsewhere = another.call(ApiKeys.FETCH, FETCH, session(id, 2));
            assertThat(elsewhere.errorCode()).isEqualTo(Errors.FETCH_SESSION_ID_NOT_FOUND.code());
        }
        // Ended by the client.
        assertThat(fetch(session(id, -1, t.fetchTopic(FETCH, 0))).sessionId()).isZero();
        assertThat(fetch(session(id, 2)).errorCode()).isEqualTo(Errors.FETCH_SESSION_ID_NOT_FOUND.code());
    }

    @Test
    void aSessionBeginsAnewInPlaceOfAnother() {
        int first = fetch(session(0, 0, t.fetchTopic(FETCH, 0))).sessionId();
        int second = fetch(session(first, 0, t.fetchTopic(FETCH, 0))).sessionId();

        assertThat(second).isPositive();
        assertThat(fetch(session(second, 1)).errorCode()).isZero();
        if (first != second) {
            assertThat(fetch(session(first, 1)).errorCode()).isEqualTo(Errors.FETCH_SESSION_ID_NOT_FOUND.code());
        }
        assertThat(fetch(session(0, 0)).sessionId()).as("a session of nothing").isZero();
    }

    private static FetchRequestData session(int id, int epoch, FetchTopic... topics) {
        return new FetchRequestData()
                .setSessionId(id)
                .setSessionEpoch(epoch)
                .setMinBytes(1)
                .setMaxWaitMs(0)
                .setMaxBytes(1 << 20)
                .setTopics(List.of(topics));
    }

    @Test
    void aTopicThatGoesAndComesBackInASessionIsAnotherOne() {
        int id = fetch(session(0, 0, t.fetchTopic(FETCH, 0))).sessionId();
        wire.call(ApiKeys.DELETE_TOPICS, 5, Requests.deleteTopics(5, "t"));

        FetchResponseData gone = fetch(session(id, 1));
        create("t");
        FetchResponseData stillGone = fetch(session(id, 2));

        assertThat(gone.responses().get(0).partitions().get(0).errorCode()).isEqualTo(Errors.UNKNOWN_TOPIC_ID.code());
        assertThat(stillGone.responses().get(0).partitions().get(0).errorCode())
                .isEqualTo(Errors.UNKNOWN_TOPIC_ID.code());
    }

    @Test
    void aFetchWaitsForAsManyBytesAsItWants() {
        produce("a");
        int size = Requests.records("a").sizeInBytes();
        try (KafkaWire waiting = new KafkaWire(server.kafkaPort())) {
            int id = waiting.send(ApiKeys.FETCH, FETCH, t.fetch(FETCH, 0, size + 1, 20_000));
            // Between two answers on a connection of its own: the waiting one has had its chance.
            assertThat(fetchOne(t.fetch(FETCH, 0, size, 20_000)).highWatermark())
                    .isEqualTo(1);
            assertThat(waiting.available()).isZero();

            produce("b");
            FetchResponseData fetched = waiting.receive(ApiKeys.FETCH, FETCH, id);

            assertThat(valuesOf(fetched.responses().get(0).partitions().get(0))).containsExactly("a", "b");
        }
    }

    @Test
    void aFetchWaitsNoLongerThanItWants() {
        produce("a");
        long beganNs = System.nanoTime();
        PartitionData fetched = fetchOne(t.fetch(FETCH, 0, 1_000, 200));
        long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beganNs);

        assertThat(valuesOf(fetched)).as("what there is").containsExactly("a");
        assertThat(tookMs).isBetween(200L, 10_000L);
        assertThat(valuesOf(fetchOne(t.fetch(FETCH, 1, 1, 0)))).isEmpty();
    }

    @Test
    void aFetchOfSeveralPartitionsWakesForAny() {
        Requests u = new Requests("u", create("u"), 0, "");
        try (KafkaWire waiting = new KafkaWire(server.kafkaPort())) {
            FetchRequestData both =
                    t.fetch(FETCH, 0, 1, 20_000).setTopics(List.of(t.fetchTopic(FETCH, 0), u.fetchTopic(FETCH, 0)));
            int id = waiting.send(ApiKeys.FETCH, FETCH, both);

            produce(u, Requests.records("x"));
            FetchResponseData fetched = waiting.receive(ApiKeys.FETCH, FETCH, id);

            assertThat(partitionsOf(fetched)).contains(u.topicId() + "-0");
        }
    }

    @Test
    void aFirstBatchLargerThanTheLimitsIsSentWhole() {
        String large = "x".repeat(600_000);
        produce(large);
        produce("small");
        for (int maxBytes : new int[] {0, 1, 100_000}) {
            FetchRequestData request = t.fetch(FETCH, 0, 1, 0).setMaxBytes(maxBytes);
            request.topics().get(0).partitions().get(0).setPartitionMaxBytes(maxBytes);
            assertThat(valuesOf(fetchOne(request))).as("max_bytes %d", maxBytes).containsExactly(large);
        }
        FetchRequestData partition = t.fetch(FETCH, 0, 1, 0);
        partition.topics().get(0).partitions().get(0).setPartitionMaxBytes(1);
        assertThat(valuesOf(fetchOne(partition))).containsExactly(large);
    }

    @Test
    void onlyTheFirstPartitionMayGoBeyondTheLimit() {
        Requests u = new Requests("u", create("u"), 0, "");
        produce("x".repeat(300_000));
        produce(u, Requests.records("y".repeat(300_000)));
        FetchRequestData both = t.fetch(FETCH, 0, 1, 0)
                .setMaxBytes(10)
                .setTopics(List.of(t.fetchTopic(FETCH, 0), u.fetchTopic(FETCH, 0)));

        FetchResponseData fetched = fetch(both);

        assertThat(fetched.responses().get(0).partitions().get(0).records().sizeInBytes())
                .isGreaterThan(300_000);
        assertThat(fetched.responses().get(1).partitions().get(0).records().sizeInBytes())
                .isZero();
    }

    @Test
    void whatWasFetchedComesLastNextTime() {
        Requests u = new Requests("u", create("u"), 0, "");
        for (int i = 0; i < 3; i++) {
            produce("x".repeat(1_000));
            produce(u, Requests.records("y".repeat(1_000)));
        }
        FetchRequestData first =
                session(0, 0, t.fetchTopic(FETCH, 0), u.fetchTopic(FETCH, 0)).setMaxBytes(10);
        FetchResponseData one = fetch(first);
        FetchResponseData two =
                fetch(session(one.sessionId(), 1, t.fetchTopic(FETCH, 1)).setMaxBytes(10));

        assertThat(withRecords(one)).containsExactly(t.topicId());
        assertThat(withRecords(two)).as("so that nobody starves").containsExactly(u.topicId());
    }

    private static List<Uuid> withRecords(FetchResponseData response) {
        return response.responses().stream()
                .filter(topic -> topic.partitions().get(0).records().sizeInBytes() > 0)
                .map(FetchableTopicResponse::topicId)
                .toList();
    }

    @Test
    void aFetchOutOfRangeIsToldTheRange() {
        produce("a", "b", "c");
        wire.call(ApiKeys.DELETE_RECORDS, 2, t.deleteRecords(2));
        for (long offset : new long[] {-1, 0, 1, 4, Long.MAX_VALUE, Long.MIN_VALUE}) {
            PartitionData data = fetchOne(t.fetch(FETCH, offset, 1, 20_000));
            assertThat(data.errorCode()).as("offset %d", offset).isEqualTo(Errors.OFFSET_OUT_OF_RANGE.code());
            assertThat(data.records().sizeInBytes()).isZero();
        }
        assertThat(fetchOne(t.fetch(FETCH, 3, 1, 0)).errorCode()).isZero();
        assertThat(fetchOne(t.fetch(FETCH, 3, 1, 0)).logStartOffset()).isEqualTo(2);
    }

    @Test
    void anEpochThatIsNotTheCurrentOneIsRefused() {
        produce("a");
        int epoch = fetchEpoch();
        for (int believed : new int[] {epoch - 1, epoch + 1}) {
            // -1 means that the client knows none.
            short expected = believed < 0
                    ? Errors.NONE.code()
                    : believed < epoch ? Errors.FENCED_LEADER_EPOCH.code() : Errors.UNKNOWN_LEADER_EPOCH.code();
            FetchRequestData fetch = t.fetch(FETCH, 0, 1, 0);
            fetch.topics().get(0).partitions().get(0).setCurrentLeaderEpoch(believed);
            ListOffsetsRequestData list = t.listOffsets(LIST_OFFSETS, ListOffsetsRequest.LATEST_TIMESTAMP);
            list.topics().get(0).partitions().get(0).setCurrentLeaderEpoch(believed);

            assertThat(fetchOne(fetch).errorCode()).isEqualTo(expected);
            assertThat(listOne(list).errorCode()).isEqualTo(expected);
            assertThat(epochEnd(believed, epoch).errorCode()).isEqualTo(expected);
        }
        assertThat(epochEnd(epoch, epoch).errorCode()).isZero();
    }

    /** The epoch of the partition, by what the end of the log belongs to. */
    private int fetchEpoch() {
        return listOne(t.listOffsets(LIST_OFFSETS, ListOffsetsRequest.LATEST_TIMESTAMP))
                .leaderEpoch();
    }

    private EpochEndOffset epochEnd(int believed, int epoch) {
        OffsetForLeaderEpochResponseData answer =
                wire.call(ApiKeys.OFFSET_FOR_LEADER_EPOCH, 4, t.offsetForLeaderEpoch(believed, epoch));
        return answer.topics().find("t").partitions().get(0);
    }

    @Test
    void theEndOfAnEpochIsWhereTheLogEndsAndOfAnUnknownOneNowhere() {
        produce("a", "b");
        int epoch = fetchEpoch();

        assertThat(epochEnd(-1, epoch).endOffset()).isEqualTo(2);
        assertThat(epochEnd(-1, epoch).leaderEpoch()).isEqualTo(epoch);
        assertThat(epochEnd(-1, epoch + 1).endOffset()).isEqualTo(-1);
        assertThat(epochEnd(-1, epoch + 1).leaderEpoch()).isEqualTo(-1);
    }

    @Test
    void offsetsAreFoundByTheirTimesAndEnds() {
        // Timestamps are 1_700_000_000_000 and on, a millisecond apart in a batch.
        produce("a", "b", "c");
        produce(t, timed(TIME + 100));
        produce(t, timed(TIME + 50));
        wire.call(ApiKeys.DELETE_RECORDS, 2, t.deleteRecords(1));

        assertOffset(ListOffsetsRequest.EARLIEST_TIMESTAMP, 1, -1);
        assertOffset(ListOffsetsRequest.LATEST_TIMESTAMP, 5, -1);
        assertOffset(ListOffsetsRequest.MAX_TIMESTAMP, 3, TIME + 100);
        assertOffset(ListOffsetsRequest.EARLIEST_LOCAL_TIMESTAMP, 1, -1);
        assertOffset(ListOffsetsRequest.LATEST_TIERED_TIMESTAMP, -1, -1);
        assertOffset(0, 1, TIME + 1);
        assertOffset(TIME + 2, 2, TIME + 2);
        assertOffset(TIME + 3, 3, TIME + 100);
        assertOffset(TIME + 100, 3, TIME + 100);
        assertOffset(TIME + 101, -1, -1);
        assertOffset(Long.MAX_VALUE, -1, -1);
    }

    private static MemoryRecords timed(long timestamp) {
        return MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(timestamp, new byte[] {'x'}));
    }

    private void assertOffset(long spec, long offset, long timestamp) {
        ListOffsetsPartitionResponse found = listOne(t.listOffsets(LIST_OFFSETS, spec));
        assertThat(found.errorCode()).as("spec %d", spec).isZero();
        assertThat(found.offset()).as("spec %d", spec).isEqualTo(offset);
        assertThat(found.timestamp()).as("spec %d", spec).isEqualTo(timestamp);
    }

    private ListOffsetsPartitionResponse listOne(ListOffsetsRequestData request) {
        ListOffsetsResponseData listed = wire.call(ApiKeys.LIST_OFFSETS, LIST_OFFSETS, request);
        return listed.topics().get(0).partitions().get(0);
    }

    @Test
    void aSpecThatAVersionDoesNotHaveIsRefused() {
        for (long spec : new long[] {-3, -4, -5, -6, -7, Long.MIN_VALUE}) {
            ListOffsetsResponseData listed = wire.call(ApiKeys.LIST_OFFSETS, 1, t.listOffsets(1, spec));
            assertThat(listed.topics().get(0).partitions().get(0).errorCode())
                    .as("spec %d", spec)
                    .isEqualTo(Errors.UNSUPPORTED_VERSION.code());
        }
    }

    @Test
    void recordsAreDeletedUpToAnOffsetThatIsThere() {
        produce("a", "b", "c");

        assertDeleted(2, Errors.NONE, 2);
        assertDeleted(1, Errors.NONE, 2);
        assertDeleted(4, Errors.OFFSET_OUT_OF_RANGE, -1);
        assertDeleted(-2, Errors.OFFSET_OUT_OF_RANGE, -1);
        assertDeleted(-1, Errors.NONE, 3);
        assertOffset(ListOffsetsRequest.EARLIEST_TIMESTAMP, 3, -1);
    }

    private void assertDeleted(long before, Errors error, long lowWatermark) {
        DeleteRecordsResponseData deleted = wire.call(ApiKeys.DELETE_RECORDS, 2, t.deleteRecords(before));
        DeleteRecordsResponseData.DeleteRecordsPartitionResult result =
                deleted.topics().find("t").partitions().find(0);
        assertThat(Errors.forCode(result.errorCode())).as("before %d", before).isEqualTo(error);
        assertThat(result.lowWatermark()).as("before %d", before).isEqualTo(lowWatermark);
    }

    @Test
    void aSequenceIsWrittenOnceAndAGapRefused() {
        InitProducerIdResponseData id =
                wire.call(ApiKeys.INIT_PRODUCER_ID, 5, new InitProducerIdRequestData().setTransactionalId(null));
        assertThat(id.errorCode()).isZero();
        assertThat(id.producerEpoch()).isZero();

        assertProduced(sequenced(id, 0), Errors.NONE, 0);
        assertProduced(sequenced(id, 1), Errors.NONE, 1);
        assertProduced(sequenced(id, 1), Errors.NONE, 1);
        assertProduced(sequenced(id, 0), Errors.NONE, 0);
        assertProduced(sequenced(id, 3), Errors.OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
        assertProduced(sequenced(id, 2), Errors.NONE, 2);

        DescribeProducersResponseData known = wire.call(
                ApiKeys.DESCRIBE_PRODUCERS,
                0,
                new DescribeProducersRequestData()
                        .setTopics(List.of(new DescribeProducersRequestData.TopicRequest()
                                .setName("t")
                                .setPartitionIndexes(List.of(0)))));
        assertThat(known.topics().get(0).partitions().get(0).activeProducers())
                .singleElement()
                .satisfies(producer -> {
                    assertThat(producer.producerId()).isEqualTo(id.producerId());
                    assertThat(producer.lastSequence()).isEqualTo(2);
                });
    }

    private static MemoryRecords sequenced(InitProducerIdResponseData id, int sequence) {
        return MemoryRecords.withIdempotentRecords(
                Compression.NONE, id.producerId(), id.producerEpoch(), sequence, new SimpleRecord(TIME, new byte[] {
                    (byte) sequence
                }));
    }

    private void assertProduced(MemoryRecords records, Errors error, long offset) {
        PartitionProduceResponse produced = produce(t, records);
        assertThat(Errors.forCode(produced.errorCode())).isEqualTo(error);
        assertThat(produced.baseOffset()).isEqualTo(offset);
    }

    @Test
    void aBatchThatIsNoneIsRefusedAndNothingWritten() {
        MemoryRecords good = Requests.records("a");
        MemoryRecords corrupt = Requests.records("a");
        corrupt.buffer().put(corrupt.sizeInBytes() - 1, (byte) 99);
        MemoryRecords two = MemoryRecords.readableRecords(ByteBuffer.allocate(2 * good.sizeInBytes())
                .put(good.buffer().duplicate())
                .put(good.buffer().duplicate())
                .flip());
        MemoryRecords oldFormat =
                MemoryRecords.withRecords((byte) 1, Compression.NONE, new SimpleRecord(TIME, new byte[] {1}));
        MemoryRecords large = Requests.records("x".repeat(1_100_000));

        assertThat(Errors.forCode(produce(t, corrupt).errorCode())).isEqualTo(Errors.CORRUPT_MESSAGE);
        assertThat(Errors.forCode(produce(t, two).errorCode())).isEqualTo(Errors.INVALID_RECORD);
        assertThat(produce(t, oldFormat).errorCode()).isNotZero();
        assertThat(produce(t, MemoryRecords.EMPTY).errorCode()).isNotZero();
        assertThat(produce(t, null).errorCode()).isNotZero();
        assertThat(Errors.forCode(produce(t, large).errorCode())).isEqualTo(Errors.MESSAGE_TOO_LARGE);
        assertThat(produce(t, large).errorMessage()).contains("1048588");
        assertThat(produce("good")).isZero();
    }

    @Test
    void aTimestampMayLieAnHourAheadAndNoMore() {
        long nowMs = System.currentTimeMillis();
        long minuteMs = 60_000;

        assertProduced(at(nowMs + 59 * minuteMs), Errors.NONE, 0);
        assertProduced(at(nowMs + 61 * minuteMs), Errors.INVALID_TIMESTAMP, -1);
        assertProduced(at(0), Errors.NONE, 1);
    }

    @Test
    void aRefusedBatchNamesTheRecordsThatAreToBlame() {
        CreateTopicsRequestData wish = Requests.createTopics("compacted");
        wish.topics()
                .find("compacted")
                .configs()
                .find("retention.ms")
                .setName("cleanup.policy")
                .setValue("compact");
        CreateTopicsResponseData created = wire.call(ApiKeys.CREATE_TOPICS, 7, wish);
        Requests compacted =
                new Requests("compacted", created.topics().find("compacted").topicId(), 0, "");
        SimpleRecord good = new SimpleRecord(TIME, new byte[1], new byte[1]);
        SimpleRecord keyless = new SimpleRecord(TIME, new byte[1]);
        SimpleRecord ahead = new SimpleRecord(Long.MAX_VALUE / 2, new byte[1], new byte[1]);

        for (int version = ApiKeys.PRODUCE.oldestVersion(); version <= PRODUCE; version++) {
            for (Compression form : List.of(Compression.NONE, Compression.gzip().build())) {
                assertBlamed(compacted, version, Errors.NONE, form, good);
                assertBlamed(compacted, version, Errors.INVALID_RECORD, form, good, keyless);
                assertBlamed(compacted, version, Errors.INVALID_RECORD, form, keyless, good, keyless);
                assertBlamed(compacted, version, Errors.INVALID_TIMESTAMP, form, ahead);
                assertBlamed(compacted, version, Errors.INVALID_TIMESTAMP, form, keyless, good, ahead);
            }
        }
    }

    /** Every record of a refused batch that has no key, or a time that is not the usual one, must be named, and no other. */
    private void assertBlamed(Requests to, int version, Errors error, Compression form, SimpleRecord... records) {
        MemoryRecords batch = MemoryRecords.withRecords(form, records);
        ProduceResponseData answer = wire.call(ApiKeys.PRODUCE, version, to.produce(version, (short) -1, batch));
        PartitionProduceResponse produced =
                answer.responses().iterator().next().partitionResponses().get(0);

        assertThat(Errors.forCode(produced.errorCode())).isEqualTo(error);
        assertThat(produced.logStartOffset()).isEqualTo(version >= 5 ? 0 : -1);
        assertThat(produced.errorMessage() != null).isEqualTo(error != Errors.NONE && version >= 8);
        List<Integer> bad = new ArrayList<>();
        for (int i = 0; i < records.length && version >= 8; i++) {
            if (records[i].key() == null || records[i].timestamp() != TIME) {
                bad.add(i);
            }
        }
        assertThat(produced.recordErrors())
                .extracting(BatchIndexAndErrorMessage::batchIndex)
                .isEqualTo(bad);
        assertThat(produced.recordErrors())
                .allSatisfy(fault -> assertThat(fault.batchIndexErrorMessage())
                        .containsPattern(
                                records[fault.batchIndex()].key() == null ? "without a key" : "ahead of .* clock"));
    }

    private static MemoryRecords at(long timestampMs) {
        return MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(timestampMs, new byte[1]));
    }

    @Test
    void aTopicIsReachedByItsIdAndNoOther() {
        Requests wrong = new Requests("t", new Uuid(1, 1), 0, "");
        Requests zero = new Requests("t", Uuid.ZERO_UUID, 0, "");
        for (Requests unknown : List.of(wrong, zero)) {
            assertThat(Errors.forCode(produce(unknown, Requests.records("x")).errorCode()))
                    .isEqualTo(Errors.UNKNOWN_TOPIC_ID);
            assertThat(Errors.forCode(fetchOne(unknown.fetch(FETCH, 0, 1, 0)).errorCode()))
                    .isEqualTo(Errors.UNKNOWN_TOPIC_ID);
        }
        assertThat(produce("here")).isZero();
    }

    @Test
    void aPartitionThatIsAddedIsThereAtOnce() {
        CreatePartitionsTopic wish =
                new CreatePartitionsTopic().setName("t").setCount(3).setAssignments(null);
        wire.call(
                ApiKeys.CREATE_PARTITIONS,
                3,
                new CreatePartitionsRequestData()
                        .setTimeoutMs(10_000)
                        .setTopics(new CreatePartitionsTopicCollection(
                                List.of(wish).iterator())));
        Requests added = new Requests("t", t.topicId(), 2, "");

        assertThat(produce(added, Requests.records("x")).baseOffset()).isZero();
        assertThat(valuesOf(fetchOne(added.fetch(FETCH, 0, 1, 0)))).containsExactly("x");
    }

    @Test
    void aFetchOfNothingAnswersNothing() {
        FetchResponseData nothing = fetch(session(0, -1));
        assertThat(nothing.errorCode()).isZero();
        assertThat(nothing.responses()).isEmpty();

        FetchTopic twice = t.fetchTopic(FETCH, 0);
        twice.setPartitions(List.of(
                twice.partitions().get(0),
                new FetchPartition().setPartition(0).setFetchOffset(0).setPartitionMaxBytes(10)));
        assertThat(partitionsOf(fetch(session(0, -1, twice)))).containsExactly(t.topicId() + "-0");
    }
}
