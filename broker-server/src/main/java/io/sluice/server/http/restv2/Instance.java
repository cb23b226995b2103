package io.sluice.server.http.restv2;

import io.sluice.core.Broker;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.Topic;
import io.sluice.groups.CommittedOffset;
import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupError;
import io.sluice.groups.GroupShard.Leaving;
import io.sluice.groups.Offsets;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.consumer.Poll;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.MemoryBudget;
import io.sluice.server.http.RestProblem;
import io.sluice.server.http.groups.GroupErrors;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One consumer: what it wants, what it has of it, and where it stands. Owned by its home, an event loop; requests come there
 * and are done one after the other, as in a consumer of Kafka. A poll that only waits ends when another request comes.
 *
 * <p>What topics share out goes through the group coordinator: the instance is a member like those who poll over HTTP, beside
 * Kafka's. Partitions that it names itself make it no member, and are committed like those of Kafka's clients without a group.
 */
final class Instance {
    private static final int MAX_QUEUED = 16;
    /** How long a poll that is being answered may keep its instance from being deleted. */
    private static final long MAX_ANSWER_MS = 5_000;

    /**
     * Keeps apart instances and members who poll by themselves. An instance of the same name that is made after a restart of the
     * broker goes on in the place of the one before.
     */
    private static final String MEMBER_PREFIX = "rest-v2/";

    private static final String EXCLUSIVE = "Subscriptions to topics, partitions, and patterns are mutually exclusive.";

    /** Names an instance. */
    record Id(String group, String name) {}

    private final Id id;
    private final ConsumerSettings settings;
    private final Broker broker;
    private final GroupCoordinator groups;
    private final InstantSource clock;
    private final Context home;
    private final int sessionTimeoutMs;
    /** Holds what it wants; of its home. */
    private final MemoryBudget.Reservation memory;
    /** Its name as a member. */
    private final String member;

    private volatile long lastUsedNs = System.nanoTime();
    /** Whether it is a member of its group; changed at home. */
    private volatile boolean isMember;

    // ---- of its home ----
    private final ArrayDeque<Runnable> queue = new ArrayDeque<>();
    private boolean busy;
    private boolean gone;
    private Optional<InstancePoll> polling = Optional.empty();
    private Wish wish = Wish.NOTHING;
    private Map<TopicPartition, Place> places = Map.of();
    private int epoch;
    private long polls;

    Instance(
            Id id,
            ConsumerSettings settings,
            Broker broker,
            GroupCoordinator groups,
            InstantSource clock,
            Context home,
            int sessionTimeoutMs,
            MemoryBudget memory) {
        this.id = id;
        this.settings = settings;
        this.broker = broker;
        this.groups = groups;
        this.clock = clock;
        this.home = home;
        this.sessionTimeoutMs = sessionTimeoutMs;
        this.memory = memory.reserve(0);
        this.member = MEMBER_PREFIX + id.name();
    }

    Id id() {
        return id;
    }

    /** Its name as a member of its group. */
    String member() {
        return member;
    }

    ConsumerSettings settings() {
        return settings;
    }

    Context home() {
        return home;
    }

    /** When it was last asked for something, by {@link System#nanoTime()}. On any thread. */
    long lastUsedNs() {
        return lastUsedNs;
    }

    /** Keeps its place in its group: as a consumer of Kafka does, also while its client works on records. On any thread. */
    void keepPlace() {
        if (isMember) {
            groups.isThere(id.group(), member);
        }
    }

    // ---- one request after the other ----

    /** Does something at home when those before it are done; the future completes where it is asked for. */
    private <T> Future<T> ask(Supplier<Future<T>> work) {
        lastUsedNs = System.nanoTime();
        CompletableFuture<T> answer = new CompletableFuture<>();
        home.runOnContext(v -> {
            // Nobody waits for records that may not come while somebody wants something else.
            polling.ifPresent(InstancePoll::hurry);
            enqueue(
                    () -> attempt(work).onComplete(done -> {
                        finishOne();
                        if (done.succeeded()) {
                            answer.complete(done.result());
                        } else {
                            answer.completeExceptionally(done.cause());
                        }
                    }),
                    answer::completeExceptionally);
        });
        return Future.fromCompletionStage(answer, Vertx.currentContext());
    }

