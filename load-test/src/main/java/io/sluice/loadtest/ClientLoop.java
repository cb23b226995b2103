package io.sluice.loadtest;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.sluice.loadtest.target.EventLoops;
import io.sluice.loadtest.target.HttpConnection;
import io.sluice.loadtest.target.MalformedAnswerException;
import io.sluice.loadtest.target.Target;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Sends the load of one event loop over its connections and counts what comes back.
 *
 * <p>Open loop: a request is due when the schedule says so, and goes as soon as a connection is free. While none is, due
 * requests wait in a backlog that is only a number, and keep their intended time, so that their wait is in the latency.
 * Closed loop: each connection sends its next request when the last one was answered; the intended time is the send time.
 * Where {@link Traffic} makes several requests one turn, all this is true of turns.
 *
 * <p>Life: {@link #connect}, {@link #begin}, until {@link #done}; then the figures may be read by anyone. All else happens
 * on the event loop.
 */
final class ClientLoop implements HttpConnection.Listener {
    private static final long SWEEP_MS = 20;
    /** How long after the end a backlog may still be sent. */
    private static final long BACKLOG_GRACE_NS = TimeUnit.SECONDS.toNanos(1);

    private static final int MAX_ERROR_BODY_BYTES = 4 * 1024;
    private static final Pattern ERROR_CODE = Pattern.compile("\"code\"\\s*:\\s*\"([A-Za-z0-9_.-]{1,64})\"");

    private final EventLoop loop;
    private final Target target;
    private final List<HttpConnection> connections = new ArrayList<>();
    private final long requestTimeoutNs;
    private final CompletableFuture<Void> connected = new CompletableFuture<>();
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    /** Connections that can send, the one that waits longest first. */
    private final Deque<HttpConnection> idle = new ArrayDeque<>();

    /** The intended time of each connection's turn under way. */
    private final long[] intendedNs;

    /** What each connection has to send to go on with its turn; null if it waits for an answer or has no turn. */
    private final ByteBuf[] followUps;

    private final ErrorCounts errors = new ErrorCounts();
    private final Tally tally = new Tally();
    private int busyCount;
    private boolean stopped;
    private Optional<Assignment> assignment = Optional.empty();
    private Optional<Future<?>> sweep = Optional.empty();
    private boolean timerSet;

    /**
     * What a loop is to do.
     *
     * @param window what of it counts
     * @param schedule of an open loop; empty for a closed one
     * @param recorder takes the latency of each request
     * @param traffic one for each connection
     * @param issueUntilNs a closed loop sends nothing at this time or later
     * @param maxRequests how many requests a closed loop sends at most
     */
    record Assignment(
            Window window,
            Optional<RateSchedule> schedule,
            LatencyRecorder recorder,
            List<Traffic> traffic,
            long issueUntilNs,
            long maxRequests) {}

    /** What a loop has done. */
    static final class Tally {
        /** Turns begun, measured or not. */
        long sent;
        /** Records of all successful answers, measured or not. */
        long acknowledgedRecords;
        /** Turns that ended well inside the measured window, and what they stand for. */
        long requests;

        long records;
        long bytes;
        /** The most requests that were due and unsent at once, since the warm-up. */
        long maxBacklog;
        /** Requests that were due and never sent. */
        long unsent;
    }

    /** @param connectionCount how many connections to open */
    ClientLoop(EventLoops loops, EventLoop loop, Target target, int connectionCount, Duration requestTimeout) {
        this.loop = loop;
        this.target = target;
        this.requestTimeoutNs = requestTimeout.toNanos();
        this.intendedNs = new long[connectionCount];
        this.followUps = new ByteBuf[connectionCount];
        for (int i = 0; i < connectionCount; i++) {
            connections.add(new HttpConnection(i, loops, loop, target, this));
        }
    }

    /** Opens the connections; done when all of them are, failed with an IOException as soon as one cannot be. */
    CompletableFuture<Void> connect() {
        loop.execute(() -> connections.forEach(HttpConnection::connect));
        return connected;
    }

    /** Starts to send, once connected. */
    void begin(Assignment next) {
        loop.execute(() -> {
            assignment = Optional.of(next);
            sweep = Optional.of(loop.scheduleAtFixedRate(this::sweep, SWEEP_MS, SWEEP_MS, TimeUnit.MILLISECONDS));
            pump();
        });
    }

    /** Completes when the last request was answered or given up, and the connections are closed. */
    CompletableFuture<Void> done() {
        return done;
    }

    /** Ends at once: what is under way is dropped and not counted. */
    CompletableFuture<Void> stop() {
        loop.execute(this::finish);
        return done;
    }

    int connectionCount() {
        return connections.size();
    }

    ErrorCounts errors() {
        return errors;
    }

    Tally tally() {
        return tally;
    }

    @Override
    public void ready(HttpConnection connection) {
        if (stopped) {
            return;
        }
        ByteBuf followUp = followUps[connection.index()];
        if (followUp != null) {
            followUps[connection.index()] = null;
            connection.send(followUp, System.nanoTime());
            return;
        }
        idle.addLast(connection);
        if (assignment.isEmpty()) {
            if (idle.size() == connections.size()) {
                connected.complete(null);
            }
            return;
        }
        pump();
    }

    @Override
    public void answered(HttpConnection connection, int status, ByteBuf body) {
        Assignment current = assignment.orElseThrow();
        long nowNs = System.nanoTime();
        long intended = intendedNs[connection.index()];
        Traffic its = traffic(connection);
        try {
            if (status / 100 == 2) {
                int records = its.answered(body, nowNs);
                Optional<ByteBuf> followUp = its.followUp();
                if (followUp.isPresent()) {
                    followUps[connection.index()] = followUp.get();
                    return;
                }
                tally.acknowledgedRecords += records;
                if (current.window().isMeasured(nowNs)) {
                    tally.requests++;
                    tally.records += records;
                    tally.bytes += its.answeredBytes();
                }
                current.recorder().record(intended, nowNs);
            } else {
                countError(intended, errorKind(status, body));
            }
        } catch (MalformedAnswerException e) {
            countError(intended, "malformed answer: " + e.getMessage());
        } catch (FailedTurnException e) {
            countError(intended, e.getMessage());
        }
        busyCount--;
    }

    @Override
    public void failed(HttpConnection connection, String kind, boolean wasBusy) {
        if (stopped) {
            return;
        }
        idle.remove(connection);
        if (wasBusy || dropFollowUp(connection)) {
            busyCount--;
            countError(intendedNs[connection.index()], kind);
        } else {
            countError(System.nanoTime(), kind);
            connected.completeExceptionally(new IOException(target + ": " + kind));
        }
    }

    /** Breaks off the turn of a connection that was between two requests of it, and answers whether it was. */
    private boolean dropFollowUp(HttpConnection connection) {
        ByteBuf followUp = followUps[connection.index()];
        followUps[connection.index()] = null;
        return followUp != null && followUp.release();
    }

    private Traffic traffic(HttpConnection connection) {
        return assignment.orElseThrow().traffic().get(connection.index());
    }

    private void countError(long whenNs, String kind) {
        if (assignment.isPresent() && assignment.get().window().isMeasured(whenNs)) {
            errors.add(kind, 1);
        }
    }

    /** Sends what can go now, and sees that it runs again when the next request is due. */
    private void pump() {
        Assignment current = assignment.orElseThrow();
        long nowNs = System.nanoTime();
        if (current.schedule().isPresent()) {
            pumpOpen(current.schedule().get(), nowNs);
        } else {
            while (!idle.isEmpty() && mayIssue(current, nowNs)) {
                send(idle.removeFirst(), nowNs, nowNs);
            }
        }
    }

    private void pumpOpen(RateSchedule schedule, long nowNs) {
        while (!idle.isEmpty() && !schedule.isExhausted() && schedule.nextNs() - nowNs <= 0) {
            send(idle.removeFirst(), schedule.take(), nowNs);
        }
        if (idle.isEmpty()) {
            // Whoever becomes free comes back here.
            noteBacklog(schedule, nowNs);
        } else if (!schedule.isExhausted() && !timerSet) {
            timerSet = true;
            loop.schedule(
                    () -> {
                        timerSet = false;
                        if (!stopped) {
                            pump();
                        }
                    },
                    schedule.nextNs() - nowNs,
                    TimeUnit.NANOSECONDS);
        }
    }

    private void noteBacklog(RateSchedule schedule, long nowNs) {
        // A cold server may fall behind while it warms up: that is what the warm-up is for.
        if (nowNs - assignment.orElseThrow().window().measureFromNs() >= 0) {
            tally.maxBacklog = Math.max(tally.maxBacklog, schedule.backlogAt(nowNs));
        }
    }

    private boolean mayIssue(Assignment current, long nowNs) {
        return nowNs - current.issueUntilNs() < 0 && tally.sent < current.maxRequests();
    }

    private void send(HttpConnection connection, long intended, long nowNs) {
        intendedNs[connection.index()] = intended;
        busyCount++;
        tally.sent++;
        connection.send(traffic(connection).request(intended), nowNs);
    }

    /** Ends requests that take too long, and the run when nothing is left to wait for. */
    private void sweep() {
        Assignment current = assignment.orElseThrow();
        long nowNs = System.nanoTime();
        for (HttpConnection connection : connections) {
            if (connection.isBusy() && nowNs - connection.sentNs() > requestTimeoutNs) {
                // Its true latency is not known, but it is at least this: to leave it out would be a lie.
                current.recorder().record(intendedNs[connection.index()], nowNs);
                connection.abort("timeout");
            }
        }
        current.schedule().ifPresent(schedule -> {
            if (idle.isEmpty()) {
                noteBacklog(schedule, nowNs);
            }
            if (!schedule.isExhausted() && nowNs - current.window().endNs() > BACKLOG_GRACE_NS) {
                tally.unsent += schedule.backlogAt(nowNs);
                current.recorder().recordAbandoned(schedule, nowNs);
            }
        });
        boolean issuing =
                current.schedule().map(schedule -> !schedule.isExhausted()).orElse(mayIssue(current, nowNs));
        if (!issuing && busyCount == 0) {
            finish();
        }
    }

    private void finish() {
        if (stopped) {
            return;
        }
        stopped = true;
        sweep.ifPresent(task -> task.cancel(false));
        connections.forEach(HttpConnection::close);
        connections.forEach(this::dropFollowUp);
        done.complete(null);
    }

    /** Status and, from a problem document, its code. */
    private static String errorKind(int status, ByteBuf body) {
        int length = Math.min(body.readableBytes(), MAX_ERROR_BODY_BYTES);
        Matcher code = ERROR_CODE.matcher(body.toString(body.readerIndex(), length, StandardCharsets.UTF_8));
        return "HTTP " + status + (code.find() ? " " + code.group(1) : "");
    }
}
