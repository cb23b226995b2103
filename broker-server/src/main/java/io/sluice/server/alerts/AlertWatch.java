package io.sluice.server.alerts;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.engine.EngineHealth;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicName;
import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupError;
import io.sluice.groups.GroupSummary;
import io.sluice.server.why.GroupSnapshot;
import io.sluice.server.why.Overloads;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the rules from time to time, and tells what has changed. One look takes in everything that is wrong already and a slice of all
 * else, so that its cost has a bound however many groups and topics there are. Runs on one event loop of its own.
 */
public final class AlertWatch {
    private static final Logger LOG = LoggerFactory.getLogger(AlertWatch.class);
    /** How many groups are looked at each time beside those that are wrong. */
    private static final int GROUP_SLICE = 200;
    /** How many partitions are looked at each time to see whether topics are written to. */
    private static final int PARTITION_SLICE = 10_000;

    private static final int MAX_MEMBERLESS = 10_000;

    private final Vertx vertx;
    private final Context context;
    private final Broker broker;
    private final GroupCoordinator groups;
    private final Function<String, Future<Optional<GroupSnapshot>>> look;
    private final AlertConfig config;
    private final InstantSource clock;
    private final AlertBook book;
    private final Overloads overloads;
    private final AlertTopic topic;
    private Optional<Webhook> webhook = Optional.empty();
    private volatile boolean stopped;

    /** Behind which group the next slice begins. */
    private String lastGroup = "";
    /** Behind which topic the next slice begins. */
    private String lastTopic = "";

