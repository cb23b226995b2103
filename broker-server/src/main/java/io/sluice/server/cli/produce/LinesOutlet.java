package io.sluice.server.cli.produce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Problem;
import java.util.concurrent.Executor;

/**
 * Passes record objects on as they are, a line each. The broker chooses the partitions, so one request at a time keeps
 * the order of all of them.
 */
final class LinesOutlet implements Outlet {
    private static final int FIRST_BODY_BYTES = 64 * 1024;

    private final Requests requests;
    private final RetryingSender sender;
    private final Progress progress;
    private final Lane<LinesBody> lane;

    LinesOutlet(Lane.Limits limits, Requests requests, RetryingSender sender, Progress progress, Executor executor) {
        this.requests = requests;
        this.sender = sender;
        this.progress = progress;
        this.lane = new Lane<>(limits, () -> new LinesBody(FIRST_BODY_BYTES), executor, this::deliver);
    }

    private void deliver(LinesBody body) throws InterruptedException {
        try {
            sender.send(requests.records("application/x-ndjson", body.finish()));
        } catch (CliException e) {
            JsonNode refusal = e.problem().map(Problem::document).orElse(MissingNode.getInstance());
            // The broker stores lines as they come: those before a bad one are there.
            progress.acknowledged(refusal.path("accepted").asLong(0), 0);
            throw new CliException(e.exitCode(), place(body, refusal, e.getMessage()));
        }
        progress.acknowledged(body.recordCount(), body.inputBytes());
    }

    /** The message, with the line's number in the input instead of that in the request. */
    private static String place(LinesBody body, JsonNode refusal, String message) {
        int line = refusal.path("line").asInt(0);
        if (line < 1 || line > body.recordCount()) {
            return "input lines " + body.inputLine(1) + " to " + body.inputLine(body.recordCount()) + ": " + message;
        }
        String there = "line " + line + ": ";
        return "input line " + body.inputLine(line) + ": "
                + (message.startsWith(there) ? message.substring(there.length()) : message);
    }

    /** Takes the line that the reader stands on. */
    void send(LineReader line) throws InterruptedException {
        progress.read();
        lane.add(line.length() + 1L, body -> body.append(line));
    }

    @Override
    public void flush() {
        lane.flush();
    }

    @Override
    public void drain() throws InterruptedException {
        lane.drain();
    }
}
