package io.sluice.server.http.queues;

import io.sluice.core.Broker;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.Topic;
import io.sluice.groups.queue.Attempt;
import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.MessageView;
import io.sluice.groups.queue.MessageView.State;
import io.sluice.groups.queue.QueueConfig;
import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.groups.queue.QueueError;
import io.sluice.groups.queue.QueueOutline;
import io.sluice.server.http.Accept;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.Query;
import io.sluice.server.http.Routes;
import io.sluice.server.http.records.MessageReader;
import io.sluice.server.http.records.MessageReader.Body;
import io.sluice.server.http.records.MessageReader.Content;
import io.sluice.server.http.records.RecordAccess;
import io.sluice.server.http.records.Values;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Messages looked at without touching them: {@code GET /v1/queues/{queue}/messages[/{id}]}, and {@code DELETE} of one. Safe on any event loop.
 */
final class Messages {
    private static final Set<String> BROWSING = Set.of("state", "after", "limit", "values", "max_bytes");
    private static final Set<String> LOOKING = Set.of("values");
    private static final int DEFAULT_PAGE = 50;
    private static final int MAX_PAGE = 1_000;
    private static final int DEFAULT_BYTES = 1024 * 1024;
    /** Room for the keys of a whole page, all of them escaped. */
    private static final int KEYS_BYTES = MAX_PAGE * (6 * MessageReader.MAX_KEY_BYTES + 64);
    /** How often it is looked for more if most of what was found is not wanted. */
    private static final int MAX_ROUNDS = 5;

    private static final Set<State> UNFINISHED = EnumSet.of(State.WAITING, State.DELAYED, State.LEASED, State.DYING);
    private static final String NO_VALUES = "none";

    private final Broker broker;
    private final QueueCoordinator queues;
    private final RecordAccess records;
    private final InstantSource clock;

    Messages(Broker broker, QueueCoordinator queues, RecordAccess records, InstantSource clock) {
        this.broker = broker;
        this.queues = queues;
        this.records = records;
        this.clock = clock;
    }

    void mount(Router router) {
        Routes.get(router, "/v1/queues/:queue/messages", ctx -> answer(ctx, this::browse));
        Routes.get(router, "/v1/queues/:queue/messages/:id", ctx -> answer(ctx, this::look));
        router.delete("/v1/queues/:queue/messages/:id").handler(JsonAnswer.answering(this::delete));
    }

    /** A route that answers with JSON of which parts are as they were sent. */
    interface Route {
        Future<Buffer> answer(RoutingContext ctx);
    }

    static void answer(RoutingContext ctx, Route route) {
        Accept.require(ctx, "application/json");
        route.answer(ctx)
                .onSuccess(document -> {
                    if (!ctx.response().ended() && !ctx.response().closed()) {
                        ctx.response().putHeader("Content-Type", "application/json");
                        ctx.response().end(document);
                    }
                })
                .onFailure(failure -> HttpErrors.respond(ctx, failure));
    }

    /** The place of the message that the path names. */
    static MessageId id(RoutingContext ctx) {
        return parse("id", ctx.pathParam("id"));
    }

    static MessageId parse(String field, String text) {
        return MessageId.parse(text)
                .orElseThrow(() -> Query.invalid(field, "is \"" + text + "\", not the id of a message, like 0-17"));
    }

    private Future<JsonAnswer> delete(RoutingContext ctx) {
        Query.refuse(ctx);
        String queue = QueueFields.queue(ctx);
        return JsonAnswer.here(queues.delete(queue, id(ctx))).map(error -> {
            QueueErrors.require(error, queue);
            return JsonAnswer.NOTHING;
        });
    }

    // ---- one message ----

    private Future<Buffer> look(RoutingContext ctx) {
        Query query = Query.of(ctx, LOOKING);
        Shown shown = Shown.of(query);
        String queue = QueueFields.queue(ctx);
        return JsonAnswer.here(queues.message(queue, id(ctx))).compose(found -> {
            QueueErrors.require(found.error(), queue);
            if (found.message().state() == State.UNKNOWN) {
                throw QueueErrors.problem(QueueError.UNKNOWN_MESSAGE, queue);
            }
            Reading reading = new Reading(ctx, queue, shown, DEFAULT_BYTES);
            return reading.read(List.of(found.message()))
                    .map(seen -> seen.get(0).document());
        });
    }

    /** Messages with what their records say of them, but without what they carry. */
    Future<List<Seen>> seen(RoutingContext ctx, String queue, List<MessageView> views) {
        return new Reading(ctx, queue, new Shown(Values.AUTO, Content.NONE), DEFAULT_BYTES).read(views);
    }

    /** Messages with their keys, as text or in base64. */
    Future<List<Seen>> keyed(RoutingContext ctx, String queue, List<MessageView> views) {
        return new Reading(ctx, queue, new Shown(Values.TEXT, Content.KEY), KEYS_BYTES).read(views);
    }

