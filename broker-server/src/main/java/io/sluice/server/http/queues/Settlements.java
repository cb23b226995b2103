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
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.JsonBody;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.Query;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;

/**
 * What consumers say of their leases: {@code POST /v1/queues/{queue}/ack}, {@code …/nack}, {@code …/extend}, and of themselves:
 * {@code …/consumers/{consumer}/heartbeat} and {@code DELETE …/consumers/{consumer}}.
 */
final class Settlements {
    static final int MAX_ENTRIES = 1_000;
    private static final int MAX_REASON_CHARS = 1_000;
    private static final int MAX_RESULT_BYTES = 64 * 1024;
    private static final int MAX_PROGRESS_BYTES = 4 * 1024;
    /** The longest a message can be put off: a hundred years. */
    private static final long MAX_DELAY_MS = 100L * 365 * 24 * 3_600_000;

    private static final byte[] NOTHING = new byte[0];

    private final QueueCoordinator queues;
    private final int maxBodyBytes;

    Settlements(QueueCoordinator queues, int maxBodyBytes) {
        this.queues = queues;
        this.maxBodyBytes = maxBodyBytes;
    }

    Future<JsonAnswer> ack(RoutingContext ctx) {
        return settle(
                ctx,
                new String[] {"result"},
                (lease, fields) ->
                        new Ack(lease, fields.json("result", MAX_RESULT_BYTES).orElse(NOTHING)),
                queues::acknowledge,
                false);
    }

    Future<JsonAnswer> nack(RoutingContext ctx) {
        return settle(
                ctx,
                new String[] {"delay_ms", "reason", "dead"},
                (lease, fields) -> new Nack(
                        lease,
                        optional(fields, "delay_ms", MAX_DELAY_MS),
                        fields.flag("dead", false),
                        fields.text("reason", MAX_REASON_CHARS).orElse("rejected")),
                queues::reject,
                false);
    }

    Future<JsonAnswer> extend(RoutingContext ctx) {
        return settle(
                ctx,
                new String[] {"visibility_timeout_ms", "progress"},
                (lease, fields) -> new Extension(
                        lease,
                        optional(fields, "visibility_timeout_ms", Receives.MAX_VISIBILITY_MS),
                        fields.json("progress", MAX_PROGRESS_BYTES)),
                queues::extend,
                true);
    }

    private static OptionalLong optional(JsonFields fields, String name, long max) {
        return fields.has(name) ? OptionalLong.of(fields.number(name, 0, 0, max)) : OptionalLong.empty();
    }

    private <T> Future<JsonAnswer> settle(
            RoutingContext ctx,
            String[] settings,
            BiFunction<Lease, JsonFields, T> entry,
            BiFunction<String, List<T>, CompletableFuture<Outcomes>> turn,
            boolean holds) {
        Query.refuse(ctx);
        String queue = ctx.pathParam("queue");
        return JsonBody.read(ctx, maxBodyBytes)
                .map(fields -> entries(fields, settings, entry))
                .compose(entries -> JsonAnswer.here(turn.apply(queue, entries)))
                .map(outcomes -> answer(queue, outcomes, holds));
    }

    /** Leases that share their settings, or entries each with its own. */
    private static <T> List<T> entries(JsonFields fields, String[] settings, BiFunction<Lease, JsonFields, T> entry) {
        List<T> all = new ArrayList<>();
        if (fields.has("entries")) {
            fields.allowOnly("entries");
            for (JsonFields one : fields.objects("entries", MAX_ENTRIES)) {
                one.allowOnly(with("lease", settings));
                all.add(entry.apply(
                        MessageTokens.lease(one.requiredText("lease", MAX_TOKEN_CHARS), "entries.lease"), one));
            }
        } else {
            fields.allowOnly(with("leases", settings));
            fields.required("leases");
            for (String token : fields.list("leases", MAX_ENTRIES)) {
                all.add(entry.apply(MessageTokens.lease(token, "leases"), fields));
            }
        }
        if (all.isEmpty()) {
            throw JsonFields.invalid(fields.has("entries") ? "entries" : "leases", "must not be empty");
        }
        return all;
    }

    private static final int MAX_TOKEN_CHARS = 64;

    private static String[] with(String first, String[] others) {
        List<String> all = new ArrayList<>();
        all.add(first);
        all.addAll(List.of(others));
        return all.toArray(String[]::new);
    }

    /** @param holds whether the leases go on, so that their ends are worth knowing */
    private static JsonAnswer answer(String queue, Outcomes outcomes, boolean holds) {
        QueueErrors.require(outcomes.error(), queue);
        boolean any = outcomes.outcomes().stream().anyMatch(outcome -> outcome.error() == QueueError.NONE);
        return JsonAnswer.of(any ? 200 : 409, new JsonObject().put("results", results(outcomes, holds)));
    }

    static JsonArray results(Outcomes outcomes, boolean holds) {
        JsonArray results = new JsonArray();
        for (Outcome outcome : outcomes.outcomes()) {
            results.add(result(outcome, outcome.error() == QueueError.NONE, holds));
        }
        return results;
    }

    /** What is acknowledged without a result. */
    static List<Ack> acks(List<Lease> leases) {
        return leases.stream().map(lease -> new Ack(lease, NOTHING)).toList();
    }

    private static JsonObject result(Outcome outcome, boolean good, boolean holds) {
        JsonObject result = new JsonObject().put("lease", MessageTokens.of(outcome.lease()));
        if (good) {
            result.put("ok", true);
            if (holds && outcome.untilMs() != 0 && outcome.untilMs() != Long.MAX_VALUE) {
                result.put("lease_expires_at", outcome.untilMs());
            }
            return result;
        }
        JsonObject error = new JsonObject().put("code", "stale_lease");
        if (outcome.holder().isEmpty()) {
            error.put("detail", "the lease is over: nobody has the message now, or it is finished");
        } else {
            error.put("detail", "the lease is over: " + outcome.holder() + " has the message now")
                    .put("holder", outcome.holder())
                    .put("since", outcome.sinceMs());
        }
        return result.put("error", error);
    }

    Future<JsonAnswer> heartbeat(RoutingContext ctx) {
        Query.refuse(ctx);
        String queue = ctx.pathParam("queue");
        return JsonAnswer.here(queues.heartbeat(queue, consumer(ctx))).map(heard -> {
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
        return JsonAnswer.here(queues.leave(queue, consumer(ctx))).map(heard -> {
            Caller.of(ctx).receivesNoMore(queue, consumer(ctx));
            QueueErrors.require(heard.error(), queue);
            return JsonAnswer.of(200, new JsonObject().put("returned", Math.max(0, heard.messages())));
        });
    }

    private static String consumer(RoutingContext ctx) {
        String consumer = ctx.pathParam("consumer");
        if (consumer.length() > Receives.MAX_NAME_CHARS) {
            throw Query.invalid("consumer", "has more than " + Receives.MAX_NAME_CHARS + " characters");
        }
        return consumer;
    }
}