    private static <T> Future<T> attempt(Supplier<Future<T>> work) {
        try {
            return work.get();
        } catch (RuntimeException e) {
            return Future.failedFuture(e);
        }
    }

    private void enqueue(Runnable task, Consumer<Throwable> refuse) {
        if (gone) {
            refuse.accept(Instances.notFound());
        } else if (queue.size() >= MAX_QUEUED) {
            refuse.accept(RestProblem.of(
                            503,
                            "Consumer instance " + id.name() + " has " + MAX_QUEUED
                                    + " requests waiting; ask again when they are answered.")
                    .retryAfterMs(1_000));
        } else {
            queue.add(() -> {
                if (gone) {
                    refuse.accept(Instances.notFound());
                    finishOne();
                } else {
                    task.run();
                }
            });
            next();
        }
    }

    private void next() {
        if (!busy && !queue.isEmpty()) {
            busy = true;
            queue.poll().run();
        }
    }

    private void finishOne() {
        lastUsedNs = System.nanoTime();
        busy = false;
        // Not from within the one that ends: however many wait, the stack stays flat.
        home.runOnContext(v -> next());
    }

    // ---- what is wanted ----

    /** Wants partitions of topics, instead of those wanted before. */
    Future<Void> subscribe(Wish wanted) {
        return ask(() -> {
            if (wish.kind() == Wish.Kind.PARTITIONS) {
                throw RestProblem.of(409, EXCLUSIVE);
            }
            want(wanted);
            return Future.succeededFuture();
        });
    }

    /** Wants these partitions, instead of those wanted before. */
    Future<Void> assign(List<TopicPartition> partitions) {
        return ask(() -> {
            if (wish.isShared()) {
                throw RestProblem.of(409, EXCLUSIVE);
            }
            return autoCommit().map(done -> {
                want(Wish.ofPartitions(partitions));
                Map<TopicPartition, Place> named = new LinkedHashMap<>();
                for (TopicPartition partition : wish.partitions()) {
                    named.put(
                            partition,
                            places.getOrDefault(
                                    partition,
                                    new Place(
                                            partition,
                                            Optional.empty(),
                                            -1,
                                            OptionalLong.empty(),
                                            OptionalLong.empty())));
                }
                places = named;
                return null;
            });
        });
    }

    /** It stays for as long as the instance, and is counted so. */
    private void want(Wish wanted) {
        memory.grow(wanted.bytes());
        memory.shrink(wanted.bytes());
        wish = wanted;
    }

    /** Wants nothing any more. */
    Future<Void> unsubscribe() {
        return ask(() -> autoCommit().compose(done -> leave()));
    }

    private Future<Void> leave() {
        want(Wish.NOTHING);
        places = Map.of();
        if (!isMember) {
            return Future.succeededFuture();
        }
        isMember = false;
        return here(groups.leave(id.group(), List.of(new Leaving(member, "")))).mapEmpty();
    }

    /** What it wants and what it has. */
    Future<JsonObject> subscriptions() {
        return ask(() -> {
            Map<String, JsonArray> byTopic = new TreeMap<>();
            places.keySet().stream()
                    .sorted(Comparator.comparingInt(TopicPartition::partition))
                    .forEach(partition -> byTopic.computeIfAbsent(partition.topic(), name -> new JsonArray())
                            .add(partition.partition()));
            JsonArray partitions = new JsonArray();
            byTopic.forEach((topic, numbers) -> partitions.add(new JsonObject().put(topic, numbers)));
            return Future.succeededFuture(new JsonObject()
                    .put("topics", new JsonArray(new ArrayList<>(wish.topics(broker))))
                    .put("partitions", partitions));
        });
    }

    // ---- positions ----

    /** Goes to an offset in each partition. */
    Future<Void> seek(Map<TopicPartition, Long> offsets) {
        return seek(List.copyOf(offsets.keySet()), offsets::get);
    }

