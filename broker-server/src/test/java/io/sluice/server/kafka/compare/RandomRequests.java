package io.sluice.server.kafka.compare;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.AlterConfigsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsTopic;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicConfig;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteRecordsRequestData;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsPartition;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsTopic;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData.DeleteTopicState;
import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeConfigsRequestData.DescribeConfigsResource;
import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterConfigsResource;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData.AlterableConfig;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocol;
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
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;

/** Requests of clients, good and bad, from a seed. Topics are named by their names, so that both brokers take them alike. */
final class RandomRequests {
    private static final String[] TOPICS = {"a", "b", "c.d", "c_d", "compacted", "no such", "none", ""};
    private static final String[] GROUPS = {"g1", "g2", "g3", ""};
    private static final byte TOPIC = 2;

    private final SplittableRandom random;
    private long timestamp = 1_700_000_000_000L;

    RandomRequests(long seed) {
        random = new SplittableRandom(seed);
    }

    /**
     * One request.
     *
     * @param key the API
     * @param version the version
     * @param message the message
     */
    record Request(ApiKeys key, int version, ApiMessage message) {}

    Request next() {
        int lot = random.nextInt(100);
        if (lot < 30) {
            return produce();
        } else if (lot < 42) {
            return fetch();
        } else if (lot < 50) {
            return listOffsets();
        } else if (lot < 55) {
            return createTopics();
        } else if (lot < 57) {
            return of(
                    ApiKeys.DELETE_TOPICS,
                    6,
                    6,
                    new DeleteTopicsRequestData()
                            .setTopics(List.of(new DeleteTopicState().setName(pick(TOPICS))))
                            .setTimeoutMs(5_000));
        } else if (lot < 60) {
            return createPartitions();
        } else if (lot < 64) {
            return metadata();
        } else if (lot < 67) {
            return deleteRecords();
        } else if (lot < 72) {
            return alterConfigs();
        } else if (lot < 75) {
            return describeConfigs();
        }
        return groups(lot);
    }

    private Request groups(int lot) {
        String group = pick(GROUPS);
        if (lot < 80) {
            return offsetCommit(group);
        } else if (lot < 85) {
            return offsetFetch(group);
        } else if (lot < 87) {
            return offsetDelete(group);
        } else if (lot < 89) {
            return of(ApiKeys.DELETE_GROUPS, 0, 2, new DeleteGroupsRequestData().setGroupsNames(List.of(group)));
        } else if (lot < 91) {
            return of(ApiKeys.DESCRIBE_GROUPS, 0, 6, new DescribeGroupsRequestData().setGroups(List.of(group)));
        } else if (lot < 92) {
            return of(ApiKeys.LIST_GROUPS, 0, 5, new ListGroupsRequestData());
        } else if (lot < 94) {
            return of(
                    ApiKeys.HEARTBEAT,
                    0,
                    4,
                    new HeartbeatRequestData()
                            .setGroupId(group)
                            .setMemberId(random.nextBoolean() ? "nobody" : "")
                            .setGenerationId(random.nextInt(-1, 3)));
        } else if (lot < 96) {
            return of(
                    ApiKeys.SYNC_GROUP,
                    0,
                    5,
                    new SyncGroupRequestData()
                            .setGroupId(group)
                            .setMemberId("nobody")
                            .setGenerationId(random.nextInt(-1, 3)));
        } else if (lot < 98) {
            return of(
                    ApiKeys.LEAVE_GROUP,
                    3,
                    5,
                    new LeaveGroupRequestData()
                            .setGroupId(group)
                            .setMembers(List.of(new MemberIdentity().setMemberId("nobody"))));
        }
        JoinGroupRequestData join = new JoinGroupRequestData()
                .setGroupId(group)
                .setMemberId("nobody")
                .setSessionTimeoutMs(random.nextBoolean() ? 10 : 10_000)
                .setRebalanceTimeoutMs(10_000)
                .setProtocolType("consumer");
        join.protocols().add(new JoinGroupRequestProtocol().setName("range").setMetadata(new byte[0]));
        return of(ApiKeys.JOIN_GROUP, 2, 9, join);
    }

    private Request of(ApiKeys key, int oldest, int newest, ApiMessage message) {
        return new Request(key, random.nextInt(oldest, newest + 1), message);
    }

    private <T> T pick(T[] from) {
        return from[random.nextInt(from.length)];
    }

    private int partition() {
        return random.nextInt(10) < 8 ? random.nextInt(2) : random.nextInt(-1, 6);
    }

    private Request produce() {
        int version = random.nextInt(3, 13);
        ProduceRequestData data = new ProduceRequestData()
                .setAcks(random.nextInt(20) == 0 ? (short) 2 : random.nextBoolean() ? (short) -1 : (short) 1)
                .setTimeoutMs(5_000);
        TopicProduceData topic = new TopicProduceData().setName(pick(TOPICS));
        topic.partitionData()
                .add(new PartitionProduceData().setIndex(partition()).setRecords(records()));
        data.topicData().add(topic);
        return new Request(ApiKeys.PRODUCE, version, data);
    }

