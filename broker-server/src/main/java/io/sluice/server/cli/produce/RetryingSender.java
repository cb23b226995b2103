package io.sluice.server.cli.produce;

import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Problem;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Sends a request until it is answered. The same request goes out each time, idempotency key included, so a request
 * whose answer was lost is not done twice. Safe for use by several threads.
 */
public final class RetryingSender {
    private static final long FIRST_BACKOFF_MS = 100;
    private static final long MAX_BACKOFF_MS = 5_000;

    private final BrokerConnection broker;
    private final long retryTimeoutNs;

    /** @param retryTimeout how long one request is repeated before the sender gives up */
    public RetryingSender(BrokerConnection broker, Duration retryTimeout) {
        this.broker = broker;
        this.retryTimeoutNs = retryTimeout.toNanos();
    }

    /**
     * Sends it.
     *
     * @return an answer with a status below 300
     * @throws CliException USAGE if the broker does not take the records; REFUSED if it refuses for another reason, for
     *     good or still when the time is over; NOT_CONNECTED if it cannot be reached until then
     */
    public HttpResponse<byte[]> send(HttpRequest request) throws InterruptedException {
        long startNs = System.nanoTime();
        long backoffMs = FIRST_BACKOFF_MS;
        while (true) {
            CliException failure;
            long waitMs = ThreadLocalRandom.current().nextLong(backoffMs / 2, backoffMs + 1);
            try {
                HttpResponse<byte[]> response = broker.exchange(request);
                if (response.statusCode() < 300) {
                    return response;
                }
                Problem problem = Problem.of(response);
                failure = problem.blamesRecords() ? CliException.wrongInput(problem) : CliException.refused(problem);
                if (!problem.retriable()) {
                    throw failure;
                }
                waitMs = Math.max(waitMs, problem.retryAfter().toMillis());
            } catch (IOException e) {
                failure = broker.notConnected(e);
            }
            long leftMs = (retryTimeoutNs - (System.nanoTime() - startNs)) / 1_000_000;
            if (leftMs <= 0) {
                throw failure;
            }
            Thread.sleep(Math.min(waitMs, leftMs));
            backoffMs = Math.min(MAX_BACKOFF_MS, backoffMs * 2);
        }
    }
}
