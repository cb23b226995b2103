package io.sluice.server.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsTopic;
import org.apache.kafka.common.message.CreatePartitionsResponseData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableReplicaAssignment;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData.DeleteTopicState;
import org.apache.kafka.common.message.DeleteTopicsResponseData;
import org.apache.kafka.common.message.DescribeClusterRequestData;
import org.apache.kafka.common.message.DescribeClusterResponseData;
import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeConfigsRequestData.DescribeConfigsResource;
import org.apache.kafka.common.message.DescribeConfigsResponseData;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResult;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData.Cursor;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData.TopicRequest;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterConfigsResource;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterableConfig;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the APIs of topics and settings answer that no client library shows. */
@ExtendWith(NoErrorsLogged.class)
class TopicsWireTest {
    private static final byte SET = 0;
    private static final byte DELETE = 1;
    private static final byte APPEND = 2;
    private static final byte SUBTRACT = 3;

    @TempDir
    private Path folder;

    private RunningServer server;
    private KafkaWire wire;

    @BeforeEach
    void start() {
        server = TestServers.on(folder, Map.of("log.retention.bytes", "5000000"));
        wire = new KafkaWire(server.kafkaPort());
    }

    @AfterEach
    void nothingFailed() {
        wire.close();
        try (RunningServer ended = server) {
            assertThat(ended.metric("sluice_kafka_requests_failed_total")).isZero();
        }
    }

    private CreateTopicsResponseData create(boolean validateOnly, CreatableTopic... topics) {
        CreateTopicsRequestData request = new CreateTopicsRequestData().setValidateOnly(validateOnly);
        for (CreatableTopic topic : topics) {
            request.topics().add(topic);
        }
        return wire.call(ApiKeys.CREATE_TOPICS, 7, request);
    }

    private static CreatableTopic topic(String name, int partitions) {
        return new CreatableTopic().setName(name).setNumPartitions(partitions).setReplicationFactor((short) -1);
    }

    private static List<String> errorsOf(CreateTopicsResponseData response) {
        return response.topics().stream()
                .map(topic -> topic.name() + " " + Errors.forCode(topic.errorCode()))
                .sorted()
                .toList();
    }

    @Test
    void eachTopicIsCreatedOrRefusedForItself() {
        create(false, topic("there", 1));
        CreatableTopic assigned = topic("assigned", -1);
        assigned.assignments()
                .add(new CreatableReplicaAssignment().setPartitionIndex(1).setBrokerIds(List.of(1)));
        assigned.assignments()
                .add(new CreatableReplicaAssignment().setPartitionIndex(0).setBrokerIds(List.of(1)));
        CreatableTopic elsewhere = topic("elsewhere", -1);
        elsewhere
                .assignments()
                .add(new CreatableReplicaAssignment().setPartitionIndex(0).setBrokerIds(List.of(7)));
        CreatableTopic gap = topic("gap", -1);
        gap.assignments()
                .add(new CreatableReplicaAssignment().setPartitionIndex(1).setBrokerIds(List.of(1)));
        CreatableTopic both = topic("both", 1);
        both.assignments()
                .add(new CreatableReplicaAssignment().setPartitionIndex(0).setBrokerIds(List.of(1)));

        CreateTopicsResponseData created = create(
                false,
                topic("new", 2),
                topic("there", 1),
                topic("twice", 1),
                topic("twice", 1),
                topic("no/name", 1),
                topic("none", 0),
                topic("three-replicas", 1).setReplicationFactor((short) 3),
                topic("no-replicas", 1).setReplicationFactor((short) 0),
                assigned,
                elsewhere,
                gap,
                both);

        assertThat(errorsOf(created))
                .containsExactly(
                        "assigned NONE",
                        "both INVALID_REQUEST",
                        "elsewhere INVALID_REPLICA_ASSIGNMENT",
                        "gap INVALID_REPLICA_ASSIGNMENT",
                        "new NONE",
                        "no-replicas INVALID_REPLICATION_FACTOR",
                        "no/name INVALID_TOPIC_EXCEPTION",
                        "none INVALID_PARTITIONS",
                        "there TOPIC_ALREADY_EXISTS",
                        "three-replicas INVALID_REPLICATION_FACTOR",
                        "twice INVALID_REQUEST");
        assertThat(created.topics().find("new").numPartitions()).isEqualTo(2);
        assertThat(created.topics().find("assigned").numPartitions()).isEqualTo(2);
        assertThat(created.topics().find("new").topicId()).isNotEqualTo(Uuid.ZERO_UUID);
        assertThat(created.topics().find("new").configs()).isNotEmpty();
        created.topics()
                .forEach(one -> assertThat(one.errorMessage() == null)
                        .as(one.toString())
                        .isEqualTo(one.errorCode() == 0));
    }

