package io.sluice.server.kafka;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.message.AlterConfigsRequestData;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ConsumerGroupDescribeRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsTopic;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsTopicCollection;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicCollection;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicConfig;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicConfigCollection;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteRecordsRequestData;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsPartition;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsTopic;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData.DeleteTopicState;
import org.apache.kafka.common.message.DescribeAclsRequestData;
import org.apache.kafka.common.message.DescribeClusterRequestData;
import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeConfigsRequestData.DescribeConfigsResource;
import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeLogDirsRequestData;
import org.apache.kafka.common.message.DescribeLogDirsRequestData.DescribableLogDirTopic;
import org.apache.kafka.common.message.DescribeLogDirsRequestData.DescribableLogDirTopicCollection;
import org.apache.kafka.common.message.DescribeProducersRequestData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData.Cursor;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData.TopicRequest;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocol;
import org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocolCollection;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData.MemberIdentity;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsPartition;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsTopic;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestPartition;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopic;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopicCollection;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopic;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderPartition;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderTopic;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderTopicCollection;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceDataCollection;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.requests.ListOffsetsRequest;

/**
 * A request of every API in every version, as a client would make it, about one partition of one topic. Whether the topic is
 * there, and what its partition is, decides how it is answered.
 *
 * @param topic the topic's name
 * @param topicId its id
 * @param partition the partition
 * @param otherTopic a topic to create and to delete
 */
record Requests(String topic, Uuid topicId, int partition, String otherTopic) {
    private static final String GROUP = "group";
    private static final AtomicInteger JOINED = new AtomicInteger();

    /** The records of a produce. */
    static MemoryRecords records(String... values) {
        SimpleRecord[] records = new SimpleRecord[values.length];
        for (int i = 0; i < values.length; i++) {
            records[i] = new SimpleRecord(
                    1_700_000_000_000L + i,
                    ("k" + i).getBytes(StandardCharsets.UTF_8),
                    values[i].getBytes(StandardCharsets.UTF_8));
        }
        return MemoryRecords.withRecords(Compression.NONE, records);
    }

    /** Empty for APIs of which nobody has written here what a client asks. */
    Optional<ApiMessage> of(ApiKeys key, int version) {
        return Optional.ofNullable(
                switch (key) {
                    case PRODUCE -> produce(version, (short) -1, records("one", "two"));
                    case FETCH -> fetch(version, 0, 0, 0);
                    case LIST_OFFSETS -> listOffsets(version, ListOffsetsRequest.LATEST_TIMESTAMP);
                    case METADATA -> metadata(version);
                    case INIT_PRODUCER_ID -> new InitProducerIdRequestData().setTransactionalId(null);
                    case DELETE_RECORDS -> deleteRecords(0);
                    case OFFSET_FOR_LEADER_EPOCH -> offsetForLeaderEpoch(-1, 0);
                    case DESCRIBE_PRODUCERS -> describeProducers();
                    case DESCRIBE_CLUSTER -> new DescribeClusterRequestData();
                    case DESCRIBE_ACLS -> new DescribeAclsRequestData();
                    case DESCRIBE_TOPIC_PARTITIONS -> describeTopicPartitions();
                    case CREATE_TOPICS -> createTopics(otherTopic);
                    case DELETE_TOPICS -> deleteTopics(version, otherTopic);
                    case CREATE_PARTITIONS -> createPartitions(5, true);
                    case DESCRIBE_CONFIGS -> describeConfigs(version);
                    case ALTER_CONFIGS -> alterConfigs();
                    case INCREMENTAL_ALTER_CONFIGS -> incrementalAlterConfigs();
                    case DESCRIBE_LOG_DIRS -> describeLogDirs();
                    case API_VERSIONS -> apiVersions(version);
                    case FIND_COORDINATOR -> findCoordinator(version);
                    case JOIN_GROUP -> joinGroup(version);
                    case SYNC_GROUP -> syncGroup(version);
                    case HEARTBEAT ->
                        new HeartbeatRequestData().setGroupId(GROUP).setMemberId("member");
                    case LEAVE_GROUP -> leaveGroup(version);
                    case OFFSET_COMMIT -> offsetCommit(version);
                    case OFFSET_FETCH -> offsetFetch(version);
                    case OFFSET_DELETE -> offsetDelete();
                    case LIST_GROUPS -> new ListGroupsRequestData();
                    case DESCRIBE_GROUPS -> new DescribeGroupsRequestData().setGroups(List.of(GROUP));
                    case CONSUMER_GROUP_HEARTBEAT -> consumerGroupHeartbeat();
                    case CONSUMER_GROUP_DESCRIBE -> new ConsumerGroupDescribeRequestData().setGroupIds(List.of(GROUP));
                    case DELETE_GROUPS -> new DeleteGroupsRequestData().setGroupsNames(List.of(GROUP));
                    default -> null;
                });
    }

