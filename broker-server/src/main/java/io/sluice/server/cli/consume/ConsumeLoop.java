package io.sluice.server.cli.consume;

import io.sluice.core.record.Codecs;
import io.sluice.core.record.MalformedRecordException;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatches;
import io.sluice.core.record.RecordCursor;
import io.sluice.server.cli.client.BrokenPipeException;
import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Problem;
import io.sluice.server.cli.client.Streams;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** Takes what the fetcher brings, checks it, prints it, and asks for more until the end is reached. */
final class ConsumeLoop {
    private static final int MAX_RECORDS_BYTES = 256 * 1024 * 1024;
    private static final long FIRST_PAUSE_MS = 100;
    private static final long MAX_PAUSE_MS = 5_000;

    private final String topic;
    private final Fetcher fetcher;
    private final RecordPrinter printer;
    private final Codecs codecs;
    private final Limits limits;
    private final BrokerConnection broker;
    private final Streams streams;

    private long printed;
    /** When the first of the failures that have not been followed by a success came; 0 if there is none. */
    private long failingSinceNs;

    ConsumeLoop(
            String topic,
            Fetcher fetcher,
            RecordPrinter printer,
            Codecs codecs,
            Limits limits,
            BrokerConnection broker,
            Streams streams) {
        this.topic = topic;
        this.fetcher = fetcher;
        this.printer = printer;
        this.codecs = codecs;
        this.limits = limits;
        this.broker = broker;
        this.streams = streams;
    }

    /**
     * Reads until every partition is at its end, or the limit is reached.
     *
     * @throws CliException if the broker refuses, cannot be reached for too long, or sends damaged batches
     * @throws BrokenPipeException if nobody reads the output
     */
    void run(List<PartitionCursor> cursors) throws InterruptedException {
        try {
            int open = 0;
            for (PartitionCursor cursor : cursors) {
                if (!cursor.isAtEnd()) {
                    fetcher.ask(cursor);
                    open++;
                }
            }
            while (open > 0 && printed < limits.maxRecords()) {
                Fetcher.Fetched fetched = next();
                if (take(fetched)) {
                    open--;
                }
            }
        } finally {
            flush();
        }
    }

    private Fetcher.Fetched next() throws InterruptedException {
        Optional<Fetcher.Fetched> there = fetcher.poll();
        if (there.isPresent()) {
            return there.get();
        }
        // Nothing to do but wait: whoever reads along should see what there is.
        flush();
        return fetcher.take();
    }

    /** Whether the partition is at its end now. */
    private boolean take(Fetcher.Fetched fetched) throws InterruptedException {
        PartitionCursor cursor = fetched.cursor();
        if (fetched.failure().isPresent()) {
            Throwable failure = fetched.failure().get();
            IOException io = failure instanceof IOException known ? known : new IOException(failure);
            pause(cursor, broker.notConnected(io), 0);
            return false;
        }
        HttpResponse<byte[]> response = fetched.response().orElseThrow();
        if (response.statusCode() >= 300) {
            return refused(cursor, Problem.of(response));
        }
        failingSinceNs = 0;
        print(cursor, response.body());
        long next = header(response, "Sluice-Next-Offset");
        cursor.moveTo(next);
        if (cursor.isAtEnd()) {
            return true;
        }
        fetcher.ask(cursor);
        return false;
    }

    private boolean refused(PartitionCursor cursor, Problem problem) {
        long logStart = problem.document().path("log_start_offset").asLong(-1);
        if (problem.code().equals("offset_out_of_range") && cursor.maySkipDeleted(logStart)) {
            streams.say("sluice: partition " + cursor.partition() + ": offsets " + cursor.nextOffset() + " to "
                    + (logStart - 1) + " have been deleted before they were read; going on at " + logStart);
            cursor.moveTo(logStart);
            if (cursor.isAtEnd()) {
                return true;
            }
            fetcher.ask(cursor);
            return false;
        }
        if (problem.code().equals("offset_out_of_range")) {
            throw new CliException(
                    CliException.REFUSED,
                    "partition " + cursor.partition() + ": " + problem.message()
                            + "; --from earliest begins with the first record that is there, --from latest with the next"
                            + " that comes");
        }
        if (!problem.retriable()) {
            throw CliException.refused(problem);
        }
        pause(cursor, CliException.refused(problem), problem.retryAfter().toMillis());
        return false;
    }

    private void pause(PartitionCursor cursor, CliException failure, long atLeastMs) {
        long nowNs = System.nanoTime();
        if (failingSinceNs == 0) {
            failingSinceNs = nowNs;
            streams.say("sluice: " + failure.getMessage() + "; trying again");
        }
        if (nowNs - failingSinceNs > limits.retryNs()) {
            throw failure;
        }
        int doublings = Math.min(10, cursor.failed() - 1);
        fetcher.askLater(cursor, Math.max(atLeastMs, Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS << doublings)));
    }

    private void print(PartitionCursor cursor, byte[] body) {
        ByteBuffer buffer = ByteBuffer.wrap(body);
        int seen = 0;
        try {
            for (RecordBatch batch : RecordBatches.in(buffer)) {
                seen += batch.sizeInBytes();
                if (!batch.isCrcValid()) {
                    throw damaged(cursor, batch, "its checksum does not match");
                }
                if (!batch.isControl() && printed < limits.maxRecords()) {
                    print(cursor, batch);
                }
            }
        } catch (MalformedRecordException e) {
            throw new CliException(
                    CliException.REFUSED,
                    "partition " + cursor.partition() + ": what came is no batch: " + e.getMessage());
        }
        if (seen != body.length) {
            throw new CliException(
                    CliException.REFUSED,
                    "partition " + cursor.partition() + ": " + (body.length - seen) + " bytes are no whole batch");
        }
    }

    private void print(PartitionCursor cursor, RecordBatch batch) {
        RecordCursor record = RecordCursor.over(batch, codecs, MAX_RECORDS_BYTES);
        try {
            while (printed < limits.maxRecords() && record.next()) {
                if (cursor.wants(record.offset(), record.timestamp())) {
                    printer.print(topic, cursor.partition(), record);
                    printed++;
                }
            }
        } catch (IOException | UncheckedIOException e) {
            throw BrokenPipeException.whenWriting(e);
        } catch (MalformedRecordException e) {
            throw damaged(cursor, batch, e.getMessage());
        }
    }

    private static CliException damaged(PartitionCursor cursor, RecordBatch batch, String what) {
        return new CliException(
                CliException.REFUSED, "partition " + cursor.partition() + ", " + batch + " is damaged: " + what);
    }

    private static long header(HttpResponse<?> response, String name) {
        return response.headers()
                .firstValue(name)
                .filter(value -> value.matches("\\d{1,19}"))
                .map(Long::parseLong)
                .orElseThrow(() -> new CliException(
                        CliException.REFUSED, response.uri() + " answered without the header " + name));
    }

    private void flush() {
        try {
            printer.flush();
        } catch (IOException | UncheckedIOException e) {
            throw BrokenPipeException.whenWriting(e);
        }
    }
}