    private MemoryRecords records() {
        int count = random.nextInt(1, 4);
        SimpleRecord[] records = new SimpleRecord[count];
        for (int i = 0; i < count; i++) {
            byte[] key = random.nextInt(4) == 0 ? null : bytes("k" + random.nextInt(5));
            byte[] value = random.nextInt(8) == 0 ? null : bytes("v".repeat(random.nextInt(1, 40)));
            records[i] = new SimpleRecord(timestamp += random.nextInt(-50, 200), key, value);
        }
        MemoryRecords good = MemoryRecords.withRecords(
                random.nextInt(4) == 0 ? Compression.gzip().build() : Compression.NONE, records);
        switch (random.nextInt(25)) {
            case 0 -> {
                ByteBuffer bytes = good.buffer();
                int at = random.nextInt(21, bytes.limit());
                bytes.put(at, (byte) (bytes.get(at) ^ 1));
                return MemoryRecords.readableRecords(bytes);
            }
            case 1 -> {
                ByteBuffer one = good.buffer();
                ByteBuffer two = ByteBuffer.allocate(2 * one.remaining());
                two.put(one.duplicate()).put(one.duplicate());
                return MemoryRecords.readableRecords(two.flip());
            }
            case 2 -> {
                return MemoryRecords.EMPTY;
            }
            case 3 -> {
                ByteBuffer bytes = good.buffer();
                bytes.limit(bytes.limit() - random.nextInt(1, 20));
                return MemoryRecords.readableRecords(bytes.slice());
            }
            default -> {
                return good;
            }
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private Request fetch() {
        int version = random.nextInt(4, 13);
        FetchRequestData data = new FetchRequestData()
                .setMaxWaitMs(0)
                .setMinBytes(1)
                .setMaxBytes(random.nextInt(1, 100_000))
                .setIsolationLevel((byte) random.nextInt(2))
                .setSessionEpoch(-1);
        FetchTopic topic = new FetchTopic().setTopic(pick(TOPICS));
        topic.partitions()
                .add(new FetchPartition()
                        .setPartition(partition())
                        .setFetchOffset(random.nextInt(-1, 12))
                        .setPartitionMaxBytes(random.nextInt(1, 2_000)));
        data.setTopics(List.of(topic));
        return new Request(ApiKeys.FETCH, version, data);
    }

    private Request listOffsets() {
        long[] specs = {-1, -2, -3, -4, -7, 0, 1_700_000_000_000L, timestamp, timestamp + 10_000, Long.MAX_VALUE};
        ListOffsetsTopic topic = new ListOffsetsTopic().setName(pick(TOPICS));
        topic.partitions()
                .add(new ListOffsetsPartition()
                        .setPartitionIndex(partition())
                        .setTimestamp(specs[random.nextInt(specs.length)]));
        return of(
                ApiKeys.LIST_OFFSETS,
                1,
                10,
                new ListOffsetsRequestData().setReplicaId(-1).setTopics(List.of(topic)));
    }

    private Request createTopics() {
        CreatableTopic topic = new CreatableTopic()
                .setName(pick(TOPICS))
                .setNumPartitions(random.nextInt(8) == 0 ? random.nextInt(-2, 1) : random.nextInt(1, 4))
                .setReplicationFactor((short) (random.nextInt(8) == 0 ? random.nextInt(-2, 4) : 1));
        if (topic.name().equals("compacted")) {
            topic.configs()
                    .add(new CreatableTopicConfig().setName("cleanup.policy").setValue("compact"));
        }
        if (random.nextInt(4) == 0) {
            topic.configs().add(new CreatableTopicConfig().setName(configName()).setValue(configValue()));
        }
        CreateTopicsRequestData data =
                new CreateTopicsRequestData().setTimeoutMs(5_000).setValidateOnly(random.nextInt(5) == 0);
        data.topics().add(topic);
        return of(ApiKeys.CREATE_TOPICS, 4, 7, data);
    }

    private Request createPartitions() {
        CreatePartitionsRequestData data =
                new CreatePartitionsRequestData().setTimeoutMs(5_000).setValidateOnly(random.nextInt(3) == 0);
        data.topics()
                .add(new CreatePartitionsTopic()
                        .setName(pick(TOPICS))
                        .setCount(random.nextInt(-1, 6))
                        .setAssignments(null));
        return of(ApiKeys.CREATE_PARTITIONS, 0, 3, data);
    }

    private Request metadata() {
        List<MetadataRequestTopic> topics = new ArrayList<>();
        for (int i = 0; i < random.nextInt(1, 3); i++) {
            topics.add(new MetadataRequestTopic().setName(pick(TOPICS)));
        }
        return of(
                ApiKeys.METADATA,
                4,
                12,
                new MetadataRequestData().setTopics(topics).setAllowAutoTopicCreation(false));
    }

    private Request deleteRecords() {
        return of(
                ApiKeys.DELETE_RECORDS,
                0,
                2,
                new DeleteRecordsRequestData()
                        .setTimeoutMs(5_000)
                        .setTopics(List.of(new DeleteRecordsTopic()
                                .setName(pick(TOPICS))
                                .setPartitions(List.of(new DeleteRecordsPartition()
                                        .setPartitionIndex(partition())
                                        .setOffset(random.nextInt(-2, 8)))))));
    }

    private String configName() {
        return pick(new String[] {
            "retention.ms",
            "cleanup.policy",
            "max.message.bytes",
            "compression.type",
            "no.such.setting",
            "segment.bytes"
        });
    }

    private String configValue() {
        return pick(new String[] {"-1", "1048576", "86400000", "compact", "delete", "gzip", "abc", "", "-5"});
    }

    private Request alterConfigs() {
        if (random.nextInt(4) == 0) {
            AlterConfigsRequestData.AlterConfigsResource resource = new AlterConfigsRequestData.AlterConfigsResource()
                    .setResourceType(TOPIC)
                    .setResourceName(pick(TOPICS));
            resource.configs()
                    .add(new AlterConfigsRequestData.AlterableConfig()
                            .setName("retention.ms")
                            .setValue("86400000"));
            AlterConfigsRequestData data = new AlterConfigsRequestData().setValidateOnly(random.nextBoolean());
            data.resources().add(resource);
            return of(ApiKeys.ALTER_CONFIGS, 0, 2, data);
        }
        byte operation = (byte) random.nextInt(4);
        AlterConfigsResource resource = new AlterConfigsResource()
                .setResourceType(random.nextInt(10) == 0 ? (byte) 4 : TOPIC)
                .setResourceName(pick(TOPICS));
        resource.configs()
                .add(new AlterableConfig()
                        .setName(configName())
                        .setConfigOperation(operation)
                        .setValue(operation == 1 ? null : configValue()));
        IncrementalAlterConfigsRequestData data =
                new IncrementalAlterConfigsRequestData().setValidateOnly(random.nextInt(3) == 0);
        data.resources().add(resource);
        return of(ApiKeys.INCREMENTAL_ALTER_CONFIGS, 0, 1, data);
    }

    private Request describeConfigs() {
        return of(
                ApiKeys.DESCRIBE_CONFIGS,
                1,
                4,
                new DescribeConfigsRequestData()
                        .setIncludeSynonyms(random.nextBoolean())
                        .setResources(List.of(new DescribeConfigsResource()
                                .setResourceType(TOPIC)
                                .setResourceName(pick(TOPICS))
                                .setConfigurationKeys(List.of(
                                        "retention.ms", "cleanup.policy", "max.message.bytes", "compression.type")))));
    }

    private Request offsetCommit(String group) {
        OffsetCommitRequestTopic topic = new OffsetCommitRequestTopic().setName(pick(TOPICS));
        topic.partitions()
                .add(new OffsetCommitRequestPartition()
                        .setPartitionIndex(partition())
                        .setCommittedOffset(random.nextInt(0, 9))
                        .setCommittedMetadata(random.nextInt(10) == 0 ? "m".repeat(5_000) : "note"));
        return of(
                ApiKeys.OFFSET_COMMIT,
                2,
                9,
                new OffsetCommitRequestData()
                        .setGroupId(group)
                        .setMemberId(random.nextInt(5) == 0 ? "nobody" : "")
                        .setGenerationIdOrMemberEpoch(random.nextInt(5) == 0 ? 3 : -1)
                        .setTopics(List.of(topic)));
    }

    private Request offsetFetch(String group) {
        OffsetFetchRequestTopics topic =
                new OffsetFetchRequestTopics().setName(pick(TOPICS)).setPartitionIndexes(List.of(0, 1, 5));
        return of(
                ApiKeys.OFFSET_FETCH,
                8,
                9,
                new OffsetFetchRequestData()
                        .setGroups(List.of(new OffsetFetchRequestGroup()
                                .setGroupId(group)
                                .setTopics(random.nextInt(3) == 0 ? null : List.of(topic)))));
    }

    private Request offsetDelete(String group) {
        OffsetDeleteRequestTopic topic = new OffsetDeleteRequestTopic().setName(pick(TOPICS));
        topic.setPartitions(List.of(new OffsetDeleteRequestPartition().setPartitionIndex(partition())));
        OffsetDeleteRequestData data = new OffsetDeleteRequestData().setGroupId(group);
        data.topics().add(topic);
        return of(ApiKeys.OFFSET_DELETE, 0, 0, data);
    }
}