    /** Of a member that joins. */
    private ConsumerGroupHeartbeatRequestData consumerGroupHeartbeat() {
        return new ConsumerGroupHeartbeatRequestData()
                .setGroupId(GROUP + "-of-heartbeats")
                .setMemberId("member")
                .setMemberEpoch(0)
                .setRebalanceTimeoutMs(10_000)
                .setSubscribedTopicNames(List.of(topic))
                .setTopicPartitions(List.of());
    }

    ProduceRequestData produce(int version, short acks, MemoryRecords records) {
        TopicProduceData data = new TopicProduceData()
                .setPartitionData(
                        List.of(new PartitionProduceData().setIndex(partition).setRecords(records)));
        if (version >= 13) {
            data.setTopicId(topicId);
        } else {
            data.setName(topic);
        }
        return new ProduceRequestData()
                .setAcks(acks)
                .setTimeoutMs(10_000)
                .setTopicData(new TopicProduceDataCollection(List.of(data).iterator()));
    }

    /** A fetch outside of sessions, of all there is. */
    FetchRequestData fetch(int version, long offset, int minBytes, int maxWaitMs) {
        FetchTopic wanted = fetchTopic(version, offset);
        return new FetchRequestData()
                .setMinBytes(minBytes)
                .setMaxWaitMs(maxWaitMs)
                .setMaxBytes(1 << 20)
                .setTopics(List.of(wanted));
    }

    /** The topic and partition of a fetch. */
    FetchTopic fetchTopic(int version, long offset) {
        FetchTopic wanted = new FetchTopic()
                .setPartitions(List.of(new FetchPartition()
                        .setPartition(partition)
                        .setFetchOffset(offset)
                        .setPartitionMaxBytes(1 << 20)));
        return version >= 13 ? wanted.setTopicId(topicId) : wanted.setTopic(topic);
    }

    ListOffsetsRequestData listOffsets(int version, long timestamp) {
        return new ListOffsetsRequestData()
                .setReplicaId(-1)
                .setTopics(List.of(new ListOffsetsTopic()
                        .setName(topic)
                        .setPartitions(List.of(new ListOffsetsPartition()
                                .setPartitionIndex(partition)
                                .setTimestamp(timestamp)))));
    }

    private MetadataRequestData metadata(int version) {
        MetadataRequestTopic byName = new MetadataRequestTopic().setName(topic);
        return new MetadataRequestData()
                .setAllowAutoTopicCreation(version < 4)
                .setTopics(
                        version >= 12
                                ? List.of(
                                        byName,
                                        new MetadataRequestTopic().setName(null).setTopicId(topicId))
                                : List.of(byName));
    }

    DeleteRecordsRequestData deleteRecords(long before) {
        return new DeleteRecordsRequestData()
                .setTimeoutMs(10_000)
                .setTopics(List.of(new DeleteRecordsTopic()
                        .setName(topic)
                        .setPartitions(List.of(new DeleteRecordsPartition()
                                .setPartitionIndex(partition)
                                .setOffset(before)))));
    }

