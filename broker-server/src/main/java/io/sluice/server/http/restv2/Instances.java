package io.sluice.server.http.restv2;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.RestProblem;
import io.vertx.core.Vertx;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All consumer instances, by group and name, and never more than the limit. Those that nobody asks for are removed: one look
 * at all of them now and then, and no timer for each. Safe on any thread.
 */
final class Instances {
    private static final Logger LOG = LoggerFactory.getLogger(Instances.class);
    private static final long MAX_TICK_MS = 1_000;

    private final RestLimits limits;
    private final Map<Instance.Id, Instance> all = new ConcurrentHashMap<>();
    private final AtomicInteger count = new AtomicInteger();
    private final Counter expired;
    private final long keepNs;
    /** When places in groups were last kept; owned by the timer. */
    private long keptNs = System.nanoTime();

    /** @param sessionTimeoutMs how long a place in a group is kept without a word */
    Instances(Vertx vertx, RestLimits limits, int sessionTimeoutMs, MeterRegistry registry) {
        this.limits = limits;
        this.expired = Counter.builder("sluice.rest.consumer.instances.expired")
                .description("Consumer instances removed because nobody asked for them")
                .register(registry);
        Gauge.builder("sluice.rest.consumer.instances", count, AtomicInteger::get)
                .description("Consumer instances of the REST v2 face")
                .register(registry);
        this.keepNs = TimeUnit.MILLISECONDS.toNanos(sessionTimeoutMs / 4);
        long tickMs = Math.min(MAX_TICK_MS, Math.min(limits.instanceTimeoutMs(), sessionTimeoutMs) / 4);
        vertx.setPeriodic(Math.max(10, tickMs), tick -> {
            expire();
            keepPlaces();
        });
    }

    static HttpProblem notFound() {
        return RestProblem.of(404, "The specified consumer instance was not found.");
    }

    /**
     * Adds an instance.
     *
     * @throws HttpProblem 409 if there is one of that name in the group, 503 if there are as many as there may be
     */
    void add(Instance instance) {
        if (count.incrementAndGet() > limits.maxInstances()) {
            count.decrementAndGet();
            throw RestProblem.of(
                            503,
                            "There are " + limits.maxInstances()
                                    + " consumer instances, as many as rest.max.consumer.instances allows.")
                    .retryAfterMs(Math.min(60_000, limits.instanceTimeoutMs()));
        }
        if (all.putIfAbsent(instance.id(), instance) != null) {
            count.decrementAndGet();
            throw RestProblem.of(409, "A consumer instance with the specified name already exists in the HTTP Bridge.");
        }
    }

    /**
     * The instance of that name in a group.
     *
     * @throws HttpProblem 404
     */
    Instance require(Instance.Id id) {
        Instance instance = all.get(id);
        if (instance == null) {
            throw notFound();
        }
        return instance;
    }

    /** It has gone. */
    void remove(Instance instance) {
        if (all.remove(instance.id(), instance)) {
            count.decrementAndGet();
        }
    }

    private void keepPlaces() {
        long nowNs = System.nanoTime();
        if (nowNs - keptNs >= keepNs) {
            keptNs = nowNs;
            all.values().forEach(Instance::keepPlace);
        }
    }

    private void expire() {
        long nowNs = System.nanoTime();
        long idleNs = TimeUnit.MILLISECONDS.toNanos(limits.instanceTimeoutMs());
        for (Instance instance : all.values()) {
            if (nowNs - instance.lastUsedNs() >= idleNs) {
                instance.expire(idleNs).onSuccess(went -> {
                    if (went) {
                        expired.increment();
                        remove(instance);
                        LOG.info(
                                "consumer instance {} of group {} removed: nobody asked for it in {} ms",
                                instance.id().name(),
                                instance.id().group(),
                                limits.instanceTimeoutMs());
                    }
                });
            }
        }
    }
}
