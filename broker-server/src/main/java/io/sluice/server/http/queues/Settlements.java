package io.sluice.server.http.queues;

import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.groups.queue.QueueError;
import io.sluice.groups.queue.Receive.Ack;
import io.sluice.groups.queue.Receive.Extension;
import io.sluice.groups.queue.Receive.Lease;
import io.sluice.groups.queue.Receive.Nack;
import io.sluice.groups.queue.Receive.Outcome;
import io.sluice.groups.queue.Receive.Outcomes;
import io.sluice.server.http.Caller;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.JsonBody;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.Query;
import io.sluice.server.http.records.JsonOutput;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * What consumers say of their leases: {@code POST /v1/queues/{queue}/ack}, {@code …/nack}, {@code …/extend}, and of themselves:
 * {@code …/consumers/{consumer}/heartbeat} and {@code DELETE …/consumers/{consumer}}.
 */
final class Settlements {
    static final int MAX_ENTRIES = 1_000;
    private static final int MAX_TOKEN_CHARS = 64;
    private static final int MAX_REASON_CHARS = 1_000;
    private static final int MAX_RESULT_BYTES = 64 * 1024;
    private static final int MAX_PROGRESS_BYTES = 4 * 1024;
    /** The longest a message can be put off: a hundred years. */
    private static final long MAX_DELAY_MS = 100L * 365 * 24 * 3_600_000;

    private static final byte[] NOTHING = new byte[0];
    /** Room for what became of a lease that nobody else has. */
    private static final int RESULT_BYTES = 160;

    private static final byte[] RESULTS = JsonOutput.ascii("{\"results\":");
    private static final byte[] LEASE = JsonOutput.ascii("{\"lease\":\"");
    private static final byte[] OK = JsonOutput.ascii("\",\"ok\":true");
    private static final byte[] EXPIRY = JsonOutput.ascii(",\"lease_expires_at\":");
    private static final byte[] STALE = JsonOutput.ascii("\",\"error\":{\"code\":\"stale_lease\",\"detail\":");
    private static final byte[] NOBODY =
            JsonOutput.ascii("\"the lease is over, or never was: nobody has the message now\"}}");
    private static final byte[] FINISHED = JsonOutput.ascii("\"the lease is over: the message is finished\"}}");
    private static final HttpProblem INVALID_LEASE =
            new HttpProblem(400, "invalid_lease", "this is no lease: it is what receive gave with the message");
    private static final byte[] HOLDER = JsonOutput.ascii(",\"holder\":");
    private static final byte[] SINCE = JsonOutput.ascii(",\"since\":");
    private static final byte[] END = JsonOutput.ascii("}}");

    private final QueueCoordinator queues;
    private final int maxBodyBytes;

    Settlements(QueueCoordinator queues, int maxBodyBytes) {
        this.queues = queues;
        this.maxBodyBytes = maxBodyBytes;
    }

    Future<JsonAnswer> ack(RoutingContext ctx) {
        return settle(ctx, Settlements::acks, queues::acknowledge, false);
    }

    Future<JsonAnswer> nack(RoutingContext ctx) {
        return settle(ctx, Settlements::nacks, queues::reject, false);
    }

    Future<JsonAnswer> extend(RoutingContext ctx) {
        return settle(ctx, Settlements::extensions, queues::extend, true);
    }

    private <T> Future<JsonAnswer> settle(
            RoutingContext ctx,
            Function<JsonFields, Entries<T>> entries,
            BiFunction<String, List<T>, CompletableFuture<Outcomes>> turn,
            boolean holds) {
        Query.refuse(ctx);
        String queue = ctx.pathParam("queue");
        return JsonBody.read(ctx, maxBodyBytes)
                .map(entries)
                .compose(all -> JsonAnswer.here(turn.apply(queue, all.leases()))
                        .map(outcomes -> answer(queue, outcomes, all.others(), holds)));
    }

    /**
     * What a request says of leases.
     *
     * @param leases of those that are some, in their order
     * @param others what is wrong with the others, by their place among all: they are answered there, and keep none of the rest from being settled
     */
    record Entries<T>(List<T> leases, Map<Integer, Refused> others) {
        static <T> Entries<T> none() {
            return new Entries<>(new ArrayList<>(), new HashMap<>());
        }

        boolean isEmpty() {
            return leases.isEmpty() && others.isEmpty();
        }

        private void add(String token, Function<Lease, T> entry) {
            MessageTokens.lease(token)
                    .ifPresentOrElse(
                            lease -> leases.add(entry.apply(lease)), () -> refuse(Optional.of(token), INVALID_LEASE));
        }