    OffsetForLeaderEpochRequestData offsetForLeaderEpoch(int currentEpoch, int epoch) {
        OffsetForLeaderTopic wanted = new OffsetForLeaderTopic()
                .setTopic(topic)
                .setPartitions(List.of(new OffsetForLeaderPartition()
                        .setPartition(partition)
                        .setCurrentLeaderEpoch(currentEpoch)
                        .setLeaderEpoch(epoch)));
        return new OffsetForLeaderEpochRequestData()
                .setTopics(new OffsetForLeaderTopicCollection(List.of(wanted).iterator()));
    }

    private DescribeProducersRequestData describeProducers() {
        return new DescribeProducersRequestData()
                .setTopics(List.of(new DescribeProducersRequestData.TopicRequest()
                        .setName(topic)
                        .setPartitionIndexes(List.of(partition))));
    }

    private DescribeTopicPartitionsRequestData describeTopicPartitions() {
        return new DescribeTopicPartitionsRequestData()
                .setTopics(List.of(new TopicRequest().setName(topic)))
                .setCursor(new Cursor().setTopicName(topic).setPartitionIndex(partition));
    }

    static CreateTopicsRequestData createTopics(String name) {
        CreatableTopic wish = new CreatableTopic()
                .setName(name)
                .setNumPartitions(1)
                .setReplicationFactor((short) 1)
                .setConfigs(new CreatableTopicConfigCollection(List.of(new CreatableTopicConfig()
                                .setName("retention.ms")
                                .setValue("1000000"))
                        .iterator()));
        return new CreateTopicsRequestData()
                .setTopics(new CreatableTopicCollection(List.of(wish).iterator()));
    }

    static DeleteTopicsRequestData deleteTopics(int version, String name) {
        return version >= 6
                ? new DeleteTopicsRequestData().setTopics(List.of(new DeleteTopicState().setName(name)))
                : new DeleteTopicsRequestData().setTopicNames(List.of(name));
    }

    private CreatePartitionsRequestData createPartitions(int count, boolean validateOnly) {
        CreatePartitionsTopic wish =
                new CreatePartitionsTopic().setName(topic).setCount(count).setAssignments(null);
        return new CreatePartitionsRequestData()
                .setTimeoutMs(10_000)
                .setValidateOnly(validateOnly)
                .setTopics(new CreatePartitionsTopicCollection(List.of(wish).iterator()));
    }

    private DescribeConfigsRequestData describeConfigs(int version) {
        return new DescribeConfigsRequestData()
                .setIncludeSynonyms(true)
                .setIncludeDocumentation(version >= 3)
                .setResources(List.of(
                        new DescribeConfigsResource()
                                .setResourceType(ConfigResource.Type.TOPIC.id())
                                .setResourceName(topic)
                                .setConfigurationKeys(null),
                        new DescribeConfigsResource()
                                .setResourceType(ConfigResource.Type.BROKER.id())
                                .setResourceName("1")
                                .setConfigurationKeys(null)));
    }

    private AlterConfigsRequestData alterConfigs() {
        AlterConfigsRequestData.AlterConfigsResource resource = new AlterConfigsRequestData.AlterConfigsResource()
                .setResourceType(ConfigResource.Type.TOPIC.id())
                .setResourceName(topic);
        resource.configs()
                .add(new AlterConfigsRequestData.AlterableConfig()
                        .setName("retention.ms")
                        .setValue("2000000"));
        AlterConfigsRequestData request = new AlterConfigsRequestData().setValidateOnly(true);
        request.resources().add(resource);
        return request;
    }

    private IncrementalAlterConfigsRequestData incrementalAlterConfigs() {
        IncrementalAlterConfigsRequestData.AlterConfigsResource resource =
                new IncrementalAlterConfigsRequestData.AlterConfigsResource()
                        .setResourceType(ConfigResource.Type.TOPIC.id())
                        .setResourceName(topic);
        resource.configs()
                .add(new IncrementalAlterConfigsRequestData.AlterableConfig()
                        .setName("retention.ms")
                        .setConfigOperation((byte) 0)
                        .setValue("2000000"));
        IncrementalAlterConfigsRequestData request = new IncrementalAlterConfigsRequestData().setValidateOnly(true);
        request.resources().add(resource);
        return request;
    }

