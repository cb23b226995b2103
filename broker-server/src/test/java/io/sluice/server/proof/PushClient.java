package io.sluice.server.proof;

import io.sluice.server.kafka.clients.Installed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** npm's client of one way to push, in a process of its own, and what it says. */
final class PushClient implements AutoCloseable {
    private static final long DEADLINE_S = 120;

    private final Path said;
    private final Path complained;
    private final Process process;

    /**
     * @param folder where what it says is kept
     * @param how events or ws
     * @param records after how many it ends by itself
     */
    PushClient(Path folder, String how, int port, int records) throws IOException {
        said = folder.resolve(how + ".out");
        complained = folder.resolve(how + ".err");
        process = new ProcessBuilder("node", "push.mjs", how, "http://127.0.0.1:" + port, Integer.toString(records))
                .directory(Installed.SCRIPTS.toFile())
                .redirectOutput(said.toFile())
                .redirectError(complained.toFile())
                .start();
    }

    /** Fails with what it complained of if it has ended otherwise than by itself. */
    void requireWell() {
        if (!process.isAlive() && process.exitValue() != 0) {
            throw new AssertionError("the client ended with " + process.exitValue() + " and said: "
                    + String.join("\n", lines(complained)));
        }
    }

    /** Each record that it has got, once it has got all. */
    List<String> linesAtTheEnd() throws InterruptedException {
        if (!process.waitFor(DEADLINE_S, TimeUnit.SECONDS)) {
            throw new AssertionError(
                    "after " + DEADLINE_S + " s the client has " + lines(said).size() + " records");
        }
        requireWell();
        return lines(said);
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
