package io.sluice.server.cli.produce;

import io.sluice.server.cli.client.CliException;
import java.util.concurrent.Executor;

/**
 * Passes record objects on as they are, a line each. The broker chooses the partitions, so one request at a time keeps
 * the order of all of them.
 */
final class LinesOutlet implements Outlet {
    private static final int FIRST_BODY_BYTES = 64 * 1024;

    private final Progress progress;
    private final Lane<LinesBody> lane;

    LinesOutlet(Lane.Limits limits, Requests requests, RetryingSender sender, Progress progress, Executor executor) {
        this.progress = progress;
        this.lane = new Lane<>(limits, () -> new LinesBody(FIRST_BODY_BYTES), executor, body -> {
            int records = body.recordCount();
            int bytes = body.sizeInBytes();
            try {
                sender.send(requests.records("application/x-ndjson", body.finish()));
            } catch (CliException e) {
                throw new CliException(
                        e.exitCode(),
                        "input lines " + body.firstLine() + " to " + body.lastLine() + ": " + e.getMessage());
            }
            progress.acknowledged(records, bytes);
        });
    }

    /** Takes one line. */
    void send(byte[] array, int from, int length, long lineNumber) throws InterruptedException {
        progress.read();
        lane.add(length + 1L, body -> body.append(array, from, length, lineNumber));
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
