package io.sluice.server;

import io.sluice.core.Broker;
import io.sluice.groups.GroupCoordinator;
import io.sluice.server.kafka.Api;
import io.sluice.server.kafka.ApiTable;
import io.sluice.server.kafka.FrameMemory;
import io.sluice.server.kafka.KafkaLimits;
import io.sluice.server.kafka.Node;
import io.sluice.server.kafka.groups.ConsumerGroupDescribeApi;
import io.sluice.server.kafka.groups.ConsumerGroupHeartbeatApi;
import io.sluice.server.kafka.groups.DeleteGroupsApi;
import io.sluice.server.kafka.groups.DescribeGroupsApi;
import io.sluice.server.kafka.groups.FindCoordinatorApi;
import io.sluice.server.kafka.groups.HeartbeatApi;
import io.sluice.server.kafka.groups.JoinGroupApi;
import io.sluice.server.kafka.groups.LeaveGroupApi;
import io.sluice.server.kafka.groups.ListGroupsApi;
import io.sluice.server.kafka.groups.OffsetCommitApi;
import io.sluice.server.kafka.groups.OffsetDeleteApi;
import io.sluice.server.kafka.groups.OffsetFetchApi;
import io.sluice.server.kafka.groups.SyncGroupApi;
import io.sluice.server.kafka.records.DeleteRecordsApi;
import io.sluice.server.kafka.records.DescribeProducersApi;
import io.sluice.server.kafka.records.FetchApi;
import io.sluice.server.kafka.records.InitProducerIdApi;
import io.sluice.server.kafka.records.ListOffsetsApi;
import io.sluice.server.kafka.records.OffsetForLeaderEpochApi;
import io.sluice.server.kafka.records.ProduceApi;
import io.sluice.server.kafka.topics.AlterConfigsApi;
import io.sluice.server.kafka.topics.ConfigEntries;
import io.sluice.server.kafka.topics.CreatePartitionsApi;
import io.sluice.server.kafka.topics.CreateTopicsApi;
import io.sluice.server.kafka.topics.DeleteTopicsApi;
import io.sluice.server.kafka.topics.DescribeAclsApi;
import io.sluice.server.kafka.topics.DescribeClusterApi;
import io.sluice.server.kafka.topics.DescribeConfigsApi;
import io.sluice.server.kafka.topics.DescribeLogDirsApi;
import io.sluice.server.kafka.topics.DescribeTopicPartitionsApi;
import io.sluice.server.kafka.topics.IncrementalAlterConfigsApi;
import io.sluice.server.kafka.topics.MetadataApi;
import java.nio.file.Path;
import java.util.List;
import org.apache.kafka.common.protocol.ApiKeys;

/** The table of Kafka's APIs that this broker serves. */
final class KafkaApis {
    private KafkaApis() {}

    static ApiTable table(
            Broker broker,
            GroupCoordinator groups,
            Node node,
            KafkaLimits limits,
            FrameMemory responseMemory,
            ConfigEntries configs,
            Path dataDirectory) {
        return new ApiTable(List.of(
                Api.of(ApiKeys.PRODUCE, new ProduceApi(broker)).inPipeline(),
                Api.of(ApiKeys.FETCH, new FetchApi(broker, limits, responseMemory)),
                Api.of(ApiKeys.LIST_OFFSETS, new ListOffsetsApi(broker)),
                Api.of(ApiKeys.INIT_PRODUCER_ID, new InitProducerIdApi(broker)),
                Api.of(ApiKeys.DELETE_RECORDS, new DeleteRecordsApi(broker)),
                Api.of(ApiKeys.OFFSET_FOR_LEADER_EPOCH, new OffsetForLeaderEpochApi(broker)),
                Api.of(ApiKeys.DESCRIBE_PRODUCERS, new DescribeProducersApi(broker)),
                Api.of(ApiKeys.METADATA, new MetadataApi(broker, node)),
                Api.of(ApiKeys.DESCRIBE_CLUSTER, new DescribeClusterApi(broker, node)),
                Api.of(ApiKeys.DESCRIBE_TOPIC_PARTITIONS, new DescribeTopicPartitionsApi(broker, node)),
                Api.of(ApiKeys.CREATE_TOPICS, new CreateTopicsApi(broker, node, configs)),
                Api.of(ApiKeys.DELETE_TOPICS, new DeleteTopicsApi(broker)),
                Api.of(ApiKeys.CREATE_PARTITIONS, new CreatePartitionsApi(broker, node)),
                Api.of(ApiKeys.DESCRIBE_CONFIGS, new DescribeConfigsApi(broker, node, configs)),
                Api.of(ApiKeys.INCREMENTAL_ALTER_CONFIGS, new IncrementalAlterConfigsApi(broker, node, configs)),
                Api.of(ApiKeys.ALTER_CONFIGS, new AlterConfigsApi(broker, node)),
                Api.of(ApiKeys.DESCRIBE_ACLS, new DescribeAclsApi()),
                Api.of(ApiKeys.DESCRIBE_LOG_DIRS, new DescribeLogDirsApi(broker, dataDirectory)),
                Api.of(ApiKeys.FIND_COORDINATOR, new FindCoordinatorApi(node)),
                Api.of(ApiKeys.JOIN_GROUP, new JoinGroupApi(groups)),
                Api.of(ApiKeys.SYNC_GROUP, new SyncGroupApi(groups)),
                Api.of(ApiKeys.HEARTBEAT, new HeartbeatApi(groups)),
                Api.of(ApiKeys.LEAVE_GROUP, new LeaveGroupApi(groups)),
                Api.of(ApiKeys.OFFSET_COMMIT, new OffsetCommitApi(broker, groups)),
                Api.of(ApiKeys.OFFSET_FETCH, new OffsetFetchApi(broker, groups)),
                Api.of(ApiKeys.OFFSET_DELETE, new OffsetDeleteApi(broker, groups)),
                Api.of(ApiKeys.LIST_GROUPS, new ListGroupsApi(groups)),
                Api.of(ApiKeys.DESCRIBE_GROUPS, new DescribeGroupsApi(groups)),
                Api.of(ApiKeys.DELETE_GROUPS, new DeleteGroupsApi(groups)),
                Api.of(ApiKeys.CONSUMER_GROUP_HEARTBEAT, new ConsumerGroupHeartbeatApi(groups)),
                Api.of(ApiKeys.CONSUMER_GROUP_DESCRIBE, new ConsumerGroupDescribeApi(broker, groups))));
    }
}
