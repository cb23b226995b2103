package io.sluice.server.cli.queues;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.Streams;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The command of one message. Its thread runs it and waits; others may tell it to end. What is told first is the reason of the end.
 */
final class RunningCommand {
    private static final int MAX_RESULT_BYTES = 64 * 1024;
    private static final int MAX_REASON_CHARS = 1_000;
    /** What is longer does not go into an environment. */
    private static final int MAX_VARIABLE_BYTES = 32 * 1024;
    /** What a command has started may hold its output open when it has ended itself. */
    private static final long OUTPUT_AFTER_END_MS = 1_000;

    private static final long KILL_AFTER_MS = 5_000;

    private final Delivered message;
    private final Worker.Settings settings;
    private final Streams streams;
    private final ScheduledExecutorService clock;
    private final long startNs = System.nanoTime();
    private Optional<Process> process = Optional.empty();
    private Optional<Outcome> told = Optional.empty();
    private String why = "";
    private boolean ended;

    /** What becomes of a message. */
    enum Outcome {
        DONE("acknowledged"),
        FAILED("rejected"),
        /** It is not ours any more. */
        LOST("lost"),
        /** The worker had to end before the command did. */
        CUT_OFF("given back");

        private final String word;

        Outcome(String word) {
            this.word = word;
        }

        String word() {
            return word;
        }
    }

    /**
     * How it ended.
     *
     * @param exitCode that of the command; -1 if it could not be started
     * @param reason of anything but {@link Outcome#DONE}
     * @param result what it printed, if that is asked for
     */
    record End(Outcome outcome, int exitCode, String reason, long durationMs, Optional<JsonNode> result) {
        End butLost(String why) {
            return new End(Outcome.LOST, exitCode, why, durationMs, result);
        }
    }

    RunningCommand(Delivered message, Worker.Settings settings, Streams streams, ScheduledExecutorService clock) {
        this.message = message;
        this.settings = settings;
        this.streams = streams;
        this.clock = clock;
    }

    Delivered message() {
        return message;
    }

    /** Runs it to its end. */
    End run() throws InterruptedException {
        Process child;
        try {
            child = start();
        } catch (IOException | IllegalArgumentException e) {
            return end(-1, "the command cannot be started: " + e.getMessage(), Optional.empty());
        }
        Future<?> timeout = settings.timeout()
                .<Future<?>>map(after ->
                        clock.schedule(() -> timedOut(after.toMillis()), after.toMillis(), TimeUnit.MILLISECONDS))
                .orElse(CompletableFuture.completedFuture(null));
        LastLine lastLine = new LastLine();
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        CompletableFuture<Void> err = inAThread(() -> lines(child.getErrorStream(), line -> {
            lastLine.take(line);
            streams.err().write(line, 0, line.length);
        }));
        CompletableFuture<Void> out = inAThread(() -> lines(child.getInputStream(), line -> print(line, printed)));
        feed(child);
        int exitCode = child.waitFor();
        timeout.cancel(false);
        awaitOutput(CompletableFuture.allOf(err, out));
        String last = lastLine.text();
        String reason = "exit " + exitCode + (last.isEmpty() ? "" : ": " + last);
        return end(exitCode, reason, exitCode == 0 && settings.result() ? result(printed) : Optional.empty());
    }

