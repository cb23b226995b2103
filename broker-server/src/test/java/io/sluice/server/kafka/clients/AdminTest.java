package io.sluice.server.kafka.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigsOptions;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreatePartitionsOptions;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.SecurityDisabledException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** All that Kafka's Admin can ask of this broker. */
@ExtendWith(NoErrorsLogged.class)
class AdminTest {
    private static final long TIME = 1_700_000_000_000L;
    private static final TopicPartition T0 = new TopicPartition("t", 0);
    private static final ConfigResource T = new ConfigResource(ConfigResource.Type.TOPIC, "t");
    private static final ConfigResource BROKER = new ConfigResource(ConfigResource.Type.BROKER, "1");

    @TempDir
    private Path folder;

    private RunningServer server;
    private Admin admin;

    @BeforeEach
    void start() {
        server = TestServers.on(folder, Map.of("log.retention.bytes", "5000000"));
        admin = Admin.create(Map.of("bootstrap.servers", server.bootstrap(), "request.timeout.ms", "15000"));
    }

    @AfterEach
    void nothingFailed() {
        admin.close();
        try (RunningServer ended = server) {
            assertThat(ended.metric("sluice_kafka_requests_failed_total")).isZero();
        }
    }

    private static <T> T get(KafkaFuture<T> future) {
        try {
            return future.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static void assertFails(KafkaFuture<?> future, Class<? extends Throwable> expected, String message) {
        assertThatThrownBy(() -> future.get(20, TimeUnit.SECONDS))
                .cause()
                .isInstanceOf(expected)
                .hasMessageContaining(message);
    }

    private void create(String name, int partitions) {
        get(admin.createTopics(Set.of(new NewTopic(name, Optional.of(partitions), Optional.empty())))
                .all());
    }

    private void produce(int count) {
        try (Producer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", server.bootstrap(), "linger.ms", "0"),
                new StringSerializer(),
                new StringSerializer())) {
            for (int i = 0; i < count; i++) {
                producer.send(new ProducerRecord<>("t", 0, TIME + i, "k", "v" + i));
            }
        }
    }

    @Test
    void topicsAreCreatedDescribedAndDeleted() {
        NewTopic wish = new NewTopic("t", Optional.of(2), Optional.empty()).configs(Map.of("segment.ms", "60000"));
        get(admin.createTopics(Set.of(wish), new CreateTopicsOptions().validateOnly(true))
                .all());
        assertThat(get(admin.listTopics().names())).isEmpty();

        CreateTopicsResult created = admin.createTopics(Set.of(wish));
        Uuid id = get(created.topicId("t"));
        assertThat(get(created.numPartitions("t"))).isEqualTo(2);
        assertThat(get(created.replicationFactor("t"))).isEqualTo(1);
        assertThat(get(created.config("t")).get("segment.ms").value()).isEqualTo("60000");
        assertThat(get(created.config("t")).get("segment.ms").source())
                .isEqualTo(ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG);
        assertThat(get(admin.listTopics().namesToListings()).get("t").topicId()).isEqualTo(id);

        TopicDescription byName =
                get(admin.describeTopics(Set.of("t")).allTopicNames()).get("t");
        TopicDescription byId = get(admin.describeTopics(TopicCollection.ofTopicIds(Set.of(id)))
                        .allTopicIds())
                .get(id);
        assertThat(byId.name()).isEqualTo("t");
        assertThat(byId.topicId()).isEqualTo(byName.topicId());
        assertThat(byId.partitions()).hasSameSizeAs(byName.partitions());
        assertThat(byName.partitions()).hasSize(2).allSatisfy(partition -> {
            assertThat(partition.leader().id()).isEqualTo(1);
            assertThat(partition.isr()).hasSize(1);
            assertThat(partition.replicas()).hasSize(1);
        });

        get(admin.deleteTopics(TopicCollection.ofTopicIds(Set.of(id))).all());
        assertFails(
                admin.deleteTopics(TopicCollection.ofTopicIds(Set.of(id))).all(), UnknownTopicIdException.class, "");
        assertFails(admin.describeTopics(Set.of("t")).allTopicNames(), UnknownTopicOrPartitionException.class, "");
    }

    @Test
    void manyPartitionsAreDescribedInPages() {
        create("many", 50);
        create("one", 1);
        Map<String, TopicDescription> described = get(admin.describeTopics(
                        List.of("many", "one"), new DescribeTopicsOptions().partitionSizeLimitPerResponse(7))
                .allTopicNames());
        assertThat(described.get("many").partitions()).hasSize(50);
        assertThat(described.get("one").partitions()).hasSize(1);
    }

    @Test
    void partitionsAreAddedNotTakenAway() {
        create("t", 2);
        get(admin.createPartitions(
                        Map.of("t", NewPartitions.increaseTo(5)), new CreatePartitionsOptions().validateOnly(true))
                .all());
        assertThat(partitions()).isEqualTo(2);
        get(admin.createPartitions(Map.of("t", NewPartitions.increaseTo(3))).all());
        assertThat(partitions()).isEqualTo(3);
        assertFails(
                admin.createPartitions(Map.of("t", NewPartitions.increaseTo(3))).all(),
                InvalidPartitionsException.class,
                "3");
        assertFails(
                admin.createPartitions(Map.of("t", NewPartitions.increaseTo(2))).all(),
                InvalidPartitionsException.class,
                "2");
        assertFails(
                admin.createPartitions(Map.of("nowhere", NewPartitions.increaseTo(2)))
                        .all(),
                UnknownTopicOrPartitionException.class,
                "nowhere");
    }

    private int partitions() {
        return get(admin.describeTopics(Set.of("t")).allTopicNames())
                .get("t")
                .partitions()
                .size();
    }

    @Test
    void settingsOfTopicsSayWhereTheyComeFrom() {
        create("t", 1);
        get(admin.incrementalAlterConfigs(Map.of(T, List.of(set("retention.ms", "1234567"))))
                .all());

        Config config = get(admin.describeConfigs(
                                Set.of(T),
                                new DescribeConfigsOptions()
                                        .includeSynonyms(true)
                                        .includeDocumentation(true))
                        .all())
                .get(T);

        ConfigEntry own = config.get("retention.ms");
        assertThat(own.value()).isEqualTo("1234567");
        assertThat(own.source()).isEqualTo(ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG);
        assertThat(own.type()).isEqualTo(ConfigEntry.ConfigType.LONG);
        assertThat(own.synonyms().get(0).name()).isEqualTo("retention.ms");
        assertThat(own.synonyms().get(0).value()).isEqualTo("1234567");
        ConfigEntry brokers = config.get("retention.bytes");
        assertThat(brokers.value()).isEqualTo("5000000");
        assertThat(brokers.source()).isEqualTo(ConfigEntry.ConfigSource.STATIC_BROKER_CONFIG);
        assertThat(brokers.synonyms().get(0).name()).isEqualTo("log.retention.bytes");
        ConfigEntry byDefault = config.get("cleanup.policy");
        assertThat(byDefault.source()).isEqualTo(ConfigEntry.ConfigSource.DEFAULT_CONFIG);
        assertThat(byDefault.type()).isEqualTo(ConfigEntry.ConfigType.LIST);
        assertThat(config.get("preallocate").type()).isEqualTo(ConfigEntry.ConfigType.BOOLEAN);
        assertThat(config.get("min.cleanable.dirty.ratio").type()).isEqualTo(ConfigEntry.ConfigType.DOUBLE);
        assertThat(config.get("segment.bytes").type()).isEqualTo(ConfigEntry.ConfigType.INT);
        assertThat(config.entries()).allSatisfy(entry -> {
            assertThat(entry.documentation()).as(entry.name()).isNotEmpty();
            assertThat(entry.isReadOnly()).as(entry.name()).isFalse();
            assertThat(entry.type()).as(entry.name()).isNotEqualTo(ConfigEntry.ConfigType.UNKNOWN);
        });
    }

    private static AlterConfigOp set(String name, String value) {
        return new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET);
    }

