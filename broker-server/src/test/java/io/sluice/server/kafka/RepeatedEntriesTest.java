package io.sluice.server.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.message.ConsumerGroupDescribeRequestData;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.apache.kafka.common.message.DeleteRecordsRequestData;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsPartition;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsTopic;
import org.apache.kafka.common.message.DeleteRecordsResponseData;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData.DeleteTopicState;
import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeConfigsRequestData.DescribeConfigsResource;
import org.apache.kafka.common.message.DescribeConfigsResponseData;
import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.apache.kafka.common.message.DescribeProducersRequestData;
import org.apache.kafka.common.message.DescribeProducersRequestData.TopicRequest;
import org.apache.kafka.common.message.DescribeProducersResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestPartition;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopic;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopicCollection;
import org.apache.kafka.common.message.OffsetDeleteResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Requests that name one thing thousands of times. They must not grow into answers that fill the memory, nor into work that
 * keeps an event loop from its other connections.
 */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class RepeatedEntriesTest {
    private static final int MANY = 6_000;
    private static final int ID_BYTES = 16;

    @TempDir
    private Path folder;

    private RunningServer server;
    private KafkaWire wire;

    @BeforeEach
    void start() {
        server = TestServers.on(folder, Map.of());
        wire = new KafkaWire(server.kafkaPort());
        wire.call(ApiKeys.CREATE_TOPICS, 7, Requests.createTopics("t"));
    }

    @AfterEach
    void stop() {
        wire.close();
        server.close();
    }

    private static <T> List<T> many(T one) {
        return Collections.nCopies(MANY, one);
    }

    private static Uuid unknownId(int i) {
        return new Uuid(i, 7L * i);
    }

    @Test
    void settingsAreDescribedOnce() {
        DescribeConfigsResponseData answer = wire.call(
                ApiKeys.DESCRIBE_CONFIGS,
                4,
                new DescribeConfigsRequestData()
                        .setResources(many(new DescribeConfigsResource()
                                .setResourceType(ConfigResource.Type.TOPIC.id())
                                .setResourceName("t")
                                .setConfigurationKeys(null)))
                        .setIncludeDocumentation(true)
                        .setIncludeSynonyms(true));

        assertThat(answer.results()).hasSize(1);
        assertThat(answer.results().get(0).configs()).isNotEmpty();
    }

    @Test
    void groupsAreDescribedOnce() {
        DescribeGroupsResponseData classic =
                wire.call(ApiKeys.DESCRIBE_GROUPS, 5, new DescribeGroupsRequestData().setGroups(many("g")));
        ConsumerGroupDescribeResponseData consumer = wire.call(
                ApiKeys.CONSUMER_GROUP_DESCRIBE, 0, new ConsumerGroupDescribeRequestData().setGroupIds(many("g")));
        OffsetFetchResponseData positions = wire.call(
                ApiKeys.OFFSET_FETCH,
                8,
                new OffsetFetchRequestData()
                        .setGroups(many(
                                new OffsetFetchRequestGroup().setGroupId("g").setTopics(null))));

        assertThat(classic.groups()).hasSize(1);
        assertThat(consumer.groups()).hasSize(1);
        assertThat(positions.groups()).hasSize(1);
    }

    @Test
    void producersOfAPartitionAreDescribedOnce() {
        DescribeProducersResponseData answer = wire.call(
                ApiKeys.DESCRIBE_PRODUCERS,
                0,
                new DescribeProducersRequestData()
                        .setTopics(List.of(new TopicRequest().setName("t").setPartitionIndexes(many(0)))));

        assertThat(answer.topics().get(0).partitions()).hasSize(1);
    }

    @Test
    void recordsAndPositionsOfAPartitionAreDeletedOnce() {
        wire.call(
                ApiKeys.OFFSET_COMMIT,
                8,
                new Requests("t", Uuid.ZERO_UUID, 0, "other")
                        .of(ApiKeys.OFFSET_COMMIT, 8)
                        .orElseThrow());

        DeleteRecordsResponseData records = wire.call(
                ApiKeys.DELETE_RECORDS,
                2,
                new DeleteRecordsRequestData()
                        .setTimeoutMs(10_000)
                        .setTopics(List.of(new DeleteRecordsTopic()
                                .setName("t")
                                .setPartitions(many(new DeleteRecordsPartition()
                                        .setPartitionIndex(0)
                                        .setOffset(0))))));
        OffsetDeleteRequestTopicCollection topics = new OffsetDeleteRequestTopicCollection();
        topics.add(new OffsetDeleteRequestTopic()
                .setName("t")
                .setPartitions(many(new OffsetDeleteRequestPartition().setPartitionIndex(0))));
        OffsetDeleteResponseData positions = wire.call(
                ApiKeys.OFFSET_DELETE,
                0,
                new OffsetDeleteRequestData().setGroupId("group").setTopics(topics));

        assertThat(records.topics().find("t").partitions()).hasSize(1);
        assertThat(positions.topics().find("t").partitions()).hasSize(1);
    }

    @Test
    void manyIdsThatNoTopicHasAreEachAnswered() {
        wire.send(
                ApiKeys.METADATA,
                12,
                new MetadataRequestData()
                        .setTopics(IntStream.rangeClosed(1, MANY)
                                .mapToObj(i ->
                                        new MetadataRequestTopic().setName(null).setTopicId(unknownId(i)))
                                .toList()));
        wire.send(
                ApiKeys.DELETE_TOPICS,
                6,
                new DeleteTopicsRequestData()
                        .setTopics(IntStream.rangeClosed(1, MANY)
                                .mapToObj(i ->
                                        new DeleteTopicState().setName(null).setTopicId(unknownId(i)))
                                .toList()));

        // The library would take minutes to read these: it has the same tables.
        assertThat(wire.receiveFrame().length).isGreaterThan(MANY * ID_BYTES);
        assertThat(wire.receiveFrame().length).isGreaterThan(MANY * ID_BYTES);
    }
}