    private DescribeLogDirsRequestData describeLogDirs() {
        DescribableLogDirTopic wanted =
                new DescribableLogDirTopic().setTopic(topic).setPartitions(List.of(partition));
        return new DescribeLogDirsRequestData()
                .setTopics(new DescribableLogDirTopicCollection(List.of(wanted).iterator()));
    }

    private static ApiVersionsRequestData apiVersions(int version) {
        return version >= 3
                ? new ApiVersionsRequestData().setClientSoftwareName("wire").setClientSoftwareVersion("1.0")
                : new ApiVersionsRequestData();
    }

    private static FindCoordinatorRequestData findCoordinator(int version) {
        return version >= 4
                ? new FindCoordinatorRequestData().setCoordinatorKeys(List.of(GROUP))
                : new FindCoordinatorRequestData().setKey(GROUP);
    }

    private static JoinGroupRequestData joinGroup(int version) {
        JoinGroupRequestProtocol protocol =
                new JoinGroupRequestProtocol().setName("range").setMetadata(new byte[] {0, 1, 2});
        // Each a group of its own: who joins a group with members waits for them.
        JoinGroupRequestData request = new JoinGroupRequestData()
                .setGroupId(GROUP + "-" + JOINED.incrementAndGet())
                .setSessionTimeoutMs(10_000)
                .setRebalanceTimeoutMs(version >= 1 ? 10_000 : -1)
                .setProtocolType("consumer");
        return request.setProtocols(
                new JoinGroupRequestProtocolCollection(List.of(protocol).iterator()));
    }

    private static SyncGroupRequestData syncGroup(int version) {
        SyncGroupRequestData request =
                new SyncGroupRequestData().setGroupId(GROUP).setMemberId("member");
        return version >= 5 ? request.setProtocolType("consumer").setProtocolName("range") : request;
    }

    private static LeaveGroupRequestData leaveGroup(int version) {
        LeaveGroupRequestData request = new LeaveGroupRequestData().setGroupId(GROUP);
        return version >= 3
                ? request.setMembers(List.of(new MemberIdentity().setMemberId("member")))
                : request.setMemberId("member");
    }

    private OffsetCommitRequestData offsetCommit(int version) {
        OffsetCommitRequestTopic offsets = new OffsetCommitRequestTopic()
                .setPartitions(List.of(new OffsetCommitRequestPartition()
                        .setPartitionIndex(partition)
                        .setCommittedOffset(1)
                        .setCommittedMetadata("")));
        return new OffsetCommitRequestData()
                .setGroupId(GROUP)
                .setTopics(List.of(version >= 10 ? offsets.setTopicId(topicId) : offsets.setName(topic)));
    }

    private OffsetFetchRequestData offsetFetch(int version) {
        List<Integer> partitions = List.of(partition);
        if (version < 8) {
            return new OffsetFetchRequestData()
                    .setGroupId(GROUP)
                    .setTopics(
                            List.of(new OffsetFetchRequestTopic().setName(topic).setPartitionIndexes(partitions)));
        }
        OffsetFetchRequestTopics wanted = new OffsetFetchRequestTopics().setPartitionIndexes(partitions);
        return new OffsetFetchRequestData()
                .setGroups(List.of(new OffsetFetchRequestGroup()
                        .setGroupId(GROUP)
                        .setTopics(List.of(version >= 10 ? wanted.setTopicId(topicId) : wanted.setName(topic)))));
    }

    private OffsetDeleteRequestData offsetDelete() {
        OffsetDeleteRequestTopic offsets = new OffsetDeleteRequestTopic()
                .setName(topic)
                .setPartitions(List.of(new OffsetDeleteRequestPartition().setPartitionIndex(partition)));
        return new OffsetDeleteRequestData()
                .setGroupId(GROUP)
                .setTopics(
                        new OffsetDeleteRequestTopicCollection(List.of(offsets).iterator()));
    }
}
