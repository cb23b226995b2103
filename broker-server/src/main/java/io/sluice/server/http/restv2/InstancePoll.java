package io.sluice.server.http.restv2;

import io.sluice.core.BrokerException;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import io.sluice.groups.consumer.Poll;
import io.sluice.server.http.Caller;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.RestProblem;
import io.sluice.server.http.records.ReadPlace;
import io.sluice.server.http.records.RecordAccess;
import io.sluice.server.http.records.RecordsAnswer;
import io.sluice.server.http.records.RecordsWait;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Answers one request for records. The instance says what may be read and from where; this reads it for the client that asks,
 * waits if there is nothing, and says at last how far it has come. Owned by the request's event loop; what the instance's home
 * says comes here as a message.
 */
final class InstancePoll {
    /** How many records an answer has at most: as many as a poll of Kafka's consumer returns. */
    private static final int MAX_RECORDS = 500;

    private final Vertx vertx;
    private final Instance instance;
    private final PartitionSource partitions;
    private final RoutingContext ctx;
    private final Context context;
    private final RecordsAnswer answer;
    private final RecordsWait wait;
    private final String clientHost;
    private final long deadlineNs;

    private List<Reading> readings = List.of();
    /** Whether the instance waits to be told how far this has come. */
    private boolean open;
    /** Whether nothing is to be waited for any more. */
    private boolean hurried;

    private Optional<Poll.Interruption> interrupted = Optional.empty();
    private volatile boolean over;

    /** Finds the log of a partition. */
    interface PartitionSource {
        PartitionLog find(TopicPartition partition);
    }

    private static final class Reading {
        private final Place from;
        private Optional<ReadPlace> place = Optional.empty();
        private long begin;
        private Optional<Throwable> fault = Optional.empty();

        Reading(Place from) {
            this.from = from;
        }

        boolean isUnavailable() {
            return place.isEmpty() || place.get().fault().isPresent();
        }
    }

    /**
     * @param timeoutMs how long to wait for records
     * @param maxBytes how many bytes of keys and values the answer may have; empty if the client does not say
     */
    InstancePoll(
            Vertx vertx,
            Instance instance,
            PartitionSource partitions,
            RecordAccess records,
            RoutingContext ctx,
            long timeoutMs,
            Optional<Integer> maxBytes) {
        this.vertx = vertx;
        this.instance = instance;
        this.partitions = partitions;
        this.ctx = ctx;
        this.context = vertx.getOrCreateContext();
        this.clientHost = ctx.request().remoteAddress().hostAddress();
        // Who says nothing of bytes gets a large record whole, rather than never.
        this.answer = RecordsAnswer.list(
                records,
                ctx,
                instance.settings().format(),
                MAX_RECORDS,
                maxBytes.orElse(records.limits().defaultFetchBytes()),
                maxBytes.isEmpty());
        this.deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
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
                InstancePoll.this.goOn();
            }