        private void refuse(Optional<String> token, HttpProblem problem) {
            others.put(leases.size() + others.size(), new Refused(token, problem));
        }

        /** A request of which nothing can be settled for what it says of its leases is refused as a whole. */
        private Entries<T> requireAny() {
            boolean none = leases.isEmpty()
                    && others.values().stream().noneMatch(refused -> refused.problem() == INVALID_LEASE);
            if (none) {
                throw others.get(0).problem();
            }
            return this;
        }
    }

    /**
     * An entry that says what it must not.
     *
     * @param lease what it gives as lease, if it does
     */
    record Refused(Optional<String> lease, HttpProblem problem) {}

    /**
     * The messages that are done.
     *
     * @param beside the names of fields that may be there too
     * @throws HttpProblem 400
     */
    static Entries<Ack> acks(JsonFields fields, String... beside) {
        return entries(
                fields,
                List.of("result"),
                beside,
                (lease, settings) ->
                        new Ack(lease, settings.json("result", MAX_RESULT_BYTES).orElse(NOTHING)));
    }

    /** The messages that could not be done; see {@link #acks(JsonFields, String...)}. */
    static Entries<Nack> nacks(JsonFields fields, String... beside) {
        return entries(
                fields,
                List.of("delay_ms", "reason", "dead"),
                beside,
                (lease, settings) -> new Nack(
                        lease,
                        optional(settings, "delay_ms", MAX_DELAY_MS),
                        settings.flag("dead", false),
                        settings.text("reason", MAX_REASON_CHARS).orElse("rejected")));
    }

    /** The messages that take longer; see {@link #acks(JsonFields, String...)}. */
    static Entries<Extension> extensions(JsonFields fields, String... beside) {
        return entries(
                fields,
                List.of("visibility_timeout_ms", "progress"),
                beside,
                (lease, settings) -> new Extension(
                        lease,
                        optional(settings, "visibility_timeout_ms", Receives.MAX_VISIBILITY_MS),
                        settings.json("progress", MAX_PROGRESS_BYTES)));
    }

    private static OptionalLong optional(JsonFields fields, String name, long max) {
        return fields.has(name) ? OptionalLong.of(fields.number(name, 0, 0, max)) : OptionalLong.empty();
    }

    /** Leases that share their settings, or entries each with its own. */
    private static <T> Entries<T> entries(
            JsonFields fields, List<String> settings, String[] beside, BiFunction<Lease, JsonFields, T> entry) {
        Entries<T> all = Entries.none();
        if (fields.has("entries")) {
            fields.allowOnly(names("entries", List.of(), beside));
            for (JsonFields one : fields.elements("entries", MAX_ENTRIES)) {
                Optional<String> token = Optional.empty();
                try {
                    if (!one.isObject()) {
                        throw JsonFields.invalid("entries", "has one that is no object");
                    }
                    token = Optional.of(one.requiredText("lease", MAX_TOKEN_CHARS));
                    one.allowOnly(names("lease", settings));
                    all.add(token.get(), lease -> entry.apply(lease, one));
                } catch (HttpProblem e) {
                    all.refuse(token, e);
                }
            }
        } else {
            fields.allowOnly(names("leases", settings, beside));
            fields.required("leases");
            for (String token : tokens(fields, "leases")) {
                all.add(token, lease -> entry.apply(lease, fields));
            }
        }
        if (all.isEmpty()) {
            throw JsonFields.invalid(fields.has("entries") ? "entries" : "leases", "must not be empty");
        }
        return all.requireAny();
    }

    private static List<String> tokens(JsonFields fields, String name) {
        List<String> tokens = fields.list(name, MAX_ENTRIES);
        if (tokens.stream().anyMatch(token -> token.length() > MAX_TOKEN_CHARS)) {
            throw JsonFields.invalid(name, "has one of more than " + MAX_TOKEN_CHARS + " characters");
        }
        return tokens;
    }

    private static String[] names(String first, List<String> settings, String... beside) {
        List<String> all = new ArrayList<>();
        all.add(first);
        all.addAll(settings);
        all.addAll(List.of(beside));
        return all.toArray(String[]::new);
    }

    /** @param holds whether the leases go on, so that their ends are worth knowing */
    private static JsonAnswer answer(String queue, Outcomes outcomes, Map<Integer, Refused> others, boolean holds) {
        QueueErrors.require(outcomes.error(), queue);
        boolean any = outcomes.outcomes().stream().anyMatch(outcome -> outcome.error() == QueueError.NONE);
        JsonOutput out = new JsonOutput(sizeOf(outcomes, others)).put(RESULTS);
        results(out, outcomes, others, holds);
        return JsonAnswer.of(any ? 200 : 409, out.put('}').toBuffer());
    }