    @Test
    void aRequestForTooManyPartitionsIsRefusedAsAWhole() {
        for (boolean validateOnly : new boolean[] {true, false}) {
            CreateTopicsResponseData created =
                    create(validateOnly, topic("large", 9_000), topic("small", 1_000), topic("default", -1));

            assertThat(errorsOf(created))
                    .containsExactlyInAnyOrder(
                            "large POLICY_VIOLATION", "small POLICY_VIOLATION", "default POLICY_VIOLATION");
            assertThat(created.topics().find("small").errorMessage())
                    .isEqualTo("Excessively large number of partitions per request.");
        }
        assertThat(errorsOf(create(true, topic("large", 9_000), topic("small", 1_000))))
                .containsExactlyInAnyOrder("large NONE", "small NONE");
    }

    @Test
    void aRequestThatAddsTooManyPartitionsIsRefusedAsAWhole() {
        create(false, topic("a", 1), topic("b", 1));

        assertThat(add(true, 5_001, 5_002)).containsExactlyInAnyOrder("a POLICY_VIOLATION", "b POLICY_VIOLATION");
        assertThat(add(true, 5_001, 5_001)).containsExactlyInAnyOrder("a NONE", "b NONE");
    }

    /** What is answered to so many partitions for topics a and b. */
    private List<String> add(boolean validateOnly, int a, int b) {
        CreatePartitionsRequestData request =
                new CreatePartitionsRequestData().setTimeoutMs(10_000).setValidateOnly(validateOnly);
        request.topics()
                .add(new CreatePartitionsTopic().setName("a").setCount(a).setAssignments(null));
        request.topics()
                .add(new CreatePartitionsTopic().setName("b").setCount(b).setAssignments(null));
        CreatePartitionsResponseData answer = wire.call(ApiKeys.CREATE_PARTITIONS, 3, request);
        return answer.results().stream()
                .map(one -> one.name() + " " + Errors.forCode(one.errorCode()))
                .toList();
    }

    @Test
    void whatIsOnlyValidatedIsNotCreated() {
        assertThat(errorsOf(create(true, topic("a", 3), topic("b", 0))))
                .containsExactly("a NONE", "b INVALID_PARTITIONS");

        assertThat(names()).isEmpty();
    }

    private List<String> names() {
        MetadataResponseData all = wire.call(ApiKeys.METADATA, 12, new MetadataRequestData().setTopics(null));
        return all.topics().stream()
                .filter(one -> !one.isInternal())
                .map(one -> one.name())
                .sorted()
                .toList();
    }

    @Test
    void aTopicIsDeletedByItsNameOrItsId() {
        CreateTopicsResponseData created = create(false, topic("a", 1), topic("b", 1), topic("c", 1));
        Uuid id = created.topics().find("b").topicId();

        DeleteTopicsResponseData deleted = wire.call(
                ApiKeys.DELETE_TOPICS,
                6,
                new DeleteTopicsRequestData()
                        .setTopics(List.of(
                                new DeleteTopicState().setName("a"),
                                new DeleteTopicState().setName(null).setTopicId(id),
                                new DeleteTopicState().setName("nowhere"),
                                new DeleteTopicState().setName(null).setTopicId(new Uuid(1, 1)),
                                new DeleteTopicState()
                                        .setName("c")
                                        .setTopicId(created.topics().find("c").topicId()),
                                new DeleteTopicState().setName(null))));

        assertThat(deleted.responses().stream()
                        .map(one -> Errors.forCode(one.errorCode()))
                        .toList())
                .containsExactly(
                        Errors.NONE,
                        Errors.NONE,
                        Errors.UNKNOWN_TOPIC_OR_PARTITION,
                        Errors.UNKNOWN_TOPIC_ID,
                        Errors.INVALID_REQUEST,
                        Errors.INVALID_REQUEST);
        assertThat(names()).containsExactly("c");
    }

