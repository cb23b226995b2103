package io.sluice.server.cli.consume;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.cli.client.BrokerConnection;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.Problem;
import io.sluice.server.cli.client.Streams;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/** A member of a group, which polls and commits by its name. For the printing thread. */
final class Membership {
    private static final int MAX_RECORDS = 10_000;
    private static final long FIRST_PAUSE_MS = 100;
    private static final long MAX_PAUSE_MS = 5_000;

    private final BrokerConnection broker;
    private final String groupPath;
    private final String member;
    private final List<String> topics;
    private final String from;
    private final Limits limits;
    private final Streams streams;

    /** Says how far records have been printed that are not known to be committed; empty if there are none. */
    private String printed = "";
    /** What has been told, so that it is told once. */
    private final Set<String> told = new HashSet<>();

    /** @param from where to begin in partitions in which the group has never been: earliest or latest */
    Membership(
            BrokerConnection broker,
            String group,
            String member,
            List<String> topics,
            String from,
            Limits limits,
            Streams streams) {
        this.broker = broker;
        this.groupPath = BrokerConnection.groupPath(group);
        this.member = member;
        this.topics = topics;
        this.from = from;
        this.limits = limits;
        this.streams = streams;
    }

    /**
     * Commits what was printed, and takes what comes next.
     *
     * @param wanted how many records there may be
     * @throws CliException REFUSED or NOT_CONNECTED, if trying again does not help either
     */
    Polled poll(long wanted, long waitMs) throws InterruptedException {
        ObjectNode ask = Json.object()
                .put("member", member)
                .put("from", from)
                .put("values", "base64")
                .put("max_records", Math.min(MAX_RECORDS, wanted))
                .put("wait_ms", waitMs);
        topics.forEach(ask.putArray("topics")::add);
        if (!printed.isEmpty()) {
            ask.put("commit", printed);
        }
        Polled polled = retrying(limits.retryNs(), () -> {
            HttpResponse<byte[]> response = exchange("poll", ask, waitMs);
            Polled answer;
            try {
                answer = Polled.of(response.body());
            } catch (IOException e) {
                throw new CliException(
                        CliException.REFUSED, response.uri() + " did not answer as a poll does: " + e.getMessage());
            }
            // Its commit is done, whatever becomes of the rest.
            ask.remove("commit");
            printed = "";
            answer.rest().path("refused").forEach(this::tellRefused);
            JsonNode unavailable = answer.rest().path("unavailable").path(0);
            if (answer.records().isEmpty() && unavailable.isObject()) {
                throw new Later(
                        new CliException(
                                CliException.REFUSED,
                                name(unavailable) + " cannot be read at present ("
                                        + unavailable.path("code").asText() + ")"),
                        0);
            }
            return answer;
        });
        polled.rest().path("lost").forEach(this::tellLost);
        polled.rest().path("unknown_topics").forEach(topic -> tellOnce("there is no topic " + topic.asText()));
        return polled;
    }

    /** All records of this answer have been written to the output. */
    void printed(Polled polled) {
        printed = polled.cursor();
    }

    /**
     * Commits what was printed.
     *
     * @param retryNs how long to try again
     */
    void commit(long retryNs) throws InterruptedException {
        if (printed.isEmpty()) {
            return;
        }
        ObjectNode commit = Json.object().put("member", member).put("cursor", printed);
        JsonNode answer = retrying(retryNs, () -> {
            try {
                return broker.json(exchange("commit", commit, 0));
            } catch (CliException refusal) {
                return refusal.problem()
                        .map(Problem::document)
                        .filter(document -> document.path("results").isArray())
                        .orElseThrow(() -> refusal);
            }
        });
        printed = "";
        for (JsonNode result : answer.path("results")) {
            if (result.has("error")) {
                tellRefused(result);
            }
        }
    }

    /** Gives the partitions to the others at once. One try: they get them anyway when the session is over. */
    void leave() throws InterruptedException {
        retrying(0, () -> exchange("leave", Json.object().put("member", member), 0));
    }

    // ---- what is told ----

    private void tellRefused(JsonNode one) {
        String code = one.path("code").asText(one.path("error").path("code").asText("?"));
        streams.say("sluice: " + name(one) + ": what was printed last is not committed (" + code
                + "); it may be read again");
    }

    private void tellLost(JsonNode one) {
        long position = one.path("from").asLong();
        long next = one.path("to").asLong();
        tellOnce(
                next > position
                        ? name(one) + ": offsets " + position + " to " + (next - 1)
                                + " have been deleted before the group read them; going on at " + next
                        : name(one) + ": the group stood at " + position + ", beyond the end; going on at " + next);
    }

    private void tellOnce(String message) {
        if (told.add(message)) {
            streams.say("sluice: " + message);
        }
    }

    private static String name(JsonNode one) {
        return "partition " + one.path("partition").asText("?") + " of topic "
                + one.path("topic").asText("?");
    }

    // ---- requests ----

    /** One try of something. */
    private interface Try<T> {
        T run() throws IOException, InterruptedException, Later;
    }

    /** What failed may go well later. */
    private static final class Later extends Exception {
        private static final long serialVersionUID = 1L;
        private final transient CliException failure;
        private final long pauseMs;

        Later(CliException failure, long pauseMs) {
            super(failure.getMessage(), null, false, false);
            this.failure = failure;
            this.pauseMs = pauseMs;
        }
    }

    private HttpResponse<byte[]> exchange(String what, JsonNode body, long waitMs)
            throws IOException, InterruptedException, Later {
        HttpResponse<byte[]> response = broker.exchange(broker.request(groupPath + "/" + what)
                .timeout(BrokerConnection.REQUEST_TIMEOUT.plus(Duration.ofMillis(waitMs)))
                .header("Content-Type", "application/json")
                .header("Accept", "application/json")
                .POST(BodyPublishers.ofByteArray(Json.bytes(body)))
                .build());
        if (response.statusCode() >= 300) {
            Problem problem = Problem.of(response);
            if (problem.retriable()) {
                throw new Later(
                        CliException.refused(problem), problem.retryAfter().toMillis());
            }
            throw CliException.refused(problem);
        }
        return response;
    }

    private <T> T retrying(long retryNs, Try<T> what) throws InterruptedException {
        long startNs = System.nanoTime();
        long backoffMs = FIRST_PAUSE_MS;
        boolean said = false;
        while (true) {
            Later later;
            try {
                return what.run();
            } catch (IOException e) {
                later = new Later(broker.notConnected(e), 0);
            } catch (Later e) {
                later = e;
            }
            if (System.nanoTime() - startNs >= retryNs) {
                throw later.failure;
            }
            if (!said) {
                said = true;
                streams.say("sluice: " + later.failure.getMessage() + "; trying again");
            }
            Thread.sleep(Math.max(later.pauseMs, ThreadLocalRandom.current().nextLong(backoffMs / 2, backoffMs + 1)));
            backoffMs = Math.min(MAX_PAUSE_MS, backoffMs * 2);
        }
    }
}
