package io.sluice.server.http.groups;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.TopicName;
import io.sluice.groups.CommittedOffset;
import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupError;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.consumer.Poll;
import io.sluice.server.http.Caller;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.records.ReadPlace;
import io.sluice.server.http.records.RecordAccess;
import io.sluice.server.http.records.RecordsAnswer;
import io.sluice.server.http.records.RecordsWait;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Answers one poll of a member. The coordinator says what the member may read, and from where; if there is nothing, the poll waits
 * for records, and asks the coordinator again when what it was told is not true any more. Owned by the request's event loop.
 */
final class LongPoll {
    private static final int MAX_CLIENT_ID_CHARS = 255;
    private final Vertx vertx;
    private final Broker broker;
    private final GroupCoordinator groups;
    private final GroupMetrics metrics;
    private final RoutingContext ctx;
    private final PollRequest request;
    private final RecordsAnswer answer;
    private final RecordsWait wait;
    private final Context context;
    private final long deadlineNs;

    /** What the coordinator said last. */
    private Turn turn = new Turn();

    private final Map<TopicPartition, GroupError> refused = new LinkedHashMap<>();
    private List<Reading> readings = List.of();
    private boolean ended;
    /** When the coordinator last heard of the member by this poll. */
    private long heardNs = System.nanoTime();

    /** One turn of the coordinator, and what has become of it. */
    private static final class Turn {
        private Poll.Answer told = Poll.Answer.refused(GroupError.NONE);
        private boolean open;
        private Optional<Poll.Interruption> interrupted = Optional.empty();
    }

    /** A partition that the member may read. */
    private static final class Reading {
        private final Poll.Readable readable;
        private Optional<ReadPlace> place = Optional.empty();
        /** Where the group stands, or begins. */
        private long position;
        /** The first offset that was read: another one if there is nothing at the position any more. */
        private long begin;

        private Optional<Throwable> fault = Optional.empty();

        Reading(Poll.Readable readable) {
            this.readable = readable;
        }

        boolean isUnavailable() {
            return place.isEmpty() || place.get().fault().isPresent();
        }

        /** Whether the group has not stood where the member goes on. */
        boolean hasMoved() {
            return place.isPresent() && place.get().offset() != position;
        }
    }

    LongPoll(
            Vertx vertx,
            Broker broker,
            GroupCoordinator groups,
            GroupMetrics metrics,
            RecordAccess records,
            RoutingContext ctx,
            PollRequest request) {
        this.vertx = vertx;
        this.broker = broker;
        this.groups = groups;
        this.metrics = metrics;
        this.ctx = ctx;
        this.request = request;
        this.context = vertx.getOrCreateContext();
        this.answer = new RecordsAnswer(
                records,
                ctx,
                request.maxRecords(),
                request.maxBytes(),
                request.values(),
                request.filter(),
                request.waitMs());
        this.deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(request.waitMs());
        this.wait = new RecordsWait(vertx, context, new RecordsWait.Waiter() {
            @Override
            public void timeOver() {
                find();
                round();
            }

            @Override
            public void readable() {
                round();
            }

            @Override
            public void goOn() {
                LongPoll.this.goOn();
            }

            @Override
            public void fail(Throwable overloaded) {
                LongPoll.this.fail(overloaded);
            }
        });
    }

    void start() {
        answer.onGone(this::leave);
        answer.onTaken(this::taken);
        // Others may answer as well: the broker stops, or the log refuses.
        ctx.addEndHandler(done -> leave());
        ask(request.commit(), Poll.NEW);
    }

    // ---- the coordinator ----

    /** @param continues the poll that is gone on with, or NEW */
    private void ask(Optional<Poll.Cursor> commit, long continues) {
        Turn asked = new Turn();
        turn = asked;
        String clientId = Optional.ofNullable(ctx.request().getHeader(HttpHeaders.USER_AGENT))
                .map(text -> text.substring(0, Math.min(text.length(), MAX_CLIENT_ID_CHARS)))
                .orElse("");
        Poll.Request poll = new Poll.Request(
                request.member(),
                request.topics(),
                request.sessionTimeoutMs(),
                clientId,
                ctx.request().remoteAddress().hostAddress(),
                commit,
                continues,
                why -> context.runOnContext(v -> interrupted(asked, why)));
        Future.fromCompletionStage(groups.poll(request.group(), poll), context)
                .onSuccess(told -> told(asked, told))
                .onFailure(failure -> HttpErrors.respond(ctx, failure));
    }

