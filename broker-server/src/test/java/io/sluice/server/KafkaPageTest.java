package io.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.Broker;
import io.sluice.groups.GroupCoordinator;
import io.sluice.server.fixture.FakeEngine;
import io.sluice.server.kafka.Api;
import io.sluice.server.kafka.FrameMemory;
import io.sluice.server.kafka.topics.ConfigEntries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Holds {@code docs/kafka-protocol.md} against the table of APIs. */
class KafkaPageTest {
    private static final Path PAGE = Path.of("..", "docs", "kafka-protocol.md");

    @Test
    void thePageListsEveryApiWithItsVersions() throws IOException {
        ServerConfig config = TestServers.config(Map.of());
        Broker broker = new Broker(new FakeEngine(), false);
        GroupCoordinator groups = new GroupCoordinator(
                broker.engine(), config.groups(), config.broker().clock());
        List<String> served = KafkaApis.table(
                        broker,
                        groups,
                        config.kafka().node(),
                        config.kafka().limits(),
                        new FrameMemory(1),
                        new ConfigEntries(Map.of(), List.of()),
                        Path.of("."))
                .all()
                .stream()
                .map(KafkaPageTest::row)
                .toList();

        assertThat(Files.readAllLines(PAGE).stream()
                        .filter(line -> line.matches("\\| \\d+ \\|.*"))
                        .map(line -> line.substring(0, line.lastIndexOf('|', line.length() - 2) + 1)))
                .containsExactlyElementsOf(served);
    }

    private static String row(Api api) {
        return "| " + api.key().id + " | " + api.key().name + " | " + api.oldest() + " to " + api.newest() + " |";
    }
}