    @Test
    void partitionsAreDescribedPageByPage() {
        create(false, topic("a", 3), topic("b", 2), topic("c", 4));
        List<String> seen = new ArrayList<>();
        Cursor cursor = null;
        int pages = 0;
        do {
            DescribeTopicPartitionsRequestData request = new DescribeTopicPartitionsRequestData()
                    .setResponsePartitionLimit(2)
                    .setCursor(cursor);
            request.topics()
                    .addAll(List.of(
                            new TopicRequest().setName("c"),
                            new TopicRequest().setName("a"),
                            new TopicRequest().setName("b"),
                            new TopicRequest().setName("nowhere")));
            DescribeTopicPartitionsResponseData page = wire.call(ApiKeys.DESCRIBE_TOPIC_PARTITIONS, 0, request);
            page.topics().forEach(topic -> {
                if (topic.errorCode() != 0) {
                    seen.add(topic.name() + " " + Errors.forCode(topic.errorCode()));
                }
                topic.partitions().forEach(partition -> seen.add(topic.name() + partition.partitionIndex()));
            });
            cursor = page.nextCursor() == null
                    ? null
                    : new Cursor()
                            .setTopicName(page.nextCursor().topicName())
                            .setPartitionIndex(page.nextCursor().partitionIndex());
            pages++;
        } while (cursor != null);

        assertThat(seen)
                .containsExactly(
                        "a0", "a1", "a2", "b0", "b1", "c0", "c1", "c2", "c3", "nowhere UNKNOWN_TOPIC_OR_PARTITION");
        assertThat(pages).isEqualTo(5);
    }

    @Test
    void metadataNamesTopicsByNameAndIdAndCreatesWhatIsAskedFor() {
        Uuid id = create(false, topic("a", 1)).topics().find("a").topicId();
        MetadataRequestData request = new MetadataRequestData()
                .setAllowAutoTopicCreation(true)
                .setTopics(List.of(
                        new MetadataRequestTopic().setName("made"),
                        new MetadataRequestTopic().setName("no/name"),
                        new MetadataRequestTopic().setName(null).setTopicId(id),
                        new MetadataRequestTopic().setName(null).setTopicId(new Uuid(3, 3))));

        MetadataResponseData answer = wire.call(ApiKeys.METADATA, 12, request);

        assertThat(answer.topics().stream()
                        .map(one -> one.name() + " " + Errors.forCode(one.errorCode()))
                        .toList())
                .containsExactlyInAnyOrder(
                        "made NONE", "no/name INVALID_TOPIC_EXCEPTION", "a NONE", "null UNKNOWN_TOPIC_ID");
        assertThat(names()).containsExactly("a", "made");
        assertThat(answer.brokers().find(1).port()).isEqualTo(server.kafkaPort());
        assertThat(answer.brokers().find(1).host()).isEqualTo("127.0.0.1");
    }

    @Test
    void aTopicWithoutNameIsInvalidWhereAnswersNeedOne() {
        for (int version : new int[] {10, 11}) {
            for (boolean create : new boolean[] {false, true}) {
                MetadataResponseData answer = wire.call(
                        ApiKeys.METADATA,
                        version,
                        new MetadataRequestData()
                                .setAllowAutoTopicCreation(create)
                                .setTopics(List.of(
                                        new MetadataRequestTopic().setName(null).setTopicId(new Uuid(1, 1)))));
                assertThat(answer.topics().find("").errorCode()).isEqualTo(Errors.INVALID_TOPIC_EXCEPTION.code());
            }
        }
    }

    @Test
    void theClusterIsDescribedForBrokersOnly() {
        DescribeClusterResponseData brokers = wire.call(ApiKeys.DESCRIBE_CLUSTER, 1, new DescribeClusterRequestData());
        DescribeClusterResponseData controllers =
                wire.call(ApiKeys.DESCRIBE_CLUSTER, 1, new DescribeClusterRequestData().setEndpointType((byte) 2));
        DescribeClusterResponseData others =
                wire.call(ApiKeys.DESCRIBE_CLUSTER, 1, new DescribeClusterRequestData().setEndpointType((byte) 9));

        assertThat(brokers.brokers()).hasSize(1);
        assertThat(brokers.clusterId()).isNotEmpty();
        assertThat(controllers.errorCode()).isEqualTo(Errors.MISMATCHED_ENDPOINT_TYPE.code());
        assertThat(others.errorCode()).isEqualTo(Errors.UNSUPPORTED_ENDPOINT_TYPE.code());
    }

