package io.sluice.server.http.push;

import io.sluice.core.Broker;
import io.sluice.groups.GroupCoordinator;
import io.sluice.server.http.records.RecordAccess;
import io.sluice.server.http.records.RecordChunks;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The streams of one event loop, which owns this. Those with something to read stand in a queue; a few of them read at a time, so
 * that thousands that wake together hold no more than these few need. One tick looks after all of them.
 */
final class PushLoop {
    /** How many streams of a loop read at once. */
    private static final int READING_AT_ONCE = 16;
    /** How many have their turn before the loop does something else. */
    private static final int TURNS_AT_ONCE = 16;

    private static final int MIN_PIECE_BYTES = 4 * 1024;
    private static final long MAX_TICK_MS = 1_000;

    final Vertx vertx;
    final Context context;
    final Broker broker;
    final GroupCoordinator groups;
    final RecordAccess access;
    final PushLimits limits;
    final Room room;
    final PushMetrics metrics;
    final Bells bells;
    final RecordChunks.Scratch scratch = new RecordChunks.Scratch();

    private final ArrayDeque<Pump> hungry = new ArrayDeque<>();
    private final Set<Ticking> ticking = new LinkedHashSet<>();
    /** Who found no room; they stand in the queue again at the next tick, or when room is given back. */
    private final ArrayDeque<Pump> roomless = new ArrayDeque<>();

    private int reading;
    private boolean scheduled;
    private boolean ticks;

    /** What wants to be looked at from time to time. */
    interface Ticking {
        void tick(long nowNs);
    }

    PushLoop(
            Context context,
            Broker broker,
            GroupCoordinator groups,
            RecordAccess access,
            PushLimits limits,
            Room room,
            PushMetrics metrics) {
        this.vertx = context.owner();
        this.context = context;
        this.broker = broker;
        this.groups = groups;
        this.access = access;
        this.limits = limits;
        this.room = room;
        this.metrics = metrics;
        this.bells = new Bells(context);
    }

    void add(Ticking one) {
        ticking.add(one);
        if (!ticks) {
            ticks = true;
            vertx.setPeriodic(Math.min(MAX_TICK_MS, limits.heartbeatMs() / 2), timer -> tick());
        }
    }

    void remove(Ticking one) {
        ticking.remove(one);
    }

    private void tick() {
        long nowNs = System.nanoTime();
        List<Ticking> all = new ArrayList<>(ticking);
        all.forEach(one -> one.tick(nowNs));
        retryRoomless();
    }

    // ---- turns ----

    /** The pump has something to read and will have its turn. */
    void enqueue(Pump pump) {
        if (!pump.isQueued()) {
            pump.setQueued(true);
            hungry.add(pump);
            schedule();
        }
    }

    private void schedule() {
        if (!scheduled && reading < READING_AT_ONCE && !hungry.isEmpty()) {
            scheduled = true;
            context.runOnContext(v -> run());
        }
    }

    private void run() {
        scheduled = false;
        for (int i = 0; i < TURNS_AT_ONCE && reading < READING_AT_ONCE && !hungry.isEmpty(); i++) {
            Pump pump = hungry.poll();
            pump.setQueued(false);
            pump.turn();
        }
        schedule();
    }

    void readBegan() {
        reading++;
    }

    void readEnded() {
        reading--;
        schedule();
    }

    // ---- memory ----

    /** How large a piece may be: with many streams each gets less, so that there is room for all of them at once. */
    int pieceBytes() {
        long share = limits.memoryBytes() / (2L * Math.max(1, metrics.open()));
        return (int) Math.max(
                Math.min(MIN_PIECE_BYTES, limits.connectionBytes()), Math.min(share, limits.connectionBytes()));
    }

    /** The pump found no room. */
    void later(Pump pump) {
        if (!pump.isQueued()) {
            pump.setQueued(true);
            roomless.add(pump);
        }
    }

    /** Room has been given back. */
    void retryRoomless() {
        for (Pump pump = roomless.poll(); pump != null; pump = roomless.poll()) {
            hungry.add(pump);
        }
        schedule();
    }
}