    /** How keys, values and headers are shown. */
    record Shown(Values values, Content content) {
        static Shown of(Query query) {
            String text = query.text("values").orElse("");
            return text.equals(NO_VALUES)
                    ? new Shown(Values.AUTO, Content.NONE)
                    : new Shown(Values.parse(text), Content.ALL);
        }
    }

    // ---- many ----

    private Future<Buffer> browse(RoutingContext ctx) {
        Query query = Query.of(ctx, BROWSING);
        Set<State> states = query.text("state").map(Messages::states).orElse(UNFINISHED);
        Optional<MessageId> after = query.text("after").map(text -> parse("after", text));
        int limit = (int) query.number("limit", DEFAULT_PAGE, 1, MAX_PAGE);
        int maxBytes = (int)
                query.number("max_bytes", DEFAULT_BYTES, 1, records.limits().maxFetchBytes());
        Shown shown = Shown.of(query);
        return new Page(ctx, states, limit, new Reading(ctx, QueueFields.queue(ctx), shown, maxBytes)).from(after, 1);
    }

    private static Set<State> states(String text) {
        Set<State> states = EnumSet.noneOf(State.class);
        for (String name : text.split(",", -1)) {
            states.add(Arrays.stream(State.values())
                    .filter(state -> state != State.UNKNOWN && title(state).equals(name))
                    .findFirst()
                    .orElseThrow(() -> Query.invalid(
                            "state",
                            "has \"" + name + "\", which is none of "
                                    + Arrays.stream(State.values())
                                            .filter(state -> state != State.UNKNOWN)
                                            .map(Messages::title)
                                            .collect(Collectors.joining(", ")))));
        }
        return states;
    }

    static String title(State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }

    /** One page: what is found is asked for in rounds, because only its records tell whether some of it is wanted. */
    private final class Page {
        private final Set<State> states;
        private final int limit;
        private final Reading reading;
        private final String queue;
        private final List<Seen> page = new ArrayList<>();

        Page(RoutingContext ctx, Set<State> states, int limit, Reading reading) {
            this.states = states;
            this.limit = limit;
            this.reading = reading;
            this.queue = QueueFields.queue(ctx);
        }

        Future<Buffer> from(Optional<MessageId> after, int round) {
            return JsonAnswer.here(queues.browse(queue, states, after, limit - page.size()))
                    .compose(browsed -> {
                        QueueErrors.require(browsed.error(), queue);
                        return reading.read(browsed.messages()).compose(seen -> {
                            seen.stream()
                                    .filter(one -> states.contains(one.state()))
                                    .forEach(page::add);
                            boolean isCut = seen.size() < browsed.messages().size();
                            Optional<MessageId> next = isCut
                                    ? Optional.of(
                                            seen.get(seen.size() - 1).view().id())
                                    : browsed.next();
                            boolean goesOn = !isCut && next.isPresent() && page.size() < limit && round < MAX_ROUNDS;
                            return goesOn ? from(next, round + 1) : Future.succeededFuture(document(next));
                        });
                    });
        }

        private Buffer document(Optional<MessageId> next) {
            Buffer out = Buffer.buffer(256).appendString("{\"messages\":[");
            for (int i = 0; i < page.size(); i++) {
                out.appendString(i == 0 ? "" : ",").appendBuffer(page.get(i).document());
            }
            out.appendString("]");
            next.ifPresent(id -> out.appendString(",\"next\":\"" + id + "\""));
            return out.appendString("}");
        }
    }

    // ---- what the log tells ----

    /** Reads what belongs to messages. For one request. */
    private final class Reading {
        private final RoutingContext ctx;
        private final String queue;
        private final Shown shown;
        private int bytesLeft;

        Reading(RoutingContext ctx, String queue, Shown shown, int maxBytes) {
            this.ctx = ctx;
            this.queue = queue;
            this.shown = shown;
            this.bytesLeft = maxBytes;
        }

        /** As many of these as there is room for, but at least one if there is one. */
        Future<List<Seen>> read(List<MessageView> views) {
            if (views.isEmpty()) {
                return Future.succeededFuture(List.of());
            }
            MessageReader reader = new MessageReader(
                            records,
                            records.budget().reserve(ctx, 0),
                            this::log,
                            shown.values(),
                            Math.max(1, bytesLeft))
                    .only(shown.content());
            Optional<QueueConfig> config = queues.find(queue).map(QueueOutline::config);
            long nowMs = clock.millis();
            return reader.read(views.stream().map(MessageView::id).toList()).map(bodies -> {
                Set<MessageId> left = new HashSet<>(reader.left());
                List<Seen> seen = views.stream()
                        .filter(view -> !left.contains(view.id()))
                        .map(view -> Seen.of(
                                view,
                                Optional.ofNullable(bodies.get(view.id())),
                                Optional.ofNullable(reader.unreadable().get(view.id())),
                                config,
                                nowMs))
                        .toList();
                bytesLeft -= bodies.values().stream()
                        .mapToInt(body -> body.members().length)
                        .sum();
                return seen;
            });
        }

