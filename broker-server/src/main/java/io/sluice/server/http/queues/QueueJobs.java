package io.sluice.server.http.queues;

import io.sluice.groups.queue.Afterlife.Answer;
import io.sluice.groups.queue.JobFilter;
import io.sluice.groups.queue.JobSpec;
import io.sluice.groups.queue.JobSpec.Kind;
import io.sluice.groups.queue.JobView;
import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.Progress;
import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.groups.queue.QueueEvent.Outcome;
import io.sluice.server.clients.Client;
import io.sluice.server.http.Caller;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.JsonBody;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.Query;
import io.sluice.server.http.Routes;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * {@code POST /v1/queues/{queue}/redrive} and {@code …/replay}, and the jobs that they begin: {@code /v1/queues/{queue}/jobs[/{id}]}. Safe on
 * any event loop.
 */
final class QueueJobs {
    private static final String JOBS = "/v1/queues/:queue/jobs";
    private static final int MAX_BY_CHARS = 200;

    private final QueueCoordinator queues;
    private final int maxBodyBytes;
    private final InstantSource clock;

    QueueJobs(QueueCoordinator queues, int maxBodyBytes, InstantSource clock) {
        this.queues = queues;
        this.maxBodyBytes = maxBodyBytes;
        this.clock = clock;
    }

    void mount(Router router) {
        router.post("/v1/queues/:queue/redrive").handler(JsonAnswer.answering(ctx -> begin(ctx, JobFields::redrive)));
        router.post("/v1/queues/:queue/replay").handler(JsonAnswer.answering(ctx -> begin(ctx, JobFields::replay)));
        Routes.get(router, JOBS, JsonAnswer.answering(this::list));
        Routes.get(router, JOBS + "/:job", JsonAnswer.answering(this::describe));
        router.delete(JOBS + "/:job").handler(JsonAnswer.answering(this::stop));
    }

    /** What a request asks for. */
    private interface Wish {
        JobSpec of(String queue, JsonFields fields, String by, long nowMs);
    }

    private Future<JsonAnswer> begin(RoutingContext ctx, Wish wish) {
        Query.refuse(ctx);
        String queue = QueueFields.queue(ctx);
        return JsonBody.read(ctx, maxBodyBytes).compose(fields -> {
            JobSpec spec = wish.of(queue, fields, by(ctx), clock.millis());
            return JobFields.isDryRun(fields) ? count(queue, spec) : begin(ctx, queue, spec);
        });
    }

    private Future<JsonAnswer> begin(RoutingContext ctx, String queue, JobSpec spec) {
        return JsonAnswer.here(queues.afterlife().begin(spec)).map(begun -> {
            JobView job = known(begun, queue);
            ctx.response().putHeader("Location", "/v1/queues/" + queue + "/jobs/" + job.id());
            return JsonAnswer.of(202, document(job));
        });
    }

    private Future<JsonAnswer> count(String queue, JobSpec spec) {
        return JsonAnswer.here(queues.afterlife().count(spec)).map(count -> {
            QueueErrors.require(count.error(), queue);
            JsonObject document = new JsonObject().put("dry_run", true);
            counts(document, count.progress(), spec.kind());
            return JsonAnswer.of(200, document.put("sent", count.moved()).put("complete", count.complete()));
        });
    }

    /** Who makes a request: what it calls its program, and from where. */
    private static String by(RoutingContext ctx) {
        Client client = Caller.of(ctx);
        String by = (client.softwareName() + " " + client.remote()).trim();
        return by.length() <= MAX_BY_CHARS ? by : by.substring(0, MAX_BY_CHARS);
    }

    private static JobView known(Answer answer, String queue) {
        QueueErrors.require(answer.error(), queue);
        return answer.job().orElseThrow();
    }

