package io.sluice.server.kafka.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Kafka's command line tools. */
@ExtendWith(NoErrorsLogged.class)
class KafkaToolsTest {
    private static final String TOPICS = "org.apache.kafka.tools.TopicCommand";
    private static final String CONFIGS = "kafka.admin.ConfigCommand";
    private static final String GET_OFFSETS = "org.apache.kafka.tools.GetOffsetShell";
    private static final String DELETE_RECORDS = "org.apache.kafka.tools.DeleteRecordsCommand";
    private static final String LOG_DIRS = "org.apache.kafka.tools.LogDirsCommand";
    private static final String CONSOLE_PRODUCER = "org.apache.kafka.tools.ConsoleProducer";
    private static final String CONSOLE_CONSUMER = "org.apache.kafka.tools.consumer.ConsoleConsumer";
    private static final String PRODUCER_PERFORMANCE = "org.apache.kafka.tools.ProducerPerformance";
    private static final String CONSUMER_PERFORMANCE = "org.apache.kafka.tools.ConsumerPerformance";
    private static final String VERIFIABLE_PRODUCER = "org.apache.kafka.tools.VerifiableProducer";
    private static final String VERIFIABLE_CONSUMER = "org.apache.kafka.tools.VerifiableConsumer";
    private static final String CONSUMER_GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
    private static final String API_VERSIONS = "org.apache.kafka.tools.BrokerApiVersionsCommand";

    @TempDir
    private Path folder;

    private RunningServer server;

    @BeforeEach
    void start() {
        server = TestServers.on(folder.resolve("data"), Map.of());
    }

    @AfterEach
    void nothingFailed() {
        try (RunningServer ended = server) {
            assertThat(ended.metric("sluice_kafka_requests_failed_total")).isZero();
        }
    }

    private String tool(String mainClass, String... arguments) {
        return toolWith("", mainClass, arguments);
    }

    private String toolWith(String stdin, String mainClass, String... arguments) {
        List<String> all = new ArrayList<>(List.of("--bootstrap-server", server.bootstrap()));
        all.addAll(List.of(arguments));
        return KafkaTool.succeedWith(stdin, mainClass, all.toArray(String[]::new));
    }

    private void create(String topic, int partitions) {
        tool(TOPICS, "--create", "--topic", topic, "--partitions", String.valueOf(partitions));
    }

    @Test
    void topics() {
        assertThat(tool(TOPICS, "--create", "--topic", "t", "--partitions", "2", "--config", "retention.ms=77"))
                .contains("Created topic t.");
        assertThat(tool(TOPICS, "--describe", "--topic", "t"))
                .contains("PartitionCount: 2", "ReplicationFactor: 1", "retention.ms=77", "Leader: 1");
        tool(TOPICS, "--alter", "--topic", "t", "--partitions", "4");
        assertThat(tool(TOPICS, "--describe", "--topic", "t")).contains("PartitionCount: 4", "Partition: 3");
        assertThat(tool(TOPICS, "--list", "--exclude-internal")).isEqualToIgnoringNewLines("t\n");
        assertThat(tool(TOPICS, "--describe", "--unavailable-partitions")).isBlank();
        tool(TOPICS, "--create", "--topic", "t", "--if-not-exists");
        assertThat(KafkaTool.run("", TOPICS, "--bootstrap-server", server.bootstrap(), "--create", "--topic", "t"))
                .satisfies(again -> {
                    assertThat(again.exitCode()).isEqualTo(1);
                    assertThat(again.output()).contains("TopicExistsException");
                });
        tool(TOPICS, "--delete", "--topic", "t");
        assertThat(tool(TOPICS, "--list", "--exclude-internal")).isBlank();
    }

