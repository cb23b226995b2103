package io.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerConfigTest {
    private final ConfigSources sources = new ConfigSources();

    @Test
    void withoutAnythingTheDefaultsHold() {
        ServerConfig config = ServerConfig.read(sources, false);

        assertThat(config.http()).isEqualTo(new HostAndPort("127.0.0.1", 8080));
        assertThat(config.broker().dataDirectory()).isAbsolute().hasFileName("data");
        assertThat(config.chosen()).isEmpty();
    }

    @Test
    void flagsWinOverTheEnvironmentAndThatOverTheFile(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(
                folder.resolve("sluice.properties"),
                "http.max.connections=1\nhttp.idle.timeout.ms=1111\nnum.partitions=2\n");

        sources.addFile(file);
        sources.addEnvironment(Map.of("SLUICE_HTTP_MAX_CONNECTIONS", "2", "SLUICE_NUM_PARTITIONS", "3"));
        sources.set("num.partitions", "4", "--set");
        ServerConfig config = ServerConfig.read(sources, false);

        assertThat(config.limits().idleTimeoutMs()).isEqualTo(1_111);
        assertThat(config.limits().maxConnections()).isEqualTo(2);
        assertThat(config.broker().defaultPartitions()).isEqualTo(4);
        assertThat(config.chosen())
                .containsExactly(
                        "http.idle.timeout.ms=1111 (" + file + ")",
                        "http.max.connections=2 (environment SLUICE_HTTP_MAX_CONNECTIONS)",
                        "num.partitions=4 (--set)");
    }

    @Test
    void allFaultsAreReportedAtOnceWithTheirPlace() {
        sources.addEnvironment(Map.of("SLUICE_LOG_RETENTION_MSS", "1"));
        sources.set("http.max.connections", "many", "--set");
        sources.set("http", "8080", "--http");

        assertThatThrownBy(() -> ServerConfig.read(sources, false))
                .isInstanceOf(ServerException.class)
                .hasMessageContaining("3 faults")
                .hasMessageContaining("did you mean log.retention.ms? (environment SLUICE_LOG_RETENTION_MSS)")
                .hasMessageContaining("http.max.connections = many")
                .hasMessageContaining("HOST:PORT");
    }

    @Test
    void anAddressThatOthersReachNeedsToBeMeant() {
        sources.set("http", "0.0.0.0:8080", "--http");

        assertThatThrownBy(() -> ServerConfig.read(sources, false)).hasMessageContaining("--insecure");
        assertThat(ServerConfig.read(sources, true).http().host()).isEqualTo("0.0.0.0");
    }

    @Test
    void everyLoopbackAddressIsFine() {
        for (String address : new String[] {"localhost:1", "127.1.2.3:1", "[::1]:1"}) {
            sources.set("http", address, "--http");

            assertThat(ServerConfig.read(sources, false).http()).hasToString(address);
        }
    }

    @Test
    void variablesForOthersAreNotSettings() {
        sources.addEnvironment(Map.of(
                "SLUICE_JAVA_OPTS", "-Xmx1g",
                "SLUICE_SERVICE_HOST", "10.0.0.1",
                "SLUICE_PORT_8080_TCP", "tcp://10.0.0.1:8080",
                "PATH", "/bin"));

        assertThat(ServerConfig.read(sources, false).chosen()).isEmpty();
    }

    @Test
    void aFileThatCannotBeReadIsNamed() {
        assertThatThrownBy(() -> sources.addFile(Path.of("no", "such.properties")))
                .isInstanceOf(ServerException.class)
                .hasMessageContaining("such.properties");
    }

    @Test
    void whatIsNoAddressIsRefused() {
        for (String text : new String[] {"", "host", ":80", "host:", "host:x", "host:-1", "host:65536", "::1:80"}) {
            assertThat(HostAndPort.isValid(text)).as(text).isFalse();
        }
    }
}