    private Future<JsonAnswer> list(RoutingContext ctx) {
        Query.refuse(ctx);
        String queue = QueueFields.queue(ctx);
        return JsonAnswer.here(queues.afterlife().jobs(queue)).map(all -> {
            QueueErrors.require(all.error(), queue);
            JsonArray jobs = new JsonArray();
            all.jobs().forEach(job -> jobs.add(document(job)));
            return JsonAnswer.of(200, new JsonObject().put("jobs", jobs));
        });
    }

    private Future<JsonAnswer> describe(RoutingContext ctx) {
        return one(ctx, queues.afterlife()::job);
    }

    private Future<JsonAnswer> stop(RoutingContext ctx) {
        return one(ctx, (queue, id) -> queues.afterlife().stop(queue, id, by(ctx)));
    }

    /** Something about one job. */
    private interface About {
        CompletableFuture<Answer> job(String queue, String id);
    }

    private Future<JsonAnswer> one(RoutingContext ctx, About about) {
        Query.refuse(ctx);
        String queue = QueueFields.queue(ctx);
        return JsonAnswer.here(about.job(queue, ctx.pathParam("job")))
                .map(answer -> JsonAnswer.of(200, document(known(answer, queue))));
    }

    private static JsonObject document(JobView job) {
        JobSpec spec = job.spec();
        JsonObject document = new JsonObject()
                .put("id", job.id())
                .put("kind", title(spec.kind()))
                .put("state", title(job.state()))
                .put("queue", spec.origin())
                .put("source", job.queue())
                .put("target", spec.target())
                .put("by", spec.by())
                .put("began_at", job.beganMs());
        if (job.endedMs() > 0) {
            document.put("ended_at", job.endedMs());
        }
        if (!job.why().isEmpty()) {
            document.put("why", job.why());
        }
        counts(document, job.progress(), spec.kind());
        document.put("sent", job.moved());
        if (spec.rate() > 0) {
            document.put("rate", spec.rate());
        }
        if (spec.max() > 0) {
            document.put("max", spec.max());
        }
        if (spec.kind() == Kind.REDRIVE) {
            document.put("max_redrives", spec.maxRedrives());
        }
        return document.put("filter", document(spec));
    }

    private static void counts(JsonObject document, Progress progress, Kind kind) {
        document.put("looked_at", progress.lookedAt()).put("matching", progress.matching());
        if (kind == Kind.REDRIVE) {
            document.put("leased", progress.leased());
        }
        document.put("refused", progress.refused());
    }

    private static String title(Enum<?> one) {
        return one.name().toLowerCase(Locale.ROOT);
    }

    /** The filter as it was asked for, with times as numbers. */
    private static JsonObject document(JobSpec spec) {
        JobFilter filter = spec.filter();
        boolean isRedrive = spec.kind() == Kind.REDRIVE;
        JsonObject document = new JsonObject();
        if (!filter.ids().isEmpty()) {
            document.put("ids", new JsonArray(filter.ids().stream().sorted().toList()));
        }
        if (!filter.reason().isEmpty()) {
            document.put("reason", filter.reason());
        }
        if (!filter.consumer().isEmpty()) {
            document.put("consumer", filter.consumer());
        }
        filter.key().ifPresent(key -> document.put("key", key));
        if (filter.fromMs() > 0) {
            document.put(isRedrive ? "died_after" : "from", filter.fromMs());
        }
        if (filter.toMs() < Long.MAX_VALUE) {
            document.put(isRedrive ? "died_before" : "to", filter.toMs());
        }
        filter.fromId().map(MessageId::toString).ifPresent(id -> document.put("from_id", id));
        filter.toId().map(MessageId::toString).ifPresent(id -> document.put("to_id", id));
        if (!filter.headers().isEmpty()) {
            Map<String, Object> headers = new TreeMap<>(filter.headers());
            document.put("headers", new JsonObject(headers));
        }
        if (!isRedrive) {
            boolean isAny = filter.outcomes().size() == Outcome.values().length;
            document.put(
                    "outcome",
                    isAny ? "any" : title(filter.outcomes().iterator().next()));
        }
        return document;
    }
}
