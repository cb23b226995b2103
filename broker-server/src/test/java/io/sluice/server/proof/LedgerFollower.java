package io.sluice.server.proof;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Set;

/**
 * Follows one partition from its beginning with long polls, over all restarts. What it sees goes into the ledger, where
 * it must never be contradicted. A thread of its own.
 */
final class LedgerFollower implements Runnable {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final Set<Integer> TRY_AGAIN = Set.of(429, 503);

    private final Place place;
    private final Serving serving;
    private final Ledger ledger;
    private final HttpClient client;
    private final ProducerOrder order = new ProducerOrder();
    private long next;
    private volatile boolean stopping;

    LedgerFollower(Place place, Serving serving, Ledger ledger, HttpClient client) {
        this.place = place;
        this.serving = serving;
        this.ledger = ledger;
        this.client = client;
    }

    /** Ends after the poll at hand. */
    void stop() {
        stopping = true;
    }

    @Override
    public void run() {
        try {
            URI broker = serving.await();
            while (!stopping) {
                if (!poll(broker)) {
                    broker = serving.awaitAfterFailure();
                }
            }
        } catch (InterruptedException | RuntimeException | Error e) {
            ledger.fail(e);
        }
    }

    private boolean poll(URI broker) throws InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(
                        broker.resolve(place.records() + "?wait_ms=1000&max_bytes=262144&values=base64&offset=" + next))
                .timeout(TIMEOUT)
                .build();
        HttpResponse<String> answer;
        try {
            answer = client.send(request, BodyHandlers.ofString());
        } catch (IOException e) {
            return false;
        }
        if (TRY_AGAIN.contains(answer.statusCode())) {
            return false;
        }
        if (answer.statusCode() != 200) {
            throw new AssertionError("the follower of " + place + " asked for offset " + next + " and was answered "
                    + answer.statusCode() + ": " + answer.body());
        }
        take(new JsonObject(answer.body()));
        return true;
    }

    private void take(JsonObject answer) {
        JsonArray records = answer.getJsonArray("records");
        for (int i = 0; i < records.size(); i++) {
            JsonObject json = records.getJsonObject(i);
            long offset = json.getLong("offset");
            if (offset != next) {
                throw new AssertionError("offset " + next + " of " + place + " is left out, " + offset + " came");
            }
            String key = new String(bytes(json, "key_base64"), StandardCharsets.UTF_8);
            LedgerRecord record = LedgerRecord.parse(key, bytes(json, "value_base64"));
            ledger.see(place, offset, record);
            order.next(place, offset, record);
            next++;
        }
        if (answer.getLong("next_offset") != next) {
            throw new AssertionError(
                    "next_offset of " + place + " is " + answer.getLong("next_offset") + " after " + next);
        }
    }

    private static byte[] bytes(JsonObject record, String field) {
        return Base64.getDecoder().decode(record.getString(field));
    }
}
