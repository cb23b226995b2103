package io.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** bin/sluice in a folder of its own, with a Java that only says how it was called and waits to be told to end. */
@EnabledOnOs(OS.LINUX)
class LauncherTest {
    private static final String JAVA = """
            #!/bin/bash
            for arg in "$@"; do
                case $arg in
                    -XX:ArchiveClassesAtExit=*)
                        printf '%s\n' "$@" >"${0%/*}/archive-run"
                        : >"${arg#*=}"
                        exit 0
                        ;;
                esac
            done
            printf 'language %s\n' "$LANGUAGE"
            printf '%s\n' "$@"
            read -r wait
            """;

    @TempDir
    private Path home;

    private Path jar;

    @BeforeEach
    void install() throws IOException {
        Path bin = Files.createDirectories(home.resolve("bin"));
        Files.copy(Path.of("..", "bin", "sluice"), bin.resolve("sluice"));
        Path jdk = Files.createDirectories(home.resolve("jdk/bin")).getParent();
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"17.0.1\"\n");
        Files.writeString(jdk.resolve("bin/java"), JAVA);
        for (Path program : List.of(bin.resolve("sluice"), jdk.resolve("bin/java"))) {
            assertThat(program.toFile().setExecutable(true)).isTrue();
        }
        jar = Files.createDirectories(home.resolve("broker-server/target")).resolve("sluice.jar");
        Files.writeString(jar, "first build");
    }

    @Test
    void aBuildDoesNotTouchTheJarOfARunningBroker() throws Exception {
        Process broker = start();
        try {
            Path running = jarOf(broker);

            // In its place, as the build does.
            Files.writeString(jar, "the second build");
            Path next = runToItsEnd();

            assertThat(Files.readString(running)).isEqualTo("first build");
            assertThat(Files.readString(next)).isEqualTo("the second build");
        } finally {
            end(broker);
        }
    }

    @Test
    void aCopyThatNobodyRunsGoesWithTheNextBuild() throws Exception {
        Path first = runToItsEnd();
        assertThat(runToItsEnd()).isEqualTo(first);
        Files.writeString(jar, "the second build");

        Path second = runToItsEnd();

        assertThat(second).isNotEqualTo(first).exists();
        assertThat(first.getParent()).doesNotExist();
        try (Stream<Path> copies = Files.list(second.getParent().getParent())) {
            assertThat(copies).containsExactly(second.getParent());
        }
    }

    /** A full quota is known by the system's words, which nobody can ask for beforehand in another language. */
    @Test
    void theSystemSpeaksEnglishToTheBroker() throws Exception {
        Process broker = start();
        try {
            assertThat(broker.inputReader(StandardCharsets.UTF_8).readLine()).isEqualTo("language C");
        } finally {
            end(broker);
        }
    }

    /** The usual ones may be those of a broker that runs. */
    @Test
    void theArchiveIsMadeOnFreePorts() throws Exception {
        runToItsEnd();

        assertThat(Files.readAllLines(home.resolve("jdk/bin/archive-run")))
                .containsSequence("--http", "127.0.0.1:0")
                .containsSequence("--kafka", "127.0.0.1:0");
    }

    @Test
    void aBrokerThatDidNotStartMakesNoArchive() throws Exception {
        Process broker = start();
        try {
            List<String> flags = new ArrayList<>();
            for (String line;
                    !(line = broker.inputReader(StandardCharsets.UTF_8).readLine()).equals("-jar"); ) {
                flags.add(line);
            }

            assertThat(flags).contains("-XX:+UseSerialGC").noneMatch(flag -> flag.contains("SharedArchiveFile"));
        } finally {
            end(broker);
        }
    }

    private Process start() throws IOException {
        ProcessBuilder command = new ProcessBuilder(home.resolve("bin/sluice").toString(), "serve", "a b");
        command.environment().put("JAVA_HOME", home.resolve("jdk").toString());
        command.environment().put("LANGUAGE", "de");
        return command.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    /** The jar that the Java was called with; the last argument has come then. */
    private static Path jarOf(Process process) throws IOException {
        var said = process.inputReader(StandardCharsets.UTF_8);
        String line = said.readLine();
        while (line != null && !line.equals("-jar")) {
            line = said.readLine();
        }
        Path jar = Path.of(said.readLine());
        assertThat(said.readLine()).isEqualTo("serve");
        assertThat(said.readLine()).isEqualTo("a b");
        return jar;
    }

    private static void end(Process process) throws IOException, InterruptedException {
        process.outputWriter().close();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }

    private Path runToItsEnd() throws IOException, InterruptedException {
        Process process = start();
        Path used = jarOf(process);
        end(process);
        return used;
    }
}