    private final Map<UUID, Written> written = new HashMap<>();
    /** Since when groups have been seen without members while records wait. */
    private final Map<String, Long> memberless = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > MAX_MEMBERLESS;
        }
    };

    /** How much a topic had when it was seen to have more than before. */
    private record Written(long records, long sinceMs) {}

    /**
     * A watch that has not begun.
     *
     * @param look tells a group as it is, if there is one; called on an event loop
     * @param book where it writes down what is wrong
     * @param overloads is told of refusals with each look
     */
    public AlertWatch(
            Vertx vertx,
            Broker broker,
            GroupCoordinator groups,
            Function<String, Future<Optional<GroupSnapshot>>> look,
            AlertConfig config,
            InstantSource clock,
            AlertBook book,
            Overloads overloads) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.broker = broker;
        this.groups = groups;
        this.look = look;
        this.config = config;
        this.clock = clock;
        this.book = book;
        this.overloads = overloads;
        this.topic = new AlertTopic(broker.engine());
    }

    /** Begins to look. */
    public void start() {
        context.runOnContext(nothing -> {
            webhook = config.webhook().map(url -> new Webhook(vertx, config, url, book.webhook()));
            later();
        });
    }

    /** Looks no more. What has not been told to the webhook by now is not told. */
    public void stop() {
        stopped = true;
        context.runOnContext(nothing -> webhook.ifPresent(Webhook::stop));
    }

    private void later() {
        if (!stopped) {
            // The next look begins some time after the end of this one: a slow one does not pile up.
            vertx.setTimer(
                    config.checkIntervalMs(),
                    timer -> check().onComplete(done -> {
                        if (done.failed()) {
                            LOG.warn("a look at the alert rules failed", done.cause());
                        }
                        later();
                    }));
        }
    }

    private Future<Void> check() {
        if (stopped) {
            return Future.succeededFuture();
        }
        try {
            overloads.look(broker.engine().metrics().refusedOverloaded().sum(), clock.millis());
            health();
            if (config.topicIdleMs() >= 0) {
                topics();
            }
            return config.watchesGroups() ? groups() : Future.succeededFuture();
        } catch (RuntimeException e) {
            return Future.failedFuture(e);
        }
    }

    private void health() {
        EngineHealth health = broker.engine().health();
        if (config.diskLow()) {
            observe(
                    Rule.DISK_LOW,
                    "broker",
                    health.diskLow(),
                    "writes are refused: " + health.diskFreeBytes() + " bytes are free and the floor is "
                            + health.diskFloorBytes());
        }
        if (config.partitionOffline()) {
            Set<String> offline = new HashSet<>();
            health.offline().forEach((partition, why) -> {
                offline.add(partition.toString());
                observe(Rule.PARTITION_OFFLINE, partition.toString(), true, partition + " is closed: " + why);
            });
            book.subjects(Rule.PARTITION_OFFLINE).stream()
                    .filter(subject -> !offline.contains(subject))
                    .forEach(subject -> observe(Rule.PARTITION_OFFLINE, subject, false, ""));
        }
    }

    // ---- topics ----

    private void topics() {
        long nowMs = clock.millis();
        int looked = 0;
        boolean all = true;
        for (Topic one : broker.topics()) {
            if (one.name().compareTo(lastTopic) <= 0 || TopicName.isInternal(one.name())) {
                continue;
            }
            if (looked >= PARTITION_SLICE) {
                all = false;
                break;
            }
            looked += one.partitions();
            lastTopic = one.name();
            idle(one, nowMs);
        }
        if (all) {
            lastTopic = "";
            Set<UUID> there = broker.topics().stream().map(Topic::id).collect(Collectors.toSet());
            written.keySet().retainAll(there);
        }
        book.subjects(Rule.TOPIC_IDLE).stream()
                .filter(name -> broker.topic(name).isEmpty())
                .forEach(name -> observe(Rule.TOPIC_IDLE, name, false, ""));
    }

    private void idle(Topic one, long nowMs) {
        long records = 0;
        for (int i = 0; i < one.partitions(); i++) {
            try {
                records += broker.partition(one.name(), i).highWatermark();
            } catch (BrokerException e) {
                // It is closed, which another rule tells.
            }
        }
        Written before = written.get(one.id());
        if (before == null || before.records() != records) {
            written.put(one.id(), new Written(records, nowMs));
            observe(Rule.TOPIC_IDLE, one.name(), false, "");
        } else {
            long idleMs = nowMs - before.sinceMs();
            observe(
                    Rule.TOPIC_IDLE,
                    one.name(),
                    idleMs > config.topicIdleMs(),
                    "nothing has been written to topic " + one.name() + " for " + idleMs + " ms, the bound is "
                            + config.topicIdleMs());
        }
    }

    // ---- groups ----

    private Future<Void> groups() {
        return Future.fromCompletionStage(groups.list(lastGroup, GROUP_SLICE), context)
                .compose(listing -> {
                    if (listing.error() != GroupError.NONE) {
                        return Future.succeededFuture();
                    }
                    List<GroupSummary> slice = listing.groups();
                    lastGroup = slice.size() < GROUP_SLICE
                            ? ""
                            : slice.get(slice.size() - 1).id();
                    Set<String> ids = new LinkedHashSet<>(book.subjects(Rule.GROUP_LAG_RECORDS));
                    ids.addAll(book.subjects(Rule.GROUP_LAG_MS));
                    ids.addAll(book.subjects(Rule.GROUP_NO_MEMBERS));
                    slice.forEach(group -> ids.add(group.id()));
                    Future<Void> chain = Future.succeededFuture();
                    for (String id : ids) {
                        chain = chain.compose(nothing -> group(id));
                    }
                    return chain;
                });
    }

    private Future<Void> group(String id) {
        if (stopped) {
            return Future.succeededFuture();
        }
        return look.apply(id)
                .onSuccess(found -> found.ifPresentOrElse(this::judge, () -> gone(id)))
                // A group that cannot be looked at now stays as it was.
                .otherwiseEmpty()
                .mapEmpty();
    }

    private void gone(String id) {
        memberless.remove(id);
        for (Rule rule : List.of(Rule.GROUP_LAG_RECORDS, Rule.GROUP_LAG_MS, Rule.GROUP_NO_MEMBERS)) {
            observe(rule, id, false, "");
        }
    }

    private void judge(GroupSnapshot group) {
        long lag = group.lag();
        long ageMs = group.waitingSinceMs().isPresent()
                ? group.nowMs() - group.waitingSinceMs().getAsLong()
                : 0;
        if (config.groupLagRecords() >= 0) {
            observe(
                    Rule.GROUP_LAG_RECORDS,
                    group.id(),
                    lag > config.groupLagRecords(),
                    lag + " records wait for group " + group.id() + ", the bound is " + config.groupLagRecords());
        }
        if (config.groupLagMs() >= 0) {
            observe(
                    Rule.GROUP_LAG_MS,
                    group.id(),
                    ageMs > config.groupLagMs(),
                    "the oldest record that waits for group " + group.id() + " is " + ageMs + " ms old, the bound is "
                            + config.groupLagMs());
        }
        if (config.groupNoMembersMs() >= 0) {
            noMembers(group, lag);
        }
    }

    private void noMembers(GroupSnapshot group, long lag) {
        if (!group.members().isEmpty() || lag == 0) {
            memberless.remove(group.id());
            observe(Rule.GROUP_NO_MEMBERS, group.id(), false, "");
            return;
        }
        long sinceMs = memberless.computeIfAbsent(group.id(), id -> group.nowMs());
        observe(
                Rule.GROUP_NO_MEMBERS,
                group.id(),
                group.nowMs() - sinceMs >= config.groupNoMembersMs(),
                lag + " records wait for group " + group.id() + ", which has had no members for "
                        + (group.nowMs() - sinceMs) + " ms");
    }

    // ---- telling ----

    private void observe(Rule rule, String subject, boolean wrong, String message) {
        book.observe(rule, subject, wrong ? Optional.of(message) : Optional.empty(), clock.millis())
                .ifPresent(this::tell);
    }

    private void tell(Alert alert) {
        if (alert.isRaised()) {
            LOG.warn("alert {} raised: {}", alert.rule().title(), alert.message());
        } else {
            LOG.info(
                    "alert {} of {} cleared after {} ms",
                    alert.rule().title(),
                    alert.subject(),
                    alert.clearedMs().orElseThrow() - alert.raisedMs());
        }
        AlertEvent event = AlertEvent.of(alert, broker.engine().clusterId());
        topic.add(event);
        webhook.ifPresent(one -> one.tell(event));
    }
}
