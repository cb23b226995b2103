package io.sluice.server.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.ChildServer;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class NativeLibrariesTest {
    @TempDir
    private Path folder;

    private final HttpClient client = HttpClient.newHttpClient();

    @Test
    void aKilledBrokerLeavesNoLibrariesBehind() throws Exception {
        Path temporary = Files.createDirectory(folder.resolve("tmp"));
        List<String> jvm = List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-Djava.io.tmpdir=" + temporary);
        try (ChildServer server = new ChildServer(jvm, folder.resolve("data"))) {
            for (String type : List.of("snappy", "lz4", "zstd")) {
                String topic = "/v1/topics/" + type;
                send(server, "PUT", topic, "{\"config\":{\"compression.type\":\"" + type + "\"}}");
                send(server, "POST", topic + "/records", "{\"records\":[{\"value\":\"" + "x".repeat(1_000) + "\"}]}");
            }

            server.kill();
        }

        try (Stream<Path> left = Files.walk(temporary)) {
            assertThat(left.filter(Files::isRegularFile)).isEmpty();
        }
    }

    private void send(ChildServer server, String method, String path, String json) throws Exception {
        HttpResponse<String> answer = client.send(
                HttpRequest.newBuilder(server.uri(path))
                        .header("Content-Type", "application/json")
                        .method(method, BodyPublishers.ofString(json))
                        .build(),
                BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isIn(200, 201);
    }
}