    /** Goes to the beginning or the end of each partition. */
    Future<Void> seek(List<TopicPartition> partitions, boolean toEnd) {
        return seek(partitions, partition -> {
            PartitionLog log = broker.partition(partition);
            return toEnd ? log.highWatermark() : log.logStartOffset();
        });
    }

    private Future<Void> seek(List<TopicPartition> partitions, Function<TopicPartition, Long> to) {
        return ask(() -> {
            Map<TopicPartition, Place> moved = new LinkedHashMap<>(places);
            for (TopicPartition partition : partitions) {
                Place place = places.get(partition);
                if (place == null) {
                    throw RestProblem.of(404, "No current assignment for partition " + partition);
                }
                moved.put(partition, place.at(to.apply(partition)));
            }
            places = moved;
            return Future.succeededFuture();
        });
    }

    /** Commits everything that was polled. */
    Future<Void> commit() {
        return ask(() -> commitNow(moved()));
    }

    /** Commits these offsets. */
    Future<Void> commit(Map<TopicPartition, Long> offsets) {
        return ask(() -> commitNow(new HashMap<>(offsets)));
    }

    private Map<TopicPartition, Long> moved() {
        Map<TopicPartition, Long> moved = new HashMap<>();
        places.forEach((partition, place) -> {
            boolean isThere = place.id()
                    .filter(known -> broker.topic(known.topicId()).isPresent())
                    .isPresent();
            if (isThere && place.hasMoved()) {
                moved.put(partition, place.position().getAsLong());
            }
        });
        return moved;
    }

    /** What a consumer of Kafka commits by itself; if that is refused, the records come again. */
    private Future<Void> autoCommit() {
        return settings.autoCommit() ? attempt(() -> commitNow(moved())).otherwiseEmpty() : Future.succeededFuture();
    }

    private Future<Void> commitNow(Map<TopicPartition, Long> offsets) {
        if (offsets.isEmpty()) {
            return Future.succeededFuture();
        }
        Map<TopicPartition, TopicIdPartition> ids = new HashMap<>();
        for (TopicPartition partition : offsets.keySet()) {
            Topic topic = broker.topic(partition.topic())
                    .filter(found -> found.hasPartition(partition.partition()))
                    .orElseThrow(
                            () -> RestProblem.of(404, "The specified topic partition was not found: " + partition));
            ids.put(partition, new TopicIdPartition(topic.id(), partition.partition()));
        }
        Future<Map<TopicPartition, GroupError>> outcomes =
                isMember ? commitAsMember(offsets, ids) : commitAlone(offsets, ids);
        return outcomes.map(all -> {
            Map<TopicPartition, Place> now = new LinkedHashMap<>(places);
            offsets.forEach((partition, offset) -> {
                GroupError outcome = all.getOrDefault(partition, GroupError.UNKNOWN_MEMBER);
                if (outcome != GroupError.NONE) {
                    throw refusal(outcome, partition);
                }
                now.computeIfPresent(partition, (name, place) -> place.committedAt(offset));
            });
            places = now;
            return null;
        });
    }

    private HttpProblem refusal(GroupError outcome, TopicPartition partition) {
        return switch (outcome) {
            case NOT_COORDINATOR, LOADING, UNAVAILABLE -> GroupErrors.problem(outcome, id.group());
            default ->
                RestProblem.of(
                        409,
                        isMember
                                ? "Offset commit cannot be completed: partition " + partition
                                        + " is not, or not any more, assigned to this consumer."
                                : "Offset commit cannot be completed: group " + id.group()
                                        + " has members, and this consumer is none of them.");
        };
    }

    private Future<Map<TopicPartition, GroupError>> commitAsMember(
            Map<TopicPartition, Long> offsets, Map<TopicPartition, TopicIdPartition> ids) {
        Map<TopicIdPartition, Long> cursor = new HashMap<>();
        offsets.forEach((partition, offset) -> cursor.put(ids.get(partition), offset));
        return here(groups.commit(id.group(), member, new Poll.Cursor(epoch, cursor)))
                .map(committed -> {
                    if (committed.error() != GroupError.NONE) {
                        throw GroupErrors.problem(committed.error(), id.group());
                    }
                    return committed.partitions();
                });
    }

