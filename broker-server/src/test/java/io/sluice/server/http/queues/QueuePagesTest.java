package io.sluice.server.http.queues;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.RunningServer;
import io.sluice.server.kafka.clients.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The worked examples of pages, typed into a shell: each {@code $} line is run, all of a page in one shell, and what it prints must be what
 * stands below it. {@code …} stands for anything; a last one for the rest.
 */
@Timeout(120)
class QueuePagesTest {
    private static final Path DOCS = Path.of("..", "docs").toAbsolutePath().normalize();
    private static final String NEXT = "--- the next command ---";
    private static final String BROKER = "localhost:8080";

    @TempDir
    private Path data;

    @TempDir
    private Path folder;

    private RunningServer server;

    /** A command of a page and what the page says that it prints. */
    private record Step(String command, String printed) {}

    @BeforeEach
    void start() {
        server = TestServers.on(data, Map.of("log.min.free.bytes", "0"));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"from-a-redis-queue.md", "from-sqs.md", "from-a-job-table.md"})
    void whatAPageShowsIsWhatHappens(String page) throws IOException {
        List<Step> steps = steps(Files.readString(DOCS.resolve(page)));
        assertThat(steps).hasSizeGreaterThan(5);

        check(steps);
    }

    @Test
    void theQueueOfTheReadmeIsWorkedOn() throws IOException {
        String readme = Files.readString(DOCS.resolve("../README.md"));
        String block = readme.substring(readme.indexOf("### Queues")).split("```")[1];
        List<Step> steps = new ArrayList<>();
        block.replace("bin/sluice", "sluice").strip().lines().forEach(command -> steps.add(new Step(command, "…")));

        steps.set(3, new Step(steps.get(3).command(), "…\"state\":\"acknowledged\"…\"result\":\"small-cat.jpg\"…"));

        check(steps);
    }

    private void check(List<Step> steps) throws IOException {
        String[] printed = run(steps).split(Pattern.quote(NEXT) + "\n", -1);

        for (int i = 0; i < steps.size(); i++) {
            assertThat(printed[i + 1].strip())
                    .as(steps.get(i).command())
                    .matches(pattern(steps.get(i).printed()));
        }
    }

    private static List<Step> steps(String page) {
        List<Step> steps = new ArrayList<>();
        String[] parts = page.split("(?m)^```\\w*$", -1);
        for (int i = 1; i < parts.length; i += 2) {
            for (String step : parts[i].split("(?m)^\\$ ")) {
                int end = step.indexOf('\n');
                if (!step.isBlank()) {
                    steps.add(new Step(
                            step.substring(0, end), step.substring(end + 1).strip()));
                }
            }
        }
        return steps;
    }

    private String run(List<Step> steps) throws IOException {
        StringBuilder script = new StringBuilder("cd '" + folder + "'\n");
        script.append("curl() { command curl -sS \"$@\"; }\n");
        script.append("sluice() { ").append(launcher()).append(" \"$@\"; }\n");
        script.append("export SLUICE_SERVER=http://").append(BROKER).append('\n');
        for (Step step : steps) {
            script.append("printf '\\n%s\\n' '").append(NEXT).append("'\n");
            script.append("{ ").append(step.command()).append("; } 2>&1\n");
        }
        Path file = Files.writeString(
                folder.resolve("page.sh"), script.toString().replace(BROKER, "127.0.0.1:" + server.port()));
        return ChildProcess.succeed(List.of("bash", file.toString()), "").out();
    }

    private static String launcher() {
        return "'" + Path.of(System.getProperty("java.home"), "bin", "java")
                + "' -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp '" + System.getProperty("java.class.path")
                + "' io.sluice.server.Main";
    }

    private static Pattern pattern(String printed) {
        String text = Arrays.stream(printed.split("…", -1)).map(Pattern::quote).collect(Collectors.joining(".*"));
        return Pattern.compile(text, Pattern.DOTALL);
    }
}