    /**
     * What became of leases, one by one, as a JSON list.
     *
     * @param others what is wrong with entries, by their place in the list
     * @param holds whether they go on, so that their ends are worth knowing
     */
    static JsonOutput results(Outcomes outcomes, Map<Integer, Refused> others, boolean holds) {
        JsonOutput out = new JsonOutput(sizeOf(outcomes, others));
        results(out, outcomes, others, holds);
        return out;
    }

    /** About how many bytes results take, and a little around them. */
    private static int sizeOf(Outcomes outcomes, Map<Integer, Refused> others) {
        return 64 + (outcomes.outcomes().size() + others.size()) * RESULT_BYTES;
    }

    private static void results(JsonOutput out, Outcomes outcomes, Map<Integer, Refused> others, boolean holds) {
        out.put('[');
        Iterator<Outcome> next = outcomes.outcomes().iterator();
        for (int i = 0; i < outcomes.outcomes().size() + others.size(); i++) {
            if (i > 0) {
                out.put(',');
            }
            if (others.containsKey(i)) {
                refused(out, others.get(i));
            } else {
                result(out, next.next(), holds);
            }
        }
        out.put(']');
    }

    private static void refused(JsonOutput out, Refused refused) {
        JsonObject result = new JsonObject();
        refused.lease().ifPresent(token -> result.put("lease", token));
        out.put(result.put("error", refused.problem().error()).toBuffer().getBytes());
    }

    /** Leases of messages that are done, which have no results; none if the field is not there. */
    static Entries<Ack> finished(JsonFields fields, String name) {
        Entries<Ack> all = Entries.none();
        for (String token : tokens(fields, name)) {
            all.add(token, lease -> new Ack(lease, NOTHING));
        }
        return all;
    }

    /** What is acknowledged without a result. */
    static List<Ack> acks(List<Lease> leases) {
        return leases.stream().map(lease -> new Ack(lease, NOTHING)).toList();
    }

    private static void result(JsonOutput out, Outcome outcome, boolean holds) {
        MessageTokens.put(out.put(LEASE), outcome.lease());
        if (outcome.error() == QueueError.NONE) {
            out.put(OK);
            if (holds && outcome.untilMs() != 0 && outcome.untilMs() != Long.MAX_VALUE) {
                out.put(EXPIRY).number(outcome.untilMs());
            }
            out.put('}');
        } else if (outcome.holder().isEmpty()) {
            out.put(STALE).put(outcome.isFinished() ? FINISHED : NOBODY);
        } else {
            out.put(STALE)
                    .string("the lease is over: " + outcome.holder() + " has the message now")
                    .put(HOLDER)
                    .string(outcome.holder())
                    .put(SINCE)
                    .number(outcome.sinceMs())
                    .put(END);
        }
    }

    Future<JsonAnswer> heartbeat(RoutingContext ctx) {
        Query.refuse(ctx);
        String queue = ctx.pathParam("queue");
        String consumer = consumer(ctx);
        return nothingIn(ctx)
                .compose(nothing -> JsonAnswer.here(queues.heartbeat(queue, consumer)))
                .map(heard -> {
                    QueueErrors.require(heard.error(), queue);
                    return JsonAnswer.of(
                            200,
                            new JsonObject()
                                    .put("session", heard.messages() >= 0)
                                    .put("leases", Math.max(0, heard.messages())));
                });
    }

    Future<JsonAnswer> leave(RoutingContext ctx) {
        Query.refuse(ctx);
        String queue = ctx.pathParam("queue");
        String consumer = consumer(ctx);
        return nothingIn(ctx)
                .compose(nothing -> JsonAnswer.here(queues.leave(queue, consumer)))
                .map(heard -> {
                    Caller.of(ctx).receivesNoMore(queue, consumer);
                    QueueErrors.require(heard.error(), queue);
                    return JsonAnswer.of(200, new JsonObject().put("returned", Math.max(0, heard.messages())));
                });
    }

    /** Refuses a body that says anything. */
    private Future<JsonFields> nothingIn(RoutingContext ctx) {
        return JsonBody.read(ctx, maxBodyBytes).map(fields -> fields.allowOnly());
    }

    private static String consumer(RoutingContext ctx) {
        String consumer = ctx.pathParam("consumer");
        if (consumer.length() > Receives.MAX_NAME_CHARS) {
            throw Query.invalid("consumer", "has more than " + Receives.MAX_NAME_CHARS + " characters");
        }
        return consumer;
    }
}