    private synchronized Process start() throws IOException {
        ProcessBuilder builder = new ProcessBuilder(settings.command());
        Map<String, String> environment = builder.environment();
        environment.put("SLUICE_QUEUE", settings.queue());
        environment.put("SLUICE_MESSAGE_ID", message.id());
        environment.put("SLUICE_DELIVERIES", Integer.toString(message.deliveries()));
        environment.put(
                "SLUICE_ENQUEUED_AT", Instant.ofEpochMilli(message.enqueuedMs()).toString());
        environment.put(
                "SLUICE_FIRST_RECEIVED_AT",
                Instant.ofEpochMilli(message.firstReceivedMs()).toString());
        message.key().flatMap(RunningCommand::variable).ifPresent(key -> environment.put("SLUICE_KEY", key));
        message.headers()
                .forEach((name, value) -> variable(value)
                        .ifPresent(text -> environment.put(
                                "SLUICE_HEADER_" + name.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_"), text)));
        Process child = builder.start();
        process = Optional.of(child);
        // It may have been told before it was there.
        if (told.isPresent()) {
            child.destroy();
        }
        return child;
    }

    /** Text that an environment can hold. */
    private static Optional<String> variable(byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return bytes.length <= MAX_VARIABLE_BYTES && text.indexOf('\0') < 0 ? Optional.of(text) : Optional.empty();
        } catch (CharacterCodingException notText) {
            return Optional.empty();
        }
    }

    private void feed(Process child) {
        try (OutputStream in = child.getOutputStream()) {
            in.write(message.value());
        } catch (IOException e) {
            // A command need not read its input.
            return;
        }
    }

    private void print(byte[] line, ByteArrayOutputStream printed) throws IOException {
        if (settings.result()) {
            if (printed.size() <= MAX_RESULT_BYTES) {
                printed.write(line, 0, Math.min(line.length, MAX_RESULT_BYTES + 1 - printed.size()));
            }
        } else if (settings.json()) {
            streams.err().write(line, 0, line.length);
        } else {
            streams.out().write(line);
        }
    }

    private Optional<JsonNode> result(ByteArrayOutputStream printed) {
        JsonNode result;
        try {
            result = Json.parseWhole(printed.toByteArray());
        } catch (IOException notJson) {
            result = TextNode.valueOf(printed.toString(StandardCharsets.UTF_8).stripTrailing());
        }
        // What is cut off has more than this in any case. As JSON a text may be longer than it was.
        if (printed.size() > MAX_RESULT_BYTES || Json.bytes(result).length > MAX_RESULT_BYTES) {
            streams.say("sluice: message " + message.id() + ": the result is left out: it has more than "
                    + MAX_RESULT_BYTES + " bytes as JSON");
            return Optional.empty();
        }
        return result.isMissingNode() ? Optional.empty() : Optional.of(result);
    }

    private synchronized End end(int exitCode, String reason, Optional<JsonNode> result) {
        ended = true;
        long durationMs = (System.nanoTime() - startNs) / 1_000_000;
        if (told.isPresent() && !(told.get() == Outcome.CUT_OFF && exitCode == 0)) {
            return new End(told.get(), exitCode, why, durationMs, Optional.empty());
        }
        return exitCode == 0
                ? new End(Outcome.DONE, exitCode, "", durationMs, result)
                : new End(Outcome.FAILED, exitCode, shortened(reason), durationMs, Optional.empty());
    }

    private static String shortened(String reason) {
        return reason.length() <= MAX_REASON_CHARS ? reason : reason.substring(0, MAX_REASON_CHARS);
    }

    // ---- being told to end ----

    /** Its message is not this worker's any more. */
    void lost(String detail) {
        tell(Outcome.LOST, detail);
    }

    /** The worker ends. */
    void cutOff() {
        tell(Outcome.CUT_OFF, "the worker was told to end");
    }

    private void timedOut(long afterMs) {
        tell(Outcome.FAILED, "timed out after " + afterMs + " ms");
    }

    private synchronized void tell(Outcome outcome, String reason) {
        if (ended || told.isPresent()) {
            return;
        }
        told = Optional.of(outcome);
        why = reason;
        process.ifPresent(child -> {
            // A shell that ends leaves behind what it has started.
            child.descendants().forEach(ProcessHandle::destroy);
            child.destroy();
        });
        if (!clock.isShutdown()) {
            clock.schedule(this::kill, KILL_AFTER_MS, TimeUnit.MILLISECONDS);
        }
    }

    /** Ends it at once. */
    synchronized void kill() {
        if (!ended) {
            process.ifPresent(child -> {
                child.descendants().forEach(ProcessHandle::destroyForcibly);
                child.destroyForcibly();
            });
        }
    }

    // ---- output ----

    private interface LineTaker {
        void take(byte[] line) throws IOException;
    }

    private static final class LastLine {
        private volatile String last = "";

        void take(byte[] line) {
            String text = new String(line, StandardCharsets.UTF_8).strip();
            if (!text.isEmpty()) {
                last = text;
            }
        }

        String text() {
            return last;
        }
    }

    /** Hands on whole lines, so that those of commands that run at once are not mixed. */
    private void lines(InputStream in, LineTaker taker) {
        byte[] buffer = new byte[8 * 1024];
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        try (in) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                int from = 0;
                for (int i = 0; i < read; i++) {
                    if (buffer[i] == '\n') {
                        line.write(buffer, from, i + 1 - from);
                        from = i + 1;
                        hand(line, taker);
                    }
                }
                line.write(buffer, from, read - from);
                if (line.size() > MAX_RESULT_BYTES) {
                    hand(line, taker);
                }
            }
            if (line.size() > 0) {
                line.write('\n');
                hand(line, taker);
            }
        } catch (IOException e) {
            // The command has ended, or nobody reads what it prints: neither is its message's fault.
            return;
        }
    }

    private void hand(ByteArrayOutputStream line, LineTaker taker) throws IOException {
        synchronized (streams) {
            taker.take(line.toByteArray());
        }
        line.reset();
    }

    private static CompletableFuture<Void> inAThread(Runnable work) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } finally {
                        done.complete(null);
                    }
                },
                "output of a command");
        thread.setDaemon(true);
        thread.start();
        return done;
    }

    private static void awaitOutput(CompletableFuture<Void> output) throws InterruptedException {
        try {
            output.get(OUTPUT_AFTER_END_MS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException holdsItOpen) {
            return;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }
}
