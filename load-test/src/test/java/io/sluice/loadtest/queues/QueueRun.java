package io.sluice.loadtest.queues;

import io.sluice.loadtest.queues.Measured.Cpu;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.HdrHistogram.ConcurrentHistogram;

/** One run of a queue that is there: load for a while, of which the end is measured. */
final class QueueRun {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration TIME_TO_CATCH_UP = Duration.ofSeconds(5);
    private static final long LONGEST_NS = TimeUnit.MINUTES.toNanos(10);

    private final TestQueue queue;
    private final OptionalLong server;
    private final Bodies bodies;
    private final long beginNs;
    private final long endNs;

    private final ConcurrentHistogram times = new ConcurrentHistogram(LONGEST_NS, 3);
    private final ConcurrentHistogram arrivals = new ConcurrentHistogram(LONGEST_NS, 3);
    private final AtomicLong messages = new AtomicLong();
    private final AtomicReference<Throwable> problem = new AtomicReference<>();
    /** Whether what comes now may have been abandoned. */
    private volatile boolean abandoning;

    QueueRun(TestQueue queue, OptionalLong server, Bodies bodies, Duration warmUp, Duration measured) {
        this.queue = queue;
        this.server = server;
        this.bodies = bodies;
        this.beginNs = System.nanoTime() + warmUp.toNanos();
        this.endNs = beginNs + measured.toNanos();
    }

    /**
     * So many callers, each of which begins a turn when it has ended the last.
     *
     * @throws IllegalStateException if a turn failed, or has not ended long after it should have
     */
    Measured turns(int callers, int batch) throws InterruptedException {
        CountDownLatch running = new CountDownLatch(callers);
        for (int i = 0; i < callers; i++) {
            turn(batch, running);
        }
        Cpu before = at(beginNs);
        Cpu after = at(endNs);
        require(running.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS), running.getCount() + " turns do not end");
        return measured(0, before, after);
    }

    private void turn(int batch, CountDownLatch running) {
        long startNs = System.nanoTime();
        if (startNs - endNs >= 0 || problem.get() != null) {
            running.countDown();
            return;
        }
        queue.turn(Stream.generate(bodies::next).limit(batch).toList()).whenComplete((done, why) -> {
            long nowNs = System.nanoTime();
            if (why != null) {
                problem.compareAndSet(null, why);
            } else if (nowNs - beginNs >= 0 && nowNs - endNs < 0) {
                times.recordValue(Math.min(LONGEST_NS, nowNs - startNs));
                messages.addAndGet(batch);
            }
            turn(batch, running);
        });
    }

    /**
     * A message at equal steps of time, whatever the system does; the times are those of messages that were meant to be sent
     * in the measured time.
     *
     * @throws IllegalStateException if a message failed, or was acknowledged twice
     */
    Measured atRate(int perSecond) throws Exception {
        Set<String> unarrived = ConcurrentHashMap.newKeySet();
        Set<String> unacknowledged = ConcurrentHashMap.newKeySet();
        queue.work(
                body -> reached(body, unarrived, arrivals),
                body -> acknowledged(body, unacknowledged),
                why -> problem.compareAndSet(null, why));
        Cpu before = null;
        Cpu after = null;
        long sent = 0;
        long startNs = System.nanoTime();
        for (long nextNs = startNs; after == null; nextNs = startNs + sent * 1_000_000_000L / perSecond) {
            if (before == null && nextNs - beginNs >= 0) {
                before = at(beginNs);
            }
            if (nextNs - endNs >= 0) {
                after = at(endNs);
            } else {
                sleepUntil(nextNs);
                sent++;
                String body = bodies.with(nextNs);
                unarrived.add(body);
                unacknowledged.add(body);
                queue.send(body).whenComplete((done, why) -> problem.compareAndSet(null, why));
            }
        }
        long deadlineNs = System.nanoTime() + TIME_TO_CATCH_UP.toNanos();
        while (!unacknowledged.isEmpty() && System.nanoTime() - deadlineNs < 0 && problem.get() == null) {
            LockSupport.parkNanos(1_000_000);
        }
        abandoning = true;
        abandon(unarrived, arrivals);
        long abandoned = abandon(unacknowledged, times);
        return measured(abandoned, before, after);
    }

    /** Counts what has not come with what it has waited, each message once: others may still come meanwhile. */
    private long abandon(Set<String> missing, ConcurrentHistogram histogram) {
        long abandoned = 0;
        for (String body : missing) {
            if (missing.remove(body)) {
                record(histogram, Bodies.number(body));
                abandoned++;
            }
        }
        return abandoned;
    }

    private void acknowledged(String body, Set<String> unacknowledged) {
        if (reached(body, unacknowledged, times)) {
            messages.incrementAndGet();
        }
    }

    /** @return whether it was missing until now, and was to be sent in the measured time */
    private boolean reached(String body, Set<String> missing, ConcurrentHistogram histogram) {
        if (missing.remove(body)) {
            return record(histogram, Bodies.number(body));
        }
        if (!abandoning) {
            problem.compareAndSet(null, new IllegalStateException("a message came twice"));
        }
        return false;
    }

    private boolean record(ConcurrentHistogram histogram, long intendedNs) {
        boolean isMeasured = intendedNs - beginNs >= 0 && intendedNs - endNs < 0;
        if (isMeasured) {
            histogram.recordValue(Math.min(LONGEST_NS, System.nanoTime() - intendedNs));
        }
        return isMeasured;
    }

    private Cpu at(long timeNs) {
        sleepUntil(timeNs);
        return Cpu.now(server);
    }

    private static void sleepUntil(long timeNs) {
        for (long leftNs = timeNs - System.nanoTime(); leftNs > 0; leftNs = timeNs - System.nanoTime()) {
            LockSupport.parkNanos(leftNs);
        }
    }

    private void require(boolean holds, String what) {
        if (problem.get() != null) {
            throw new IllegalStateException("failed: " + problem.get(), problem.get());
        }
        if (!holds) {
            throw new IllegalStateException(what);
        }
    }

    private Measured measured(long abandoned, Cpu before, Cpu after) {
        require(messages.get() > 0, "nothing was acknowledged in the measured time");
        return new Measured(
                messages.get(),
                (endNs - beginNs) / 1e9,
                times,
                arrivals,
                abandoned,
                after.serverMicros() - before.serverMicros(),
                after.clientMicros() - before.clientMicros());
    }
}
