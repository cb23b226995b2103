package io.sluice.groups;

import io.sluice.core.TopicPartition;
import io.sluice.core.engine.LogEngine;
import io.sluice.core.engine.OwnershipListener;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.engine.Route;
import io.sluice.core.topic.NewTopic;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicName;
import io.sluice.groups.GroupShard.Leaving;
import io.sluice.groups.GroupShard.Moved;
import io.sluice.groups.classic.Join;
import io.sluice.groups.classic.Sync;
import io.sluice.groups.consumer.Heartbeat;
import io.sluice.groups.consumer.Poll;
import io.sluice.groups.shard.ShardRunner;
import io.sluice.groups.shard.ShardRunner.Turn;
import io.sluice.groups.shard.ShardThread;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * Consumer groups and their positions, for all faces. Groups are spread over the partitions of an internal compacted topic by
 * their names; the groups of a partition are served where the partition is, from what is replayed of it. One thread runs them
 * all.
 *
 * <p>Safe on any thread; nothing but {@link #start()} and {@link #close()} blocks. Futures do not fail: an answer says what is
 * wrong. They complete on the coordinator's thread.
 */
public final class GroupCoordinator implements AutoCloseable {
    /** The internal topic. */
    public static final String TOPIC = "__groups";

    private static final String MAX_RECORD_BYTES = String.valueOf(64 * 1024 * 1024);
    private static final String SEGMENT_BYTES = String.valueOf(100 * 1024 * 1024);

    private final LogEngine engine;
    private final GroupConfig config;
    private final InstantSource clock;
    private final AtomicBoolean topicsAreOthers = new AtomicBoolean();
    private final Topics topics;
    private final Notices notices = new Notices();
    private volatile int partitions;
    private final ShardThread<GroupShard, Effects> shards;

    /** A coordinator that does not run yet, over an engine that does. */
    public GroupCoordinator(LogEngine engine, GroupConfig config, InstantSource clock) {
        this.engine = engine;
        this.config = config;
        this.clock = clock;
        this.topics = new EngineTopics(engine);
        this.shards = new ShardThread<>("sluice-groups", clock, config.maxQueued(), ShardThread.Where.OWN);
    }

    /** The topics of an engine that are there for everybody. */
    private record EngineTopics(LogEngine engine) implements Topics {
        @Override
        public Optional<Topic> topic(String name) {
            return engine.topic(name).filter(topic -> !TopicName.isInternal(name));
        }

        @Override
        public Optional<Topic> topic(UUID id) {
            return engine.topic(id);
        }

        @Override
        public OptionalLong logStart(TopicPartition partition) {
            return engine.route(partition) instanceof Route.Local local
                    ? OptionalLong.of(local.log().logStartOffset())
                    : OptionalLong.empty();
        }

        @Override
        public Collection<Topic> topics() {
            return engine.topics().stream()
                    .filter(topic -> !TopicName.isInternal(topic.name()))
                    .toList();
        }
    }

    /**
     * Begins to read what there is. Blocks until the internal topic is there, which it creates if need be.
     *
     * @throws io.sluice.core.BrokerException if it cannot be created
     */
    public void start() {
        partitions = engine.topic(TOPIC)
                .map(topic -> topic.partitions())
                .orElseGet(() -> engine.createInternalTopic(new NewTopic(
                                TOPIC,
                                config.partitions(),
                                Map.of(
                                        "cleanup.policy",
                                        "compact",
                                        "segment.bytes",
                                        SEGMENT_BYTES,
                                        "max.message.bytes",
                                        MAX_RECORD_BYTES)))
                        .join()
                        .partitions());
        shards.start();
        engine.listen(new OwnershipListener() {
            @Override
            public void gained(TopicPartition partition, PartitionLog log) {
                if (partition.topic().equals(TOPIC)) {
                    gain(partition.partition(), log);
                } else {
                    topicsChanged();
                }
            }

            @Override
            public void lost(TopicPartition partition, int epoch) {
                if (partition.topic().equals(TOPIC)) {
                    shards.lose(partition.partition(), epoch);
                } else {
                    topicsChanged();
                }
            }
        });
    }

    private void gain(int partition, PartitionLog log) {
        shards.gain(
                partition,
                new ShardRunner<>(
                        log,
                        () -> new GroupShard(config.limits(), topics),
                        (shard, out) -> new GroupEffects(shard, out, notices::add),
                        shards,
                        clock));
    }

    /** Looked at once for however many partitions have come and gone meanwhile. */
    private void topicsChanged() {
        if (topicsAreOthers.compareAndSet(false, true)) {
            shards.execute(() -> topicsAreOthers.set(false));
            shards.tellAll(GroupShard::topicsChanged);
        }
    }

    // ---- members ----

    /** A member wants to be part of the next generation. */
    public CompletableFuture<Join.Answer> join(String group, Join.Request request) {
        return ask(
                group,
                error -> new Join.Answer(error, request.memberId(), -1, "", "", "", false, List.of()),
                (shard, reply, effects) -> shard.join(group, request, reply, effects));
    }

    /** A member wants its assignment; the leader brings everybody's. */
    public CompletableFuture<Sync.Answer> sync(String group, Sync.Request request) {
        return ask(
                group,
                error -> new Sync.Answer(error, "", "", new byte[0]),
                (shard, reply, effects) -> shard.sync(group, request, reply, effects));
    }

    /** A member says that it is alive. */
    public CompletableFuture<GroupError> heartbeat(String group, String memberId, String instanceId, int generation) {
        return ask(
                group,
                error -> error,
                (shard, reply, effects) -> shard.heartbeat(group, memberId, instanceId, generation, reply, effects));
    }

    /** Members leave, or are sent away; each is answered on its own. */
    public CompletableFuture<List<GroupError>> leave(String group, List<Leaving> leaving) {
        return ask(
                group,
                error -> leaving.stream().map(one -> error).toList(),
                (shard, reply, effects) -> shard.leave(group, leaving, reply, effects));
    }

    /** A member of the consumer protocol says what it wants and has. */
    public CompletableFuture<Heartbeat.Answer> consumerHeartbeat(String group, Heartbeat.Request request) {
        return ask(
                group,
                error -> Heartbeat.Answer.refused(error, ""),
                (shard, reply, effects) -> shard.consumerHeartbeat(group, request, reply, effects));
    }

    /** A member over HTTP comes for records. */
    public CompletableFuture<Poll.Answer> poll(String group, Poll.Request request) {
        return ask(group, Poll.Answer::refused, (shard, reply, effects) -> shard.poll(group, request, reply, effects));
    }

    /** A member over HTTP is there: somebody who knows says so, and it keeps what it has without a poll. */
    public void isThere(String group, String member) {
        tell(group, (shard, effects) -> shard.isThere(group, member, effects));
    }

    /** The client of a poll that is being answered takes the answer. */
    public void pollGoesOn(String group, String member, long poll) {
        tell(group, (shard, effects) -> shard.pollGoesOn(group, member, poll, effects));
    }

    /** A poll has been answered; to be called once for each that was let in. */
    public void pollDone(String group, Poll.Done done) {
        tell(group, (shard, effects) -> shard.pollDone(group, done, effects));
    }

    /**
     * A member over HTTP leaves, unless it has polled since a poll: members that come by another connection are somebody else's
     * to end.
     *
     * @param poll the number of the last poll of whoever leaves
     */
    public void leave(String group, String member, long poll) {
        tell(group, (shard, effects) -> shard.leave(group, member, poll, effects));
    }

    /**
     * A member over HTTP says what it has done, and does not ask for more.
     *
     * @return for each partition of the cursor what became of it, or one fault for all
     */
    public CompletableFuture<Poll.Committed> commit(String group, String member, Poll.Cursor cursor) {
        return ask(
                group,
                Poll.Committed::refused,
                (shard, reply, effects) -> shard.commit(group, member, cursor, reply, effects));
    }

    // ---- moving a running group ----

    /**
     * Moves positions, whoever reads there.
     *
     * @param to the new positions
     * @param expected what positions must be for any of them to be moved; {@link GroupShard#NOWHERE} for one that must not be
     *     there
     */
    public CompletableFuture<Moved> seek(
            String group, Map<TopicPartition, CommittedOffset> to, Map<TopicPartition, Long> expected) {
        return ask(
                group,
                error -> new Moved(error, List.of()),
                (shard, reply, effects) -> shard.seek(group, to, expected, reply, effects));
    }

    /** Keeps the group's positions by a name. */
    public CompletableFuture<GroupError> takeSnapshot(String group, String name) {
        return ask(group, error -> error, (shard, reply, effects) -> shard.takeSnapshot(group, name, reply, effects));
    }

    /** Forgets what is kept by a name. */
    public CompletableFuture<GroupError> deleteSnapshot(String group, String name) {
        return ask(group, error -> error, (shard, reply, effects) -> shard.deleteSnapshot(group, name, reply, effects));
    }

    /** The snapshots of a group; none if it is not known. */
    public CompletableFuture<Snapshots> snapshots(String group) {
        return ask(
                group,
                error -> new Snapshots(error, Map.of()),
                (shard, reply, effects) -> shard.snapshots(group, reply, effects));
    }

    // ---- positions ----

    /** Moves positions; each is answered on its own. */
    public CompletableFuture<Map<TopicPartition, GroupError>> commit(Offsets.Commit request) {
        return ask(
                request.group(),
                error -> {
                    Map<TopicPartition, GroupError> all = new HashMap<>();
                    request.positions().keySet().forEach(partition -> all.put(partition, error));
                    return all;
                },
                (shard, reply, effects) -> shard.commit(request, reply, effects));
    }

    /**
     * Tells positions.
     *
     * @param memberId the member of the consumer protocol that asks, or empty
     * @param memberEpoch its epoch, or -1
     * @param wanted which; empty for all
     */
    public CompletableFuture<Offsets.Fetched> positions(
            String group, String memberId, int memberEpoch, Optional<List<TopicPartition>> wanted) {
        return ask(
                group,
                error -> new Offsets.Fetched(error, Map.of()),
                (shard, reply, effects) -> shard.fetch(group, memberId, memberEpoch, wanted, reply, effects));
    }

    /** As {@link #positions(String, String, int, Optional)}, for somebody who is no member. */
    public CompletableFuture<Offsets.Fetched> positions(String group, Optional<List<TopicPartition>> wanted) {
        return positions(group, "", -1, wanted);
    }

    /** Forgets positions, but not those in topics that the group's members want. */
    public CompletableFuture<Offsets.Deleted> deletePositions(String group, List<TopicPartition> which) {
        return ask(
                group,
                error -> new Offsets.Deleted(error, Map.of()),
                (shard, reply, effects) -> shard.deletePositions(group, which, reply, effects));
    }

    // ---- groups ----

    /** One group. */
    public CompletableFuture<GroupView> describe(String group) {
        return ask(
                group,
                error -> GroupView.refused(error, group),
                (shard, reply, effects) -> shard.describe(group, reply, effects));
    }

    /** Deletes a group that has no members, with its positions. */
    public CompletableFuture<GroupError> delete(String group) {
        return ask(group, error -> error, (shard, reply, effects) -> shard.delete(group, reply, effects));
    }

    /**
     * Some of the groups that are known here.
     *
     * @param error NONE, or LOADING if some are still being read
     * @param groups the groups, by name
     */
    public record Listing(GroupError error, List<GroupSummary> groups) {
        public Listing {
            groups = List.copyOf(groups);
        }
    }

    /** All groups that are known here. */
    public CompletableFuture<Listing> list() {
        return list("", Integer.MAX_VALUE);
    }

    /**
     * The next groups by name. Of each partition no more are looked at than are asked for.
     *
     * @param after the name behind which to begin, or empty
     * @param limit how many at most
     */
    public CompletableFuture<Listing> list(String after, int limit) {
        List<CompletableFuture<List<GroupSummary>>> parts = new ArrayList<>();
        AtomicInteger faults = new AtomicInteger();
        for (int i = 0; i < partitions; i++) {
            parts.add(ask(
                    i,
                    error -> {
                        faults.incrementAndGet();
                        return List.of();
                    },
                    (shard, reply, effects) -> shard.list(after, limit, reply, effects)));
        }
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new)).thenApply(done -> {
            List<GroupSummary> all = parts.stream()
                    .flatMap(part -> part.join().stream())
                    .sorted(Comparator.comparing(GroupSummary::id))
                    .limit(limit)
                    .toList();
            return new Listing(faults.get() > 0 ? GroupError.LOADING : GroupError.NONE, all);
        });
    }

    /** What has happened to positions of itself. */
    public Notices notices() {
        return notices;
    }

    // ---- the thread ----

    /** Which partition has a group. */
    int partitionOf(String group) {
        return Math.floorMod(group.hashCode(), partitions);
    }

    private <T> CompletableFuture<T> ask(
            String group, Function<GroupError, T> refusal, Turn<GroupShard, Effects, T> turn) {
        return ask(partitionOf(group), refusal, turn);
    }

    private <T> CompletableFuture<T> ask(
            int partition, Function<GroupError, T> refusal, Turn<GroupShard, Effects, T> turn) {
        return shards.ask(partition, why -> refusal.apply(GroupError.of(why)), turn);
    }

    /** Lets a group do something that nobody waits for. */
    private void tell(String group, BiConsumer<GroupShard, Effects> what) {
        shards.tell(partitionOf(group), what);
    }

    /** Answers what it can, and ends. To be called before the engine is closed. */
    @Override
    public void close() {
        shards.close();
    }
}
