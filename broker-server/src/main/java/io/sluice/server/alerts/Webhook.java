package io.sluice.server.alerts;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells events to a receiver, one after the other and in their order. One that does not take them holds up nobody: the queue has a bound,
 * and the oldest that waits goes when it is full. For one event loop.
 */
final class Webhook {
    private static final Logger LOG = LoggerFactory.getLogger(Webhook.class);
    private static final long FIRST_PAUSE_MS = 500;
    private static final long MAX_PAUSE_MS = 60_000;

    private final Vertx vertx;
    private final HttpClient client;
    private final AlertConfig config;
    private final String url;
    private final Deliveries deliveries;
    private final Deque<AlertEvent> queue = new ArrayDeque<>();
    /** The one that is being told, which is not in the queue any more. */
    private AlertEvent underWay;

    private boolean stopped;

    Webhook(Vertx vertx, AlertConfig config, URI url, Deliveries deliveries) {
        this.vertx = vertx;
        this.config = config;
        this.url = url.toString();
        this.deliveries = deliveries;
        this.client = vertx.createHttpClient(new HttpClientOptions()
                .setConnectTimeout((int) config.webhookTimeoutMs())
                .setKeepAlive(false));
    }

    void tell(AlertEvent event) {
        if (queue.size() == config.webhookMaxQueued()) {
            AlertEvent oldest = queue.remove();
            deliveries.wasDropped();
            LOG.warn("{} alerts wait for the webhook; {} is dropped", config.webhookMaxQueued(), oldest.id());
        }
        queue.add(event);
        next();
    }

    void stop() {
        stopped = true;
        client.close();
    }

    private void next() {
        if (underWay == null && !queue.isEmpty() && !stopped) {
            underWay = queue.remove();
            attempt(1);
        }
    }

    private void attempt(int number) {
        AlertEvent event = underWay;
        post(event).timeout(config.webhookTimeoutMs(), TimeUnit.MILLISECONDS).onComplete(done -> {
            if (stopped) {
                return;
            }
            if (done.succeeded() && done.result() < 300) {
                deliveries.wasDelivered();
                finish();
                return;
            }
            deliveries.tryFailed();
            String why = done.succeeded()
                    ? "it answered " + done.result()
                    : String.valueOf(done.cause().getMessage());
            boolean again = !done.succeeded() || isPassing(done.result());
            if (!again || number >= config.webhookTries()) {
                deliveries.wasDropped();
                // The address may hold a secret.
                LOG.warn("alert {} was not told to the webhook in {} tries: {}", event.id(), number, why);
                finish();
            } else {
                vertx.setTimer(pauseMs(number, ThreadLocalRandom.current().nextDouble()), timer -> attempt(number + 1));
            }
        });
    }

    private void finish() {
        underWay = null;
        next();
    }

    /** Whether an answer other than success may be another one later. */
    private static boolean isPassing(int status) {
        return status >= 500 || status == 408 || status == 429;
    }

    /**
     * How long to wait after a try that failed: twice as long each time, and not all receivers' senders at once.
     *
     * @param number which try it was, from 1
     * @param random from 0 to 1
     */
    static long pauseMs(int number, double random) {
        long fullMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS << Math.min(number - 1, 10));
        return Math.round(fullMs * (0.5 + random / 2));
    }

    private Future<Integer> post(AlertEvent event) {
        return client.request(new RequestOptions()
                        .setMethod(HttpMethod.POST)
                        .setAbsoluteURI(url)
                        .setIdleTimeout(config.webhookTimeoutMs())
                        .putHeader("Content-Type", AlertEvent.MEDIA_TYPE)
                        .putHeader("User-Agent", "sluice"))
                .compose(request -> request.send(event.body()).map(response -> {
                    end(request);
                    return response.statusCode();
                }));
    }

    /** What else the receiver says is of no interest, and may have no end. */
    private static void end(HttpClientRequest request) {
        request.connection().close();
    }
}