            @Override
            public void fail(Throwable overloaded) {
                InstancePoll.this.fail(overloaded);
            }
        });
    }

    void start() {
        answer.onGone(this::leave);
        // Others may answer as well: the broker stops, or the log refuses.
        ctx.addEndHandler(done -> leave());
        instance.poll(this);
    }

    // ---- for the instance, on its home ----

    /** Whether nobody waits for an answer any more. */
    boolean isOver() {
        return over;
    }

    String clientHost() {
        return clientHost;
    }

    /** What may be read. */
    void tell(List<Place> places) {
        context.runOnContext(v -> told(places));
    }

    /** There is nothing to be read, for a reason. */
    void refuse(Throwable failure) {
        context.runOnContext(v -> {
            over = true;
            HttpErrors.respond(ctx, failure);
        });
    }

    /** What it was told is not true any more. */
    void changed(Poll.Interruption why) {
        context.runOnContext(v -> {
            interrupted = Optional.of(why);
            wake();
        });
    }

    /** Another request wants its turn. */
    void hurry() {
        context.runOnContext(v -> {
            hurried = true;
            wake();
        });
    }

    /** The instance goes: an answer that its client does not take to its end is cut off, and not taken for a whole one. */
    void cut() {
        context.runOnContext(v -> {
            if (!over && ctx.response().headWritten()) {
                ctx.response().reset();
            }
            leave();
        });
    }

    // ---- records ----

    private void told(List<Place> places) {
        open = true;
        interrupted = Optional.empty();
        readings = places.stream().map(Reading::new).toList();
        enter(places);
        if (over) {
            close(() -> {});
            return;
        }
        try {
            find();
        } catch (RuntimeException e) {
            fail(e);
            return;
        }
        round();
    }

    /** Whoever looks who is connected finds the instance by the connection that last asked for it. */
    private void enter(List<Place> places) {
        List<String> topics = places.stream()
                .map(place -> place.partition().topic())
                .distinct()
                .toList();
        if (places.stream().anyMatch(place -> place.since() >= 0)) {
            Caller.of(ctx).member(instance.id().group(), instance.member(), topics);
        } else {
            topics.forEach(Caller.of(ctx)::fetched);
        }
    }

    private void find() {
        for (Reading reading : readings) {
            // A partition that is not there yet is none of the instance's faults.
            if (reading.isUnavailable() && reading.from.id().isPresent()) {
                try {
                    open(reading, partitions.find(reading.from.partition()));
                } catch (BrokerException e) {
                    reading.fault = Optional.of(e);
                }
            }
        }
    }

    private void open(Reading reading, PartitionLog log) {
        long first = log.logStartOffset();
        long end = log.highWatermark();
        long position = reading.from.position().orElseGet(() -> switch (instance.settings()
                .reset()) {
            case EARLIEST -> first;
            case LATEST -> end;
            case NONE ->
                throw RestProblem.of(
                        500,
                        "Undefined offset with no reset policy for partitions: [" + reading.from.partition() + "]");
        });
        // Nothing that is still there is skipped, and who stands beyond the end goes on with what comes.
        reading.begin = Math.max(first, Math.min(position, end));
        reading.place = Optional.of(new ReadPlace(reading.from.partition(), log, reading.begin));
        reading.fault = Optional.empty();
    }

    private void round() {
        if (over || answer.isGone()) {
            leave();
            return;
        }
        if (answer.records() == 0 && interrupted.isPresent()) {
            askAgain();
            return;
        }
        List<ReadPlace> all = new ArrayList<>();
        readings.forEach(reading -> reading.place.filter(ReadPlace::hasMore).ifPresent(all::add));
        if (leftMs() > 0 && !hurried && isTooLittle(all)) {
            goOn();
            return;
        }
        if (!all.isEmpty()) {
            // Each round begins with another one: nobody with much to read keeps the others waiting.
            Collections.rotate(all, -(int) (System.nanoTime() >>> 10) % all.size());
        }
        answer.round(all, this::goOn);
    }

    /** Whether there is less than the instance wants to wait for. */
    private boolean isTooLittle(List<ReadPlace> all) {
        int least = instance.settings().fetchMinBytes();
        long bytes = 0;
        for (ReadPlace place : all) {
            bytes += place.log().bytesBeyond(place.offset(), least);
        }
        return least > 1 && bytes < least;
    }

    private void goOn() {
        if (over || answer.isGone()) {
            leave();
        } else if (answer.records() > 0) {
            finish();
        } else if (answer.isTooSmall()) {
            fail(RestProblem.of(422, "Response exceeds the maximum number of bytes the consumer can receive"));
        } else if (answer.hasOtherForm()) {
            ReadPlace stuck = answer.last();
            fail(RestProblem.of(
                    406,
                    "The record of " + stuck.partition() + " at offset " + stuck.offset() + " cannot be shown as "
                            + instance.settings().format().word()
                            + "; read it with a consumer of format binary, or seek behind it."));
        } else if (interrupted.isPresent()) {
            askAgain();
        } else if (leftMs() <= 0 || hurried) {
            finishWithNothing();
        } else {
            await(leftMs());
        }
    }

    private long leftMs() {
        return TimeUnit.NANOSECONDS.toMillis(deadlineNs - System.nanoTime());
    }

    private void askAgain() {
        Poll.Interruption why = interrupted.orElseThrow();
        open = false;
        instance.again(this, why, positions());
    }

    private void await(long leftMs) {
        boolean anyUnavailable = readings.stream().anyMatch(reading -> reading.fault.isPresent() || isFaulty(reading));
        List<ReadPlace> places = new ArrayList<>();
        readings.forEach(reading -> reading.place.ifPresent(places::add));
        int least = instance.settings().fetchMinBytes();
        wait.begin(
                places,
                place -> least <= 1 ? 1 : place.log().bytesBeyond(place.offset(), least) + 1,
                leftMs,
                anyUnavailable);
    }

    private static boolean isFaulty(Reading reading) {
        return reading.place.isPresent() && reading.place.get().fault().isPresent();
    }

    /** Something has happened that a wait has to know. */
    private void wake() {
        if (wait.isOn()) {
            wait.end();
            round();
        }
    }

    // ---- the end ----

    private void finish() {
        close(answer::end);
    }

    /** No records: but what cannot be read must not look like what has none. */
    private void finishWithNothing() {
        Optional<Throwable> fault = readings.stream()
                .flatMap(reading ->
                        reading.place.isPresent() ? reading.place.get().fault().stream() : reading.fault.stream())
                .findFirst();
        if (fault.isPresent()) {
            fail(fault.get());
        } else {
            finish();
        }
    }

    private Map<TopicPartition, Long> positions() {
        Map<TopicPartition, Long> positions = new HashMap<>();
        for (Reading reading : readings) {
            reading.place.ifPresent(place -> positions.put(place.partition(), place.offset()));
        }
        return positions;
    }

    /** Tells the instance how far this has come, and then the client. */
    private void close(Runnable then) {
        if (!open) {
            return;
        }
        open = false;
        over = true;
        Set<TopicPartition> holding = new HashSet<>();
        for (Reading reading : readings) {
            if (reading.place.isPresent() && reading.place.get().records() > 0) {
                holding.add(reading.from.partition());
            }
        }
        instance.ended(this, positions(), holding, (int) answer.records(), () -> context.runOnContext(v -> then.run()));
    }

    private void fail(Throwable failure) {
        over = true;
        giveUp();
        HttpErrors.respond(ctx, failure);
    }

    /** Nobody waits for an answer any more: whatever was read is read again. */
    private void leave() {
        over = true;
        wait.end();
        giveUp();
    }

    private void giveUp() {
        if (open) {
            open = false;
            Map<TopicPartition, Long> begun = new HashMap<>();
            readings.forEach(reading -> reading.place.ifPresent(place -> begun.put(place.partition(), reading.begin)));
            instance.ended(this, begun, Set.of(), 0, () -> {});
        }
    }
}