    private Future<Map<TopicPartition, GroupError>> commitAlone(
            Map<TopicPartition, Long> offsets, Map<TopicPartition, TopicIdPartition> ids) {
        Map<TopicPartition, CommittedOffset> positions = new HashMap<>();
        offsets.forEach((partition, offset) -> positions.put(
                partition, new CommittedOffset(ids.get(partition).topicId(), offset, -1, "", clock.millis())));
        return here(groups.commit(new Offsets.Commit(id.group(), "", "", -1, positions)));
    }

    // ---- polls ----

    /** A poll wants to know what it may read. */
    void poll(InstancePoll poll) {
        lastUsedNs = System.nanoTime();
        home.runOnContext(v -> enqueue(
                () -> {
                    if (poll.isOver()) {
                        finishOne();
                        return;
                    }
                    polling = Optional.of(poll);
                    turn(poll, Poll.NEW);
                },
                poll::refuse));
    }

    private void turn(InstancePoll poll, long continues) {
        attempt(() -> switch (wish.kind()) {
                    case NOTHING ->
                        Future.<List<Place>>failedFuture(RestProblem.of(
                                500, "Consumer is not subscribed to any topics or assigned any partitions"));
                    case PARTITIONS -> placesOfItsOwn();
                    default -> placesOfTheGroup(poll, continues);
                })
                .onSuccess(poll::tell)
                .onFailure(failure -> {
                    end(poll);
                    poll.refuse(failure);
                });
    }

    private Future<List<Place>> placesOfTheGroup(InstancePoll poll, long continues) {
        Map<TopicIdPartition, Long> done = new HashMap<>();
        if (settings.autoCommit()) {
            places.values().stream()
                    .filter(Place::hasMoved)
                    .forEach(place ->
                            done.put(place.id().orElseThrow(), place.position().getAsLong()));
        }
        Poll.Request request = new Poll.Request(
                member,
                wish.topics(broker),
                sessionTimeoutMs,
                id.name(),
                poll.clientHost(),
                done.isEmpty() ? Optional.empty() : Optional.of(new Poll.Cursor(epoch, done)),
                continues,
                why -> home.runOnContext(v -> interrupted(poll, why)));
        return here(groups.poll(id.group(), request)).map(told -> {
            if (told.error() != GroupError.NONE) {
                throw GroupErrors.problem(told.error(), id.group());
            }
            isMember = true;
            epoch = told.epoch();
            polls = told.poll();
            takeOver(told);
            return List.copyOf(places.values());
        });
    }

    /** A position holds as long as nobody else can have been at its partition. */
    private void takeOver(Poll.Answer told) {
        Map<TopicPartition, Place> now = new LinkedHashMap<>();
        for (Poll.Readable readable : told.partitions()) {
            Place before = places.get(readable.partition());
            OptionalLong committed = readable.position()
                    .map(position -> OptionalLong.of(position.offset()))
                    .orElse(OptionalLong.empty());
            boolean holds = before != null
                    && before.since() == readable.since()
                    && before.id().equals(Optional.of(readable.id()))
                    && before.position().isPresent();
            now.put(
                    readable.partition(),
                    new Place(
                            readable.partition(),
                            Optional.of(readable.id()),
                            readable.since(),
                            holds ? before.position() : committed,
                            committed));
        }
        places = now;
    }

    private Future<List<Place>> placesOfItsOwn() {
        return autoCommit().compose(done -> {
            List<TopicPartition> unknown = places.values().stream()
                    .filter(place -> place.id().isEmpty() || place.position().isEmpty())
                    .map(Place::partition)
                    .toList();
            if (unknown.isEmpty()) {
                return Future.succeededFuture(List.copyOf(places.values()));
            }
            return here(groups.positions(id.group(), Optional.of(unknown))).map(fetched -> {
                if (fetched.error() != GroupError.NONE && fetched.error() != GroupError.UNKNOWN_GROUP) {
                    throw GroupErrors.problem(fetched.error(), id.group());
                }
                Map<TopicPartition, Place> now = new LinkedHashMap<>(places);
                unknown.forEach(partition -> now.computeIfPresent(
                        partition,
                        (name, place) -> known(place, fetched.positions().get(name))));
                places = now;
                return List.copyOf(places.values());
            });
        });
    }

