package io.sluice.server.kafka.clients;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A command that was run to its end.
 *
 * @param exitCode how it ended
 * @param out what it printed
 * @param err what it complained of
 */
public record ChildProcess(int exitCode, String out, String err) {
    private static final long DEADLINE_S = 60;

    /** Runs a command, and fails if it does not end well. */
    public static ChildProcess succeed(List<String> command, String stdin) {
        ChildProcess ended = run(command, stdin);
        assertThat(ended.exitCode())
                .as("%s%n%s%n%s", command, ended.out(), ended.err())
                .isZero();
        return ended;
    }

    /** Runs a command. */
    static ChildProcess run(List<String> command, String stdin) {
        Path folder = null;
        Process process = null;
        try {
            folder = Files.createTempDirectory("child");
            Path in = Files.writeString(folder.resolve("in"), stdin);
            Path out = folder.resolve("out");
            Path err = folder.resolve("err");
            process = new ProcessBuilder(command)
                    .redirectInput(in.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
            boolean ended = process.waitFor(DEADLINE_S, TimeUnit.SECONDS);
            String printed = Files.readString(out, StandardCharsets.UTF_8);
            String complained = Files.readString(err, StandardCharsets.UTF_8);
            if (!ended) {
                throw new AssertionError(
                        command + " did not end within " + DEADLINE_S + " s:\n" + printed + "\n" + complained);
            }
            return new ChildProcess(process.exitValue(), printed, complained);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        } finally {
            if (process != null) {
                process.destroyForcibly();
            }
            delete(folder);
        }
    }

    private static void delete(Path folder) {
        if (folder != null) {
            for (String name : List.of("in", "out", "err")) {
                folder.resolve(name).toFile().delete();
            }
            folder.toFile().delete();
        }
    }

    /** The lines that were printed. */
    List<String> lines() {
        return out.lines().toList();
    }

    /** The command that runs a class of the tests in a JVM of its own. */
    static List<String> java(String classPath, String mainClass, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath,
                mainClass));
        command.addAll(List.of(arguments));
        return command;
    }

    /** The class path of the tests, without what is named. */
    static String classPathWithout(String jarsThatBeginWith) {
        return Arrays.stream(System.getProperty("java.class.path").split(System.getProperty("path.separator")))
                .filter(entry -> !Path.of(entry).getFileName().toString().startsWith(jarsThatBeginWith))
                .collect(Collectors.joining(System.getProperty("path.separator")));
    }
}