        private PartitionLog log(int partition) {
            Topic topic = broker.requireTopic(queue);
            return broker.partition(new TopicPartition(topic.name(), partition));
        }
    }

    /**
     * A message with what its record says of it.
     *
     * @param state where it stands, also if only the time tells
     * @param body what the log has of it; empty if it has nothing, or no more
     * @param unreadable why that cannot be read, if it cannot
     * @param deliverAtMs when it is due, in ms since the epoch; 0 if at once
     * @param expiresAtMs when it is not delivered any more, in ms since the epoch; {@link Long#MAX_VALUE} if never
     */
    record Seen(
            MessageView view,
            State state,
            Optional<Body> body,
            Optional<String> unreadable,
            long deliverAtMs,
            long expiresAtMs) {
        static Seen of(
                MessageView view,
                Optional<Body> body,
                Optional<String> unreadable,
                Optional<QueueConfig> config,
                long nowMs) {
            long deliverAtMs = 0;
            long expiresAtMs = Long.MAX_VALUE;
            if (body.isPresent()) {
                long sentMs = body.get().timestampMs();
                long delayMs = config.map(QueueConfig::delayMs).orElse(0L);
                long ttlMs = config.map(QueueConfig::ttlMs).orElse(0L);
                boolean saysWhen = body.get().deliverAtMs() >= 0;
                deliverAtMs = saysWhen ? body.get().deliverAtMs() : delayMs > 0 ? sentMs + delayMs : 0;
                // The time that it was delayed does not make it older.
                expiresAtMs = Math.min(
                        body.get().expiresAtMs(), ttlMs > 0 ? Math.max(sentMs, deliverAtMs) + ttlMs : Long.MAX_VALUE);
            }
            boolean isAgain = view.state() == State.DELAYED && view.untilMs() > 0;
            boolean isEarly = !view.isCertain() && deliverAtMs > nowMs;
            return new Seen(
                    view,
                    isEarly ? State.DELAYED : view.state(),
                    body,
                    unreadable,
                    isAgain ? view.untilMs() : deliverAtMs,
                    expiresAtMs);
        }

        Buffer document() {
            MessageId id = view.id();
            JsonObject head = new JsonObject()
                    .put("id", body.map(Body::id).orElse(id.toString()))
                    .put("partition", id.partition())
                    .put("offset", id.offset())
                    .put("state", title(state))
                    .put("deliveries", view.deliveries());
            body.ifPresent(there -> head.put("enqueued_at", there.timestampMs()));
            if (deliverAtMs > 0) {
                head.put("deliver_at", deliverAtMs);
            }
            if (expiresAtMs != Long.MAX_VALUE) {
                head.put("expires_at", expiresAtMs);
            }
            if (view.firstReceivedMs() > 0) {
                head.put("first_received_at", view.firstReceivedMs());
            }
            if (view.sinceMs() > 0) {
                head.put("since", view.sinceMs());
            }
            if (!view.consumer().isEmpty()) {
                head.put("consumer", view.consumer());
            }
            if (state == State.LEASED) {
                head.put("lease_expires_at", view.untilMs() == Long.MAX_VALUE ? null : view.untilMs());
            }
            if (!view.reason().isEmpty()) {
                head.put("reason", view.reason());
            }
            view.blocker().ifPresent(other -> head.put("blocked_by", other.id().toString()));
            if (view.parked().isPresent()) {
                head.put("parked", true);
            }
            JsonArray attempts = new JsonArray();
            view.attempts().forEach(attempt -> attempts.add(document(attempt)));
            head.put("attempts", attempts);
            if (unreadable.isPresent()) {
                head.put("unreadable", unreadable.get());
            } else if (body.isEmpty()) {
                head.put("gone", true);
            }
            Buffer out = Buffer.buffer(head.encode());
            // Its last brace comes last.
            out = out.getBuffer(0, out.length() - 1);
            appendJson(out, "progress", view.progress());
            appendJson(out, "result", view.result());
            return out.appendBytes(body.map(Body::members).orElse(new byte[] {'}'}));
        }

        private static JsonObject document(Attempt attempt) {
            return new JsonObject()
                    .put("at", attempt.atMs())
                    .put("consumer", attempt.consumer())
                    .put("held_ms", attempt.heldMs())
                    .put("reason", attempt.reason());
        }

        private static void appendJson(Buffer out, String name, byte[] json) {
            if (json.length > 0) {
                out.appendString(",\"" + name + "\":").appendBytes(json);
            }
        }
    }
}
