package io.sluice.loadtest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkloadTest {
    @Test
    void everyWorkloadThatComesWithTheToolCanBeRun() throws IOException {
        Map<String, String> carried = WorkloadFiles.carried();

        try (Stream<Path> files = Files.list(Path.of("workloads"))) {
            assertThat(files.map(file -> file.getFileName().toString())
                            .filter(name -> name.endsWith(".properties"))
                            .map(name -> name.substring(0, name.length() - ".properties".length()))
                            .collect(Collectors.toSet()))
                    .isEqualTo(carried.keySet());
        }
        assertThat(carried).allSatisfy((name, about) -> {
            assertThat(about).isNotBlank();
            assertThat(WorkloadFiles.load(name, Map.of()).name()).isEqualTo(name);
        });
    }

    @Test
    void fileIsReadAndTheCommandLineWins(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("mine.properties");
        Files.writeString(file, """
                # mine
                rate = 1500/s
                connections = 8
                duration = 2m
                config.flush.messages = 9223372036854775807
                """);

        Workload workload = WorkloadFiles.load(file.toString(), Map.of("connections", "9"));

        assertThat(workload.name()).isEqualTo("mine");
        assertThat(workload.ratePerSecond()).contains(1_500.0);
        assertThat(workload.connections()).isEqualTo(9);
        assertThat(workload.duration()).isEqualTo(Duration.ofMinutes(2));
        assertThat(workload.maxBacklog()).isEqualTo(1_500);
        assertThat(workload.topicConfig()).containsExactly(Map.entry("flush.messages", "9223372036854775807"));
        assertThat(workload.settings()).containsEntry("connections", "9").containsEntry("record-bytes", "100");
    }

    @ParameterizedTest
    @CsvSource({
        "connections, 0, from 1 to 10000",
        "connections, 10001, from 1 to 10000",
        "connections, many, from 1 to 10000",
        "records-per-request, -1, from 1 to 100000",
        "record-bytes, 99999999999, from 1 to 33554432",
        "rate, 0, from 0.1/s to 1000000/s",
        "rate, NaN, from 0.1/s to 1000000/s",
        "rate, fast, from 0.1/s to 1000000/s",
        "duration, 10, from 100ms to 3600s",
        "duration, 99ms, from 100ms to 3600s",
        "warm-up, 11m, from 0ms to 600s",
        "acks, 2, 'all, 1 or 0'",
        "kind, consume, 'one of [produce, fetch, end-to-end, post, queue-send, queue-receive-ack, queue-end-to-end]'",
        "format, xml, 'one of [json, batches]'",
        "url, http://127.0.0.1/, kind = post",
    })
    void faultNamesTheSourceTheKeyAndTheBound(String key, String value, String bound) {
        assertThatThrownBy(() -> WorkloadFiles.parse("mine", "mine.properties", key + " = " + value, Map.of()))
                .isInstanceOf(InvalidWorkloadException.class)
                .hasMessageStartingWith("mine.properties: " + key + " = " + value)
                .hasMessageContaining(bound);
    }

    @Test
    void unknownKeyIsNamed() {
        assertThatThrownBy(() -> Workload.of("mine", "mine.properties", Map.of("connection", "1")))
                .isInstanceOf(InvalidWorkloadException.class)
                .hasMessageContaining("mine.properties: unknown setting 'connection'")
                .hasMessageContaining("connections");
    }

    @Test
    void workloadThatIsNowhereIsNamed() {
        assertThatThrownBy(() -> WorkloadFiles.load("no-such", Map.of()))
                .isInstanceOf(InvalidWorkloadException.class)
                .hasMessageContaining("'no-such'");
    }

    @Test
    void settingsThatDoNotGoTogetherAreRefused() {
        assertThatThrownBy(() -> Workload.of("x", "x", Map.of("records-per-request", "1000", "record-bytes", "100000")))
                .hasMessageContaining("record-bytes = 100000")
                .hasMessageContaining("at most 67108864");
        assertThatThrownBy(() -> Workload.of("x", "x", Map.of("kind", "end-to-end")))
                .hasMessageContaining("rate = max");
        assertThatThrownBy(
                        () -> Workload.of("x", "x", Map.of("kind", "end-to-end", "rate", "1/s", "record-bytes", "16")))
                .hasMessageContaining("record-bytes = 16")
                .hasMessageContaining("at least 17");
        assertThatThrownBy(() -> Workload.of("x", "x", Map.of("kind", "queue-end-to-end", "record-bytes", "16")))
                .hasMessageContaining("at least 17");
        assertThatThrownBy(() -> Workload.of("x", "x", Map.of("kind", "queue-send", "records-per-request", "1001")))
                .hasMessageContaining("records-per-request = 1001")
                .hasMessageContaining("at most 1000");
        assertThatThrownBy(() -> Workload.of("x", "x", Map.of("kind", "post"))).hasMessageContaining("url = ");
        assertThatThrownBy(() -> Workload.of("x", "x", Map.of("kind", "post", "url", "ftp://127.0.0.1/")))
                .hasMessageContaining("http://");
    }
}