    private void told(Turn asked, Poll.Answer told) {
        asked.told = told;
        asked.open = told.error() == GroupError.NONE;
        if (ended || answer.isGone()) {
            close(asked, Set.of(), 0);
            return;
        }
        if (!asked.open) {
            fail(GroupErrors.problem(told.error(), request.group()));
            return;
        }
        Caller.of(ctx).member(request.group(), request.member(), request.topics(), request.filters());
        told.committed().partitions().forEach((partition, outcome) -> {
            if (outcome != GroupError.NONE) {
                refused.put(partition, outcome);
            }
        });
        readings = told.partitions().stream().map(Reading::new).toList();
        find();
        begin();
    }

    /** The coordinator's turn is over: it learns what the client holds now. */
    private void close(Turn over, Set<TopicIdPartition> holding, int records) {
        if (over.open) {
            over.open = false;
            groups.pollDone(request.group(), new Poll.Done(request.member(), over.told.poll(), holding, records));
        }
    }

    /** Whoever takes a long answer piece by piece is alive, however long it takes. */
    private void taken() {
        long nowNs = System.nanoTime();
        if (turn.open && nowNs - heardNs >= TimeUnit.MILLISECONDS.toNanos(request.sessionTimeoutMs()) / 8) {
            heardNs = nowNs;
            groups.pollGoesOn(request.group(), request.member(), turn.told.poll());
        }
    }

    private void interrupted(Turn of, Poll.Interruption why) {
        of.interrupted = Optional.of(why);
        if (of == turn && wait.isOn()) {
            wait.end();
            goOn();
        }
    }

    // ---- partitions ----

    /** Looks for the partitions that are not at hand. */
    private void find() {
        for (Reading reading : readings) {
            if (reading.isUnavailable()) {
                try {
                    open(reading, broker.partition(reading.readable.partition()));
                } catch (BrokerException e) {
                    reading.fault = Optional.of(e);
                }
            }
        }
    }

    private void open(Reading reading, PartitionLog log) {
        long first = log.logStartOffset();
        long end = log.highWatermark();
        reading.position =
                reading.readable.position().map(CommittedOffset::offset).orElse(request.fromEnd() ? end : first);
        reading.begin = reading.position < first ? first : Math.min(reading.position, end);
        reading.place = Optional.of(new ReadPlace(reading.readable.partition(), log, reading.begin));
        reading.fault = Optional.empty();
    }

    /** Whoever begins at the end stands there from now on: what comes between two polls is for the second. */
    private void begin() {
        Map<TopicIdPartition, Long> ends = new HashMap<>();
        if (request.fromEnd()) {
            for (Reading reading : readings) {
                if (reading.readable.position().isEmpty() && reading.place.isPresent()) {
                    ends.put(reading.readable.id(), reading.position);
                }
            }
        }
        if (ends.isEmpty()) {
            round();
            return;
        }
        Turn of = turn;
        Future.fromCompletionStage(
                        groups.commit(request.group(), request.member(), new Poll.Cursor(of.told.epoch(), ends)),
                        context)
                .onSuccess(committed -> {
                    if (committed.error() != GroupError.NONE) {
                        fail(GroupErrors.problem(committed.error(), request.group()));
                    } else {
                        round();
                    }
                })
                .onFailure(this::fail);
    }

    // ---- records ----

    private void round() {
        if (ended || answer.isGone()) {
            leave();
            return;
        }
        if (answer.records() == 0 && turn.interrupted.isPresent()) {
            askAgain(turn.interrupted.get());
            return;
        }
        List<ReadPlace> all = new ArrayList<>();
        readings.forEach(reading -> reading.place.filter(ReadPlace::hasMore).ifPresent(all::add));
        if (!all.isEmpty()) {
            // Each poll begins with another one: nobody with much to read keeps the others waiting.
            Collections.rotate(all, -(int) (turn.told.poll() % all.size()));
        }
        answer.round(all.subList(0, Math.min(all.size(), PollCursor.MAX_PARTITIONS)), this::goOn);
    }

