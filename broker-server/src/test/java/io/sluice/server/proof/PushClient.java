package io.sluice.server.proof;

import io.sluice.server.fixture.Await;
import io.sluice.server.kafka.clients.Installed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** npm's client of one way to push, in a process of its own, and what it says. */
final class PushClient implements AutoCloseable {
    private static final long USUALLY_DONE_S = 90;

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

    /** Waits for what it brings about. Fails at once if it has ended otherwise than by itself. */
    void await(String what, BooleanSupplier condition) {
        try {
            Await.until(what, () -> {
                requireWell();
                return condition.getAsBoolean();
            });
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + ", and it said: " + String.join("; ", lines(complained)), e);
        }
    }

    private void requireWell() {
        if (!process.isAlive() && process.exitValue() != 0) {
            throw new AssertionError("the client ended with " + process.exitValue());
        }
    }

    /** Each record that it has got, once it has got all and has ended. */
    List<String> linesAtTheEnd() throws InterruptedException {
        process.waitFor(USUALLY_DONE_S, TimeUnit.SECONDS);
        await("all, after " + lines(said).size() + " records", () -> !process.isAlive());
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