    /** What is known of a partition by now; it may not be there yet. */
    private Place known(Place place, CommittedOffset found) {
        TopicPartition partition = place.partition();
        Optional<Topic> topic =
                broker.topic(partition.topic()).filter(there -> there.hasPartition(partition.partition()));
        if (topic.isEmpty()) {
            return place;
        }
        OptionalLong committed =
                found != null && found.topicId().equals(topic.get().id())
                        ? OptionalLong.of(found.offset())
                        : OptionalLong.empty();
        return new Place(
                partition,
                Optional.of(new TopicIdPartition(topic.get().id(), partition.partition())),
                -1,
                place.position().isPresent() ? place.position() : committed,
                committed);
    }

    private void interrupted(InstancePoll poll, Poll.Interruption why) {
        if (polling.equals(Optional.of(poll))) {
            poll.changed(why);
        }
    }

    /** What a poll was told is not true any more, and it has found nothing. */
    void again(InstancePoll poll, Poll.Interruption why, Map<TopicPartition, Long> positions) {
        home.runOnContext(v -> {
            move(positions);
            closeTurn(Set.of(), 0);
            turn(poll, why == Poll.Interruption.CHANGED ? polls : Poll.NEW);
        });
    }

    /**
     * A poll has ended.
     *
     * @param positions where the instance stands now
     * @param holding of which partitions its client has records
     * @param then runs at home, when whoever comes next will find it so
     */
    void ended(
            InstancePoll poll,
            Map<TopicPartition, Long> positions,
            Set<TopicPartition> holding,
            int records,
            Runnable then) {
        home.runOnContext(v -> {
            move(positions);
            closeTurn(holding, records);
            end(poll);
            then.run();
        });
    }

    private void move(Map<TopicPartition, Long> positions) {
        Map<TopicPartition, Place> now = new LinkedHashMap<>(places);
        positions.forEach((partition, offset) -> now.computeIfPresent(partition, (name, place) -> place.at(offset)));
        places = now;
    }

    private void closeTurn(Set<TopicPartition> holding, int records) {
        if (!isMember) {
            return;
        }
        Set<TopicIdPartition> held = new HashSet<>();
        holding.forEach(partition ->
                Optional.ofNullable(places.get(partition)).flatMap(Place::id).ifPresent(held::add));
        groups.pollDone(id.group(), new Poll.Done(member, polls, held, records));
    }

    private void end(InstancePoll poll) {
        if (polling.equals(Optional.of(poll))) {
            polling = Optional.empty();
            finishOne();
        }
    }

    // ---- the end ----

    /** Goes in order: what was polled is committed, if the instance commits by itself. */
    Future<Void> close() {
        home.runOnContext(v -> polling.ifPresent(poll -> home.owner().setTimer(MAX_ANSWER_MS, timer -> {
            // Its client may be gone without a word, and whoever deletes the instance wants to go on.
            if (polling.equals(Optional.of(poll))) {
                poll.cut();
            }
        })));
        return ask(() -> autoCommit().compose(done -> leave()).map(left -> {
            gone = true;
            return null;
        }));
    }

    /**
     * Goes because nobody has asked for anything for so long. Nothing is committed: whoever has gone may not have been done
     * with what it has.
     *
     * @param idleNs for how long, at least
     * @return whether it has gone
     */
    Future<Boolean> expire(long idleNs) {
        Promise<Boolean> went = Promise.promise();
        home.runOnContext(v -> {
            boolean idle = !busy && queue.isEmpty() && System.nanoTime() - lastUsedNs >= idleNs;
            if (!idle || gone) {
                went.complete(false);
                return;
            }
            gone = true;
            leave().onComplete(left -> went.complete(true));
        });
        return went.future();
    }

    private <T> Future<T> here(CompletableFuture<T> future) {
        return Future.fromCompletionStage(future, home);
    }
}
