package io.sluice.server.cli.produce;

import io.sluice.server.cli.client.BrokerConnection;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/** Makes the requests of one run. Each has an idempotency key of its own, which it keeps however often it is sent. */
final class Requests {
    private final BrokerConnection broker;
    private final String topic;
    private final String acks;
    private final Duration timeout;
    private final String run = UUID.randomUUID().toString();
    private final AtomicLong count = new AtomicLong();

    /** @param timeout how long one try may take */
    Requests(BrokerConnection broker, String topic, String acks, Duration timeout) {
        this.broker = broker;
        this.topic = topic;
        this.acks = acks;
        this.timeout = timeout;
    }

    /** A record batch for one partition. */
    HttpRequest batch(int partition, BodyPublisher body) {
        return post("&partition=" + partition, "application/vnd.sluice.batches", body);
    }

    /** Records whose partitions the broker chooses. */
    HttpRequest records(String contentType, BodyPublisher body) {
        return post("", contentType, body);
    }

    private HttpRequest post(String query, String contentType, BodyPublisher body) {
        return broker.request(BrokerConnection.topicPath(topic) + "/records?acks=" + acks + query)
                .timeout(timeout)
                .header("Content-Type", contentType)
                .header("Accept", "application/json")
                .header("Idempotency-Key", run + "-" + count.incrementAndGet())
                .POST(body)
                .build();
    }
}
