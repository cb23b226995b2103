package io.sluice.server.kafka.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Kafka's own Java library, from the oldest that speaks to a broker of today to the newest. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class JavaClientsTest {
    /** Where the build copies the old libraries; see the pom. */
    private static final Path OLD_CLIENTS = Path.of("target", "old-clients");

    @TempDir
    private Path folder;

    @Test
    void theNewestWorks() {
        assertWorks(System.getProperty("java.class.path"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"2.1.1", "2.8.2", "3.9.1"})
    void theOldWork(String version) {
        Path jar = OLD_CLIENTS.resolve("kafka-clients-" + version + ".jar").toAbsolutePath();
        assertThat(Files.isRegularFile(jar))
                .as("%s is there: Maven copies it before the tests, run them with Maven", jar)
                .isTrue();
        assertWorks(jar + File.pathSeparator + ChildProcess.classPathWithout("kafka-clients"));
    }

    private void assertWorks(String classPath) {
        try (RunningServer server = TestServers.on(folder, Map.of())) {
            ChildProcess script = ChildProcess.succeed(
                    ChildProcess.java(classPath, ClientScript.class.getName(), server.bootstrap()), "");
            assertThat(script.out()).contains("done, ");
            assertThat(server.metric("sluice_kafka_requests_failed_total")).isZero();
        }
    }
}