    private void goOn() {
        if (ended || answer.isGone()) {
            leave();
        } else if (answer.records() > 0) {
            finish();
        } else if (turn.interrupted.isPresent()) {
            askAgain(turn.interrupted.get());
        } else {
            long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNs - System.nanoTime());
            if (leftMs <= 0) {
                finish();
            } else {
                await(leftMs);
            }
        }
    }

    private void askAgain(Poll.Interruption why) {
        switch (why) {
            case SUPERSEDED -> fail(GroupErrors.problem(GroupError.SUPERSEDED, request.group()));
            case LEFT ->
                fail(new HttpProblem(
                        409, "member_left", "member " + request.member() + " has left group " + request.group()));
            case CHANGED -> {
                close(turn, Set.of(), 0);
                ask(Optional.empty(), turn.told.poll());
            }
            case REMOVED -> {
                close(turn, Set.of(), 0);
                ask(Optional.empty(), Poll.NEW);
            }
        }
    }

    private void await(long leftMs) {
        boolean anyUnavailable = readings.stream().anyMatch(Reading::isUnavailable);
        List<ReadPlace> places = new ArrayList<>();
        readings.forEach(reading -> reading.place.ifPresent(places::add));
        wait.begin(places, place -> 1, leftMs, anyUnavailable);
    }

    // ---- the end ----

    private void finish() {
        ended = true;
        Map<TopicIdPartition, Long> offsets = new HashMap<>();
        Set<TopicIdPartition> holding = new HashSet<>();
        for (Reading reading : readings) {
            if (reading.hasMoved() && offsets.size() < PollCursor.MAX_PARTITIONS) {
                offsets.put(reading.readable.id(), reading.place.orElseThrow().offset());
            }
            if (reading.place.isPresent() && reading.place.get().records() > 0) {
                holding.add(reading.readable.id());
            }
        }
        countFiltered();
        String cursor =
                PollCursor.encode(request.group(), request.member(), new Poll.Cursor(turn.told.epoch(), offsets));
        metrics.polled(answer.records());
        // Before the client can come with its next request.
        close(turn, holding, (int) answer.records());
        answer.end(rest(cursor));
    }

    /** What was passed over, other than what the filter left out, are gaps that compaction has made. */
    private void countFiltered() {
        if (!request.filters().isEmpty()) {
            long passedOver = 0;
            for (Reading reading : readings) {
                passedOver += reading.place
                        .map(place -> place.offset() - reading.begin)
                        .orElse(0L);
            }
            Caller.of(ctx)
                    .filtered(
                            request.group(),
                            request.member(),
                            answer.records(),
                            Math.max(0, passedOver - answer.records()));
        }
    }

    private JsonObject rest(String cursor) {
        JsonArray assignment = new JsonArray();
        JsonArray lost = new JsonArray();
        JsonArray unavailable = new JsonArray();
        for (Reading reading : readings) {
            JsonObject named = Outcomes.of(reading.readable.partition());
            if (reading.place.isPresent()) {
                named.put("position", reading.position);
                if (reading.begin != reading.position) {
                    lost.add(Outcomes.of(reading.readable.partition())
                            .put("from", reading.position)
                            .put("to", reading.begin));
                }
            }
            assignment.add(named);
            Optional<Throwable> fault =
                    reading.place.isPresent() ? reading.place.get().fault() : reading.fault;
            fault.ifPresent(why -> unavailable.add(Outcomes.of(reading.readable.partition())
                    .put("code", HttpErrors.problem(why).code())));
        }
        JsonArray refusedOnes = new JsonArray();
        refused.forEach(
                (partition, why) -> refusedOnes.add(Outcomes.of(partition).put("code", GroupErrors.code(why))));
        metrics.refused(refused.size());
        List<String> unknown = request.topics().stream()
                .filter(topic ->
                        TopicName.isInternal(topic) || broker.topic(topic).isEmpty())
                .distinct()
                .toList();
        JsonObject rest = new JsonObject()
                .put("cursor", cursor)
                .put("assignment", assignment)
                .put("waiting_for", turn.told.waitingFor());
        putUnlessEmpty(rest, "lost", lost);
        putUnlessEmpty(rest, "refused", refusedOnes);
        putUnlessEmpty(rest, "unavailable", unavailable);
        putUnlessEmpty(rest, "unknown_topics", new JsonArray(unknown));
        return rest;
    }

    private static void putUnlessEmpty(JsonObject document, String name, JsonArray list) {
        if (!list.isEmpty()) {
            document.put(name, list);
        }
    }

    private void fail(Throwable failure) {
        HttpErrors.respond(ctx, failure);
        leave();
    }

    /** Nobody waits for an answer any more. */
    private void leave() {
        ended = true;
        wait.end();
        close(turn, Set.of(), 0);
    }
}
