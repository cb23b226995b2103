package io.sluice.server.cli.consume;

import io.sluice.server.cli.client.BrokerConnection;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Keeps fetches under way for many partitions, one for each, not more than a few at once. While one answer is printed
 * the next ones travel. The printing thread asks and takes; answers come in on the client's threads.
 */
final class Fetcher {
    private static final int MAX_IN_FLIGHT = 64;
    private static final long MAX_BUFFERED_BYTES = 64L * 1024 * 1024;
    private static final long MIN_FETCH_BYTES = 64 * 1024;
    private static final long MAX_FETCH_BYTES = 4 * 1024 * 1024;
    private static final int LONG_POLL_MS = 20_000;
    /** With more partitions than fetches may be under way, each waits for a short time and leaves its place. */
    private static final int SHORT_POLL_MS = 500;

    private final BrokerConnection broker;
    private final String topicPath;
    private final long maxBytes;
    private final int waitMs;

    private final ArrayDeque<PartitionCursor> waiting = new ArrayDeque<>();
    private final BlockingQueue<Fetched> answers = new LinkedBlockingQueue<>();
    private int inFlight;

    /** What came back for a partition: an answer of any status, or why there is none. */
    record Fetched(PartitionCursor cursor, Optional<HttpResponse<byte[]>> response, Optional<Throwable> failure) {}

    /** @param follow whether a fetch should wait for records that are not there yet */
    Fetcher(BrokerConnection broker, String topic, int partitions, boolean follow) {
        this.broker = broker;
        this.topicPath = BrokerConnection.topicPath(topic);
        int atOnce = Math.min(partitions, MAX_IN_FLIGHT);
        this.maxBytes = Math.max(MIN_FETCH_BYTES, Math.min(MAX_FETCH_BYTES, MAX_BUFFERED_BYTES / atOnce));
        this.waitMs = !follow ? 0 : partitions > MAX_IN_FLIGHT ? SHORT_POLL_MS : LONG_POLL_MS;
    }

    /** Fetches what follows, as soon as there is room for one more request. */
    void ask(PartitionCursor cursor) {
        waiting.add(cursor);
        sendWaiting();
    }

    /** Fetches again after a pause. */
    void askLater(PartitionCursor cursor, long pauseMs) {
        inFlight++;
        CompletableFuture.delayedExecutor(pauseMs, TimeUnit.MILLISECONDS).execute(() -> send(cursor));
    }

    private void sendWaiting() {
        while (inFlight < MAX_IN_FLIGHT && !waiting.isEmpty()) {
            inFlight++;
            send(waiting.poll());
        }
    }

    private void send(PartitionCursor cursor) {
        HttpRequest request = broker.request(topicPath + "/partitions/" + cursor.partition() + "/records?"
                        + cursor.query() + "&max_bytes=" + maxBytes + "&wait_ms=" + waitMs)
                .timeout(BrokerConnection.REQUEST_TIMEOUT.plus(Duration.ofMillis(waitMs)))
                .header("Accept", "application/vnd.sluice.batches, application/problem+json;q=0.5")
                .GET()
                .build();
        broker.exchangeAsync(request)
                .whenComplete((response, failure) -> answers.add(new Fetched(
                        cursor,
                        Optional.ofNullable(response),
                        Optional.ofNullable(failure).map(Fetcher::cause))));
    }

    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    /** An answer that is there already. */
    Optional<Fetched> poll() {
        return Optional.ofNullable(answers.poll()).map(this::taken);
    }

    /** The next answer, waited for. */
    Fetched take() throws InterruptedException {
        return taken(answers.take());
    }

    private Fetched taken(Fetched fetched) {
        inFlight--;
        sendWaiting();
        return fetched;
    }
}