    @Test
    void settingsAreSetTakenBackAndTheirListsChanged() {
        create(false, topic("t", 1));

        assertAltered(Errors.NONE, false, change("cleanup.policy", APPEND, "compact"));
        assertThat(value("cleanup.policy")).isEqualTo("delete,compact");
        assertAltered(Errors.NONE, false, change("cleanup.policy", SUBTRACT, "delete"));
        assertThat(value("cleanup.policy")).isEqualTo("compact");
        assertAltered(Errors.NONE, false, change("cleanup.policy", DELETE, null));
        assertThat(value("cleanup.policy")).isEqualTo("delete");

        assertAltered(Errors.NONE, true, change("retention.ms", SET, "1"));
        assertAltered(Errors.INVALID_CONFIG, false, change("retention.ms", SET, "soon"));
        assertAltered(Errors.INVALID_CONFIG, false, change("retention.mss", SET, "1"));
        assertAltered(Errors.INVALID_CONFIG, false, change("retention.ms", APPEND, "1"));
        assertAltered(Errors.INVALID_REQUEST, false, change("retention.ms", SET, null));
        assertAltered(Errors.INVALID_REQUEST, false, change("retention.ms", (byte) 9, "1"));
        assertAltered(
                Errors.INVALID_CONFIG, false, change("retention.ms", SET, "1"), change("segment.bytes", SET, "no"));
        assertThat(value("retention.ms")).as("all or nothing").isEqualTo("604800000");
    }

    private static AlterableConfig change(String name, byte operation, String value) {
        return new AlterableConfig().setName(name).setConfigOperation(operation).setValue(value);
    }

    private void assertAltered(Errors expected, boolean validateOnly, AlterableConfig... changes) {
        IncrementalAlterConfigsRequestData request =
                new IncrementalAlterConfigsRequestData().setValidateOnly(validateOnly);
        AlterConfigsResource resource = new AlterConfigsResource()
                .setResourceType(ConfigResource.Type.TOPIC.id())
                .setResourceName("t");
        for (AlterableConfig change : changes) {
            resource.configs().add(change);
        }
        request.resources().add(resource);
        IncrementalAlterConfigsResponseData answer = wire.call(ApiKeys.INCREMENTAL_ALTER_CONFIGS, 1, request);
        assertThat(Errors.forCode(answer.responses().get(0).errorCode()))
                .as("%s: %s", List.of(changes), answer)
                .isEqualTo(expected);
    }

    private String value(String name) {
        DescribeConfigsResult result = describe(ConfigResource.Type.TOPIC.id(), "t", List.of(name));
        assertThat(result.configs()).hasSize(1);
        return result.configs().get(0).value();
    }

    private DescribeConfigsResult describe(byte type, String name, List<String> keys) {
        DescribeConfigsResponseData described = wire.call(
                ApiKeys.DESCRIBE_CONFIGS,
                4,
                new DescribeConfigsRequestData()
                        .setIncludeSynonyms(true)
                        .setIncludeDocumentation(true)
                        .setResources(List.of(new DescribeConfigsResource()
                                .setResourceType(type)
                                .setResourceName(name)
                                .setConfigurationKeys(keys))));
        return described.results().get(0);
    }

    @Test
    void resourcesThatHaveNoSettingsAreRefused() {
        byte topic = ConfigResource.Type.TOPIC.id();
        byte broker = ConfigResource.Type.BROKER.id();
        assertThat(Errors.forCode(describe(topic, "nowhere", null).errorCode()))
                .isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        assertThat(Errors.forCode(describe(topic, "no/name", null).errorCode()))
                .isEqualTo(Errors.INVALID_TOPIC_EXCEPTION);
        assertThat(Errors.forCode(describe(broker, "2", null).errorCode())).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(Errors.forCode(describe(broker, "x", null).errorCode())).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(Errors.forCode(describe((byte) 77, "x", null).errorCode())).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(describe(broker, "", null).configs()).isEmpty();
        assertThat(describe(broker, "1", List.of("log.retention.bytes", "no.such"))
                        .configs())
                .singleElement()
                .satisfies(config -> {
                    assertThat(config.value()).isEqualTo("5000000");
                    assertThat(config.readOnly()).isTrue();
                    assertThat(config.configSource()).isEqualTo((byte) 4);
                });
    }
}
