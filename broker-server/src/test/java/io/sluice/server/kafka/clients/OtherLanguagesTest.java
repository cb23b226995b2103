package io.sluice.server.kafka.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Clients that share no code with Kafka's: librdkafka, in kcat and in Python, and two of JavaScript. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class OtherLanguagesTest {
    private static final long TIME = 1_700_000_000_000L;

    @TempDir
    private Path folder;

    private RunningServer server;

    @BeforeEach
    void start() {
        server = TestServers.on(folder, Map.of());
    }

    @AfterEach
    void nothingFailed() {
        try (RunningServer ended = server) {
            assertThat(ended.metric("sluice_kafka_requests_failed_total")).isZero();
        }
    }

    private void script(String... command) {
        List<String> all = new ArrayList<>(List.of(command));
        all.add(server.bootstrap());
        assertThat(ChildProcess.succeed(all, "").out()).contains("done");
    }

    @Test
    void confluentKafkaForPython() {
        script(
                Installed.pythonWithConfluentKafka(),
                Installed.SCRIPTS.resolve("confluent.py").toString());
    }

    @Test
    void kafkajs() {
        Installed.nodeWithPackages();
        script("node", Installed.SCRIPTS.resolve("kafkajs.js").toString());
    }

    /** The SDK of CloudEvents, over HTTP and over Kafka's protocol: what either writes the other reads. */
    @Test
    void cloudEventsForJavaScript() {
        Installed.nodeWithPackages();
        String http = server.uri("").toString();
        script("node", Installed.SCRIPTS.resolve("cloudevents.js").toString(), http);
    }

    @Test
    void platformaticKafka() {
        Installed.nodeWithPackages();
        script("node", Installed.SCRIPTS.resolve("platformatic.mjs").toString());
    }

    private String kcat(String stdin, String... arguments) {
        // Whatever comes behind a fetch on a connection waits for it.
        List<String> command =
                new ArrayList<>(List.of("kcat", "-b", server.bootstrap(), "-q", "-X", "fetch.wait.max.ms=20"));
        command.addAll(List.of(arguments));
        return ChildProcess.succeed(command, stdin).out();
    }

    @Test
    void kcatWritesAndReads() {
        Installed.kcat();
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            String topic = "kcat-" + codec;
            kcat("a|one\nb|two\nc|\n|four\n", "-P", "-t", topic, "-p", "0", "-z", codec, "-K", "|", "-Z", "-H", "h=v");

            assertThat(kcat("", "-C", "-t", topic, "-o", "beginning", "-e", "-f", "%o %k %s %S %h\\n"))
                    .as(codec)
                    .isEqualTo("0 a one 3 h=v\n1 b two 3 h=v\n2 c  -1 h=v\n3  four 4 h=v\n");
            assertThat(kcat("", "-C", "-t", topic, "-o", "1", "-c", "1", "-f", "%o %k\\n"))
                    .isEqualTo("1 b\n");
            assertThat(kcat("", "-C", "-t", topic, "-o", "-1", "-e", "-f", "%o\\n"))
                    .isEqualTo("3\n");
            assertThat(kcat("", "-Q", "-t", topic + ":0:-1")).contains("offset 4");
            assertThat(kcat("", "-Q", "-t", topic + ":0:" + TIME)).contains("offset 0");
        }
        assertThat(kcat("", "-L", "-J")).contains("\"topic\":\"kcat-zstd\"", "\"id\":1");
    }

    @Test
    void kcatWithEveryAcksAndThroughAGroup() {
        Installed.kcat();
        for (String acks : List.of("0", "1", "all")) {
            kcat(acks + "\n", "-P", "-t", "t", "-X", "acks=" + acks);
        }
        kcat("once\n", "-P", "-t", "t", "-X", "enable.idempotence=true");

        assertThat(kcat("", "-G", "g", "-X", "auto.offset.reset=earliest", "-e", "t"))
                .isEqualTo("0\n1\nall\nonce\n");
        kcat("more\n", "-P", "-t", "t");
        assertThat(kcat("", "-G", "g", "-X", "auto.offset.reset=earliest", "-e", "t"))
                .isEqualTo("more\n");
    }
}
