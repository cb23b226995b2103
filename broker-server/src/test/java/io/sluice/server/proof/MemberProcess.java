package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A member of a group in a process of its own, in whatever language. */
final class MemberProcess implements GroupWorker {
    private static final long DEADLINE_S = 60;

    private final String name;
    private final Path said;
    private final Process process;

    /**
     * Starts it.
     *
     * @param said takes what it prints
     * @param command begins the command line
     * @param arguments end it
     */
    MemberProcess(String name, Path said, List<String> command, List<String> arguments) {
        this.name = name;
        this.said = said;
        List<String> all = new ArrayList<>(command);
        all.addAll(arguments);
        try {
            process = new ProcessBuilder(all)
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Begins the command that runs a class of the tests. */
    static List<String> java(Class<?> main) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-ea",
                "-Xmx96m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName());
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void check() {
        if (!process.isAlive()) {
            throw new AssertionError(name + " has ended by itself: " + said());
        }
    }

    @Override
    public void kill() {
        process.destroyForcibly();
        await();
    }

    @Override
    public void leave() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        await();
        assertThat(process.exitValue()).as(() -> name + ": " + said()).isZero();
    }

    private void await() {
        try {
            if (!process.waitFor(DEADLINE_S, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(name + " does not end: " + said());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    private String said() {
        try {
            return Files.readString(said);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
