package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@code sluice} command in a process of its own, with pipes for its input and output as a shell makes them. */
final class SluiceCommand {
    private static final long DEADLINE_MINUTES = 20;

    private SluiceCommand() {}

    /**
     * Runs a command that must end well.
     *
     * @param input what goes into its standard input
     * @param output takes its standard output; its folder takes what it says besides
     */
    static void run(URI broker, Path input, Path output, String... arguments) throws IOException, InterruptedException {
        Path said = output.resolveSibling(output.getFileName() + ".err");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-ea",
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                "io.sluice.server.Main"));
        command.addAll(List.of(arguments));
        command.addAll(List.of("--server", broker.toString()));
        Process process =
                new ProcessBuilder(command).redirectError(said.toFile()).start();
        try {
            Thread feeder = new Thread(() -> feed(input, process.getOutputStream()), "input of sluice");
            feeder.setDaemon(true);
            feeder.start();
            try (OutputStream out = Files.newOutputStream(output)) {
                process.getInputStream().transferTo(out);
            }
            assertThat(process.waitFor(DEADLINE_MINUTES, TimeUnit.MINUTES)).isTrue();
            assertThat(process.exitValue())
                    .as("%s: %s", List.of(arguments), Files.readString(said))
                    .isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    private static void feed(Path input, OutputStream pipe) {
        try (pipe) {
            Files.copy(input, pipe);
        } catch (IOException e) {
            // The command has ended before it read all of it: its exit code says why.
            throw new UncheckedIOException(e);
        }
    }
}