    @Test
    void settingsAreChangedForEachResourceOnItsOwn() {
        create("t", 1);
        ConfigResource nowhere = new ConfigResource(ConfigResource.Type.TOPIC, "nowhere");
        Map<ConfigResource, Collection<AlterConfigOp>> wishes = Map.of(
                T, List.of(set("retention.ms", "77")),
                nowhere, List.of(set("retention.ms", "77")),
                BROKER, List.of(set("log.retention.ms", "77")));

        get(admin.incrementalAlterConfigs(
                        Map.of(T, List.of(set("retention.ms", "66"))), new AlterConfigsOptions().validateOnly(true))
                .all());
        assertThat(retention()).isEqualTo("604800000");
        Map<ConfigResource, KafkaFuture<Void>> changed =
                admin.incrementalAlterConfigs(wishes).values();

        get(changed.get(T));
        assertThat(retention()).isEqualTo("77");
        assertFails(changed.get(nowhere), UnknownTopicOrPartitionException.class, "nowhere");
        assertFails(changed.get(BROKER), InvalidRequestException.class, "cannot be changed while it runs");
        assertFails(
                admin.incrementalAlterConfigs(Map.of(T, List.of(set("retention.ms", "never"))))
                        .all(),
                InvalidConfigurationException.class,
                "retention.ms");
        get(admin.incrementalAlterConfigs(Map.of(
                        T,
                        List.of(new AlterConfigOp(new ConfigEntry("retention.ms", ""), AlterConfigOp.OpType.DELETE))))
                .all());
        assertThat(retention()).isEqualTo("604800000");
    }