    @Test
    void settings() {
        create("t", 1);
        assertThat(tool(
                        CONFIGS,
                        "--alter",
                        "--entity-type",
                        "topics",
                        "--entity-name",
                        "t",
                        "--add-config",
                        "retention.ms=1234,cleanup.policy=[compact,delete]"))
                .contains("Completed updating config for topic t.");
        assertThat(tool(CONFIGS, "--describe", "--entity-type", "topics", "--entity-name", "t"))
                .contains(
                        "retention.ms=1234", "DYNAMIC_TOPIC_CONFIG:retention.ms=1234", "cleanup.policy=compact,delete");
        tool(CONFIGS, "--alter", "--entity-type", "topics", "--entity-name", "t", "--delete-config", "retention.ms");
        assertThat(tool(CONFIGS, "--describe", "--all", "--entity-type", "topics", "--entity-name", "t"))
                .contains("retention.ms=604800000", "DEFAULT_CONFIG:log.retention");
        assertThat(tool(CONFIGS, "--describe", "--all", "--entity-type", "brokers", "--entity-name", "1"))
                .contains("node.id=1", "socket.request.max.bytes=104857600");
        KafkaTool.Ended refused = KafkaTool.run(
                "",
                CONFIGS,
                "--bootstrap-server",
                server.bootstrap(),
                "--alter",
                "--entity-type",
                "brokers",
                "--entity-name",
                "1",
                "--add-config",
                "log.retention.ms=1234");
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.output()).contains("cannot be changed while it runs");
    }

    @Test
    void recordsAndOffsets() throws IOException {
        create("t", 1);
        toolWith(
                "a:one\nb:two\nc:three\n",
                CONSOLE_PRODUCER,
                "--topic",
                "t",
                "--reader-property",
                "parse.key=true",
                "--reader-property",
                "key.separator=:",
                "--compression-codec",
                "lz4");
        assertThat(tool(GET_OFFSETS, "--topic", "t")).contains("t:0:3");
        assertThat(tool(GET_OFFSETS, "--topic", "t", "--time", "earliest")).contains("t:0:0");
        assertThat(tool(GET_OFFSETS, "--topic", "t", "--time", "max-timestamp")).containsPattern("t:0:[012]");
        assertThat(consoleConsumer("1", 2)).contains("b=two\nc=three").doesNotContain("one");
        Path offsets = Files.writeString(
                folder.resolve("offsets.json"),
                "{\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"offset\":2}],\"version\":1}");
        assertThat(tool(DELETE_RECORDS, "--offset-json-file", offsets.toString()))
                .contains("low_watermark: 2");
        assertThat(consoleConsumer("earliest", 1)).contains("c=three");
    }

    private String consoleConsumer(String offset, int count) {
        return tool(
                CONSOLE_CONSUMER,
                "--topic",
                "t",
                "--partition",
                "0",
                "--offset",
                offset,
                "--max-messages",
                String.valueOf(count),
                "--timeout-ms",
                "20000",
                "--formatter-property",
                "print.key=true",
                "--formatter-property",
                "key.separator==");
    }

    @Test
    void groups() {
        create("t", 2);
        toolWith("one\ntwo\nthree\n", CONSOLE_PRODUCER, "--topic", "t");
        assertThat(tool(
                        CONSOLE_CONSUMER,
                        "--topic",
                        "t",
                        "--group",
                        "g",
                        "--from-beginning",
                        "--max-messages",
                        "3",
                        "--timeout-ms",
                        "20000"))
                .contains("one", "two", "three");
        assertThat(tool(CONSUMER_GROUPS, "--list")).contains("g");
        assertThat(tool(CONSUMER_GROUPS, "--describe", "--group", "g", "--state"))
                .contains("Empty");
        tool(CONSUMER_GROUPS, "--reset-offsets", "--group", "g", "--topic", "t", "--to-earliest", "--execute");
        assertThat(tool(CONSUMER_GROUPS, "--describe", "--group", "g"))
                .containsPattern("g +t +0 +0 ")
                .containsPattern("g +t +1 +0 ");
        tool(CONSUMER_GROUPS, "--delete-offsets", "--group", "g", "--topic", "t:1");
        assertThat(tool(CONSUMER_GROUPS, "--describe", "--group", "g")).doesNotContainPattern("g +t +1 +0 ");
        assertThat(tool(CONSUMER_GROUPS, "--delete", "--group", "g")).contains("was successful");
        assertThat(tool(CONSUMER_GROUPS, "--list")).isBlank();
    }

    /** A group's own tool, with a running group of either protocol and then with an empty one. */
    @ParameterizedTest
    @ValueSource(strings = {"classic", "consumer"})
    void groupsInEveryWay(String protocol) throws IOException {
        create("t", 2);
        produceWithTimes();
        GroupMember member = new GroupMember(
                server.bootstrap(),
                "g",
                Map.of("group.protocol", protocol, "client.id", "reader"),
                consumer -> consumer.subscribe(List.of("t")),
                GroupMember.records());
        try (member) {
            Await.until("all is committed", () -> describe().matches("(?s).*g +t +0 +4 +4 +0 .*"));
            String type = protocol.equals("classic") ? "Classic" : "Consumer";

            assertThat(tool(CONSUMER_GROUPS, "--list", "--state")).containsPattern("g +Stable");
            assertThat(tool(CONSUMER_GROUPS, "--list", "--type", protocol)).containsPattern("g +" + type);
            assertThat(tool(CONSUMER_GROUPS, "--list", "--state", "empty")).doesNotContainPattern("g +Stable");
            assertThat(tool(CONSUMER_GROUPS, "--describe", "--group", "g")).contains("reader", "/127.0.0.1");
            assertThat(tool(CONSUMER_GROUPS, "--describe", "--all-groups", "--members"))
                    .containsPattern("g +\\S+ +/127.0.0.1 +reader +2");
            assertThat(tool(CONSUMER_GROUPS, "--describe", "--group", "g", "--members", "--verbose"))
                    .contains("t:0,1");
            assertThat(tool(CONSUMER_GROUPS, "--describe", "--group", "g", "--state", "--verbose"))
                    .contains("Stable", "127.0.0.1:" + server.kafkaPort());
            assertThat(groups("--reset-offsets", "--group", "g", "--topic", "t", "--to-earliest", "--execute")
                            .output())
                    .contains("inactive");
            assertThat(groups("--delete", "--group", "g").output()).contains("GroupNotEmptyException");
            assertThat(groups("--delete-offsets", "--group", "g", "--topic", "t")
                            .output())
                    .contains("GroupSubscribedToTopicException");
        }
        assertThat(tool(CONSUMER_GROUPS, "--describe", "--group", "g", "--state"))
                .contains("Empty");
        reset(0, "--to-earliest");
        reset(4, "--to-latest");
        reset(3, "--shift-by", "-1");
        reset(2, "--to-offset", "2");
        reset(2, "--to-current");
        reset(1, "--to-datetime", "2023-11-14T22:13:21.000Z");
        reset(4, "--by-duration", "PT0S");
        reset(0, "--by-duration", "P9000D");
        Path plan = folder.resolve("plan.csv");
        List<String> export = List.of("--topic", "t:0", "--to-offset", "3", "--export", "--dry-run");
        String exported = tool(CONSUMER_GROUPS, forGroup(export)).strip();
        assertThat(describe()).as("only a plan").containsPattern("g +t +0 +0 ");
        Files.writeString(plan, exported);
        assertThat(exported).isEqualTo("t,0,3");
        tool(CONSUMER_GROUPS, "--reset-offsets", "--group", "g", "--from-file", plan.toString(), "--execute");
        assertThat(describe()).containsPattern("g +t +0 +3 ");
        tool(CONSUMER_GROUPS, "--reset-offsets", "--all-groups", "--all-topics", "--to-earliest", "--execute");
        assertThat(describe()).containsPattern("g +t +0 +0 ");
        tool(CONSUMER_GROUPS, "--delete-offsets", "--group", "g", "--topic", "t:0");
        assertThat(describe()).doesNotContainPattern("g +t +0 +0 ");
        assertThat(tool(CONSUMER_GROUPS, "--delete", "--all-groups")).contains("was successful");
        assertThat(tool(CONSUMER_GROUPS, "--list")).isBlank();
    }

    private void produceWithTimes() {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", server.bootstrap()), new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < 4; i++) {
                producer.send(new ProducerRecord<>("t", 0, 1_700_000_000_000L + 1_000L * i, null, "v" + i));
            }
        }
    }

    private KafkaTool.Ended groups(String... arguments) {
        List<String> all = new ArrayList<>(List.of("--bootstrap-server", server.bootstrap()));
        all.addAll(List.of(arguments));
        return KafkaTool.run("", CONSUMER_GROUPS, all.toArray(String[]::new));
    }

    private String describe() {
        return groups("--describe", "--group", "g").output();
    }

    /** Sends the empty group somewhere, first as a plan, and sees where it is. */
    private void reset(int expected, String... where) {
        List<String> one = new ArrayList<>(List.of("--topic", "t:0"));
        one.addAll(List.of(where));
        one.add("--dry-run");
        assertThat(tool(CONSUMER_GROUPS, forGroup(one)))
                .as("%s", List.of(where))
                .containsPattern("g +t +0 +" + expected);
        one.set(one.size() - 1, "--execute");
        tool(CONSUMER_GROUPS, forGroup(one));
        assertThat(describe()).as("%s", List.of(where)).containsPattern("g +t +0 +" + expected + " ");
    }

    private static String[] forGroup(List<String> more) {
        List<String> all = new ArrayList<>(List.of("--reset-offsets", "--group", "g"));
        all.addAll(more);
        return all.toArray(String[]::new);
    }

    @Test
    void loadTools() {
        create("t", 3);
        String produced = KafkaTool.succeed(
                PRODUCER_PERFORMANCE,
                "--bootstrap-server",
                server.bootstrap(),
                "--topic",
                "t",
                "--num-records",
                "20000",
                "--record-size",
                "100",
                "--throughput",
                "-1",
                "--command-property",
                "acks=all");
        assertThat(produced).contains("20000 records sent");
        assertThat(tool(CONSUMER_PERFORMANCE, "--topic", "t", "--num-records", "20000", "--timeout", "20000"))
                .contains("20000");
    }

    @Test
    void verifiableTools() {
        create("t", 1);
        String sent = child(VERIFIABLE_PRODUCER, "--topic", "t", "--max-messages", "100", "--acks", "-1");
        assertThat(sent.lines().filter(line -> line.contains("producer_send_success")))
                .hasSize(100);
        assertThat(sent).contains("\"sent\":100", "\"acked\":100");
        String read = child(
                VERIFIABLE_CONSUMER,
                "--topic",
                "t",
                "--group-id",
                "g",
                "--max-messages",
                "100",
                "--reset-policy",
                "earliest");
        assertThat(read).contains("\"name\":\"records_consumed\"", "\"name\":\"offsets_committed\"", "\"offset\":100");
    }

    /** In a process of its own, for tools that do their last things when their process ends. */
    private String child(String mainClass, String... arguments) {
        List<String> command = ChildProcess.java(System.getProperty("java.class.path"), mainClass, arguments);
        command.addAll(List.of("--bootstrap-server", server.bootstrap()));
        return ChildProcess.succeed(command, "").out();
    }

    @Test
    void theBroker() {
        create("t", 1);
        assertThat(tool(LOG_DIRS, "--describe"))
                .contains("\"partition\":\"t-0\"")
                .contains(folder.resolve("data").toString());
        assertThat(tool(API_VERSIONS)).contains("Produce(0): 0 to 13", "Fetch(1): 4 to 18");
    }
}
