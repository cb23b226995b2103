package io.sluice.server.kafka.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

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