    private String retention() {
        return get(admin.describeConfigs(Set.of(T)).all())
                .get(T)
                .get("retention.ms")
                .value();
    }

    @Test
    void theBrokerShowsItsSettings() {
        Config config = get(admin.describeConfigs(Set.of(BROKER)).all()).get(BROKER);
        assertThat(config.get("log.retention.bytes").source()).isEqualTo(ConfigEntry.ConfigSource.STATIC_BROKER_CONFIG);
        assertThat(config.get("node.id").value()).isEqualTo("1");
        assertThat(config.entries())
                .allSatisfy(
                        entry -> assertThat(entry.isReadOnly()).as(entry.name()).isTrue());
    }

    @Test
    void offsetsAreListedAndRecordsDeleted() {
        create("t", 1);
        produce(10);

        assertThat(offset(OffsetSpec.earliest())).isZero();
        assertThat(offset(OffsetSpec.latest())).isEqualTo(10);
        assertThat(offset(OffsetSpec.maxTimestamp())).isEqualTo(9);
        assertThat(offset(OffsetSpec.forTimestamp(TIME + 4))).isEqualTo(4);
        assertThat(offset(OffsetSpec.forTimestamp(TIME + 400))).isEqualTo(-1);
        assertThat(offset(OffsetSpec.earliestLocal())).isZero();
        assertThat(offset(OffsetSpec.latestTiered())).isEqualTo(-1);
        assertThat(get(admin.deleteRecords(Map.of(T0, RecordsToDelete.beforeOffset(3)))
                                .lowWatermarks()
                                .get(T0))
                        .lowWatermark())
                .isEqualTo(3);
        assertThat(offset(OffsetSpec.earliest())).isEqualTo(3);
        assertFails(
                admin.deleteRecords(Map.of(T0, RecordsToDelete.beforeOffset(11)))
                        .all(),
                OffsetOutOfRangeException.class,
                "");
    }

    private long offset(OffsetSpec spec) {
        Map<TopicPartition, ListOffsetsResultInfo> offsets =
                get(admin.listOffsets(Map.of(T0, spec)).all());
        return offsets.get(T0).offset();
    }

    @Test
    void theBrokerShowsItsDiskAndProducers() {
        create("t", 2);
        produce(10);

        Map<String, LogDirDescription> directories =
                get(admin.describeLogDirs(Set.of(1)).allDescriptions()).get(1);
        assertThat(directories).containsOnlyKeys(folder.toString());
        LogDirDescription directory = directories.get(folder.toString());
        assertThat(directory.totalBytes().getAsLong()).isPositive();
        assertThat(directory.usableBytes().getAsLong()).isPositive();
        assertThat(directory.replicaInfos().get(T0).size()).isPositive();
        assertThat(directory.replicaInfos().get(new TopicPartition("t", 1)).size())
                .isZero();

        assertThat(get(admin.describeProducers(Set.of(T0)).all()).get(T0).activeProducers())
                .singleElement()
                .satisfies(producer -> assertThat(producer.lastSequence()).isEqualTo(9));
    }

    @Test
    void theClusterIsThisBroker() {
        assertThat(get(admin.describeCluster().nodes())).singleElement().satisfies(node -> {
            assertThat(node.id()).isEqualTo(1);
            assertThat(node.port()).isEqualTo(server.kafkaPort());
        });
        assertThat(get(admin.describeCluster().clusterId())).isNotEmpty();
        get(admin.describeFeatures().featureMetadata());
    }

    @Test
    void whatIsNotServedIsToldAtOnce() {
        assertFails(admin.describeAcls(AclBindingFilter.ANY).values(), SecurityDisabledException.class, "no access");
        assertFails(admin.listPartitionReassignments().reassignments(), UnsupportedVersionException.class, "");
        assertFails(admin.describeUserScramCredentials().all(), UnsupportedVersionException.class, "");
        assertFails(admin.describeDelegationToken().delegationTokens(), UnsupportedVersionException.class, "");
    }
}
