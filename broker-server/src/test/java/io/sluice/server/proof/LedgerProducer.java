package io.sluice.server.proof;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Writes its own sequence, a request at a time, and repeats each with the same idempotency key until it is answered,
 * however often the broker dies meanwhile. Every answer goes into the ledger. A thread of its own.
 */
final class LedgerProducer implements Runnable {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    /** Too many requests, or the broker is stopping: try again. */
    private static final Set<Integer> TRY_AGAIN = Set.of(429, 503);

    private final int producer;
    private final String acks;
    private final List<List<Place>> topics;
    private final Serving serving;
    private final Ledger ledger;
    private final HttpClient client;
    private final SplittableRandom random;
    private int counter;
    private int requests;
    private volatile boolean stopping;

    /**
     * @param topics the places to write to, by topic
     * @param seed decides forms, sizes and places
     */
    LedgerProducer(
            int producer,
            String acks,
            List<List<Place>> topics,
            Serving serving,
            Ledger ledger,
            HttpClient client,
            long seed) {
        this.producer = producer;
        this.acks = acks;
        this.topics = topics;
        this.serving = serving;
        this.ledger = ledger;
        this.client = client;
        this.random = new SplittableRandom(seed);
    }

    /** Ends after the request at hand. */
    void stop() {
        stopping = true;
    }

    @Override
    public void run() {
        try {
            while (!stopping) {
                List<Place> places = topics.get(random.nextInt(topics.size()));
                LedgerRequest request = LedgerRequest.random(
                        places, acks, () -> LedgerRecord.random(producer, counter++, random), random);
                send(request, "producer-" + producer + "-request-" + requests++);
            }
        } catch (InterruptedException | RuntimeException | Error e) {
            ledger.fail(e);
        }
    }

    private void send(LedgerRequest request, String idempotencyKey) throws InterruptedException {
        URI broker = serving.await();
        for (int tries = 1; ; tries++) {
            try {
                HttpResponse<String> answer = client.send(
                        request.to(broker)
                                .header("Idempotency-Key", idempotencyKey)
                                .timeout(TIMEOUT)
                                .build(),
                        BodyHandlers.ofString());
                if (answer.statusCode() == 200) {
                    enter(request, answer.body());
                    ledger.requestAnswered(tries);
                    return;
                }
                if (!TRY_AGAIN.contains(answer.statusCode())) {
                    throw new AssertionError(
                            idempotencyKey + " was answered " + answer.statusCode() + ": " + answer.body());
                }
            } catch (IOException e) {
                // The broker died before it answered: whether the records are in the log is not known.
            }
            broker = serving.awaitAfterFailure();
        }
    }

    private void enter(LedgerRequest request, String answer) {
        long[] offsets = request.offsets(answer);
        for (int i = 0; i < offsets.length; i++) {
            ledger.acknowledge(
                    request.places().get(i), offsets[i], request.records().get(i));
        }
    }
}
