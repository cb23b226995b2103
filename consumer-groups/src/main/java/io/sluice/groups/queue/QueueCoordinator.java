package io.sluice.groups.queue;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.LogEngine;
import io.sluice.core.engine.OwnershipListener;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.engine.Route;
import io.sluice.core.record.Codecs;
import io.sluice.core.topic.NewTopic;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicConfig;
import io.sluice.core.topic.TopicName;
import io.sluice.groups.queue.MessageView.State;
import io.sluice.groups.queue.QueueViews.Browsed;
import io.sluice.groups.queue.Receive.Ack;
import io.sluice.groups.queue.Receive.Extension;
import io.sluice.groups.queue.Receive.Lease;
import io.sluice.groups.queue.Receive.Nack;
import io.sluice.groups.queue.Receive.Outcome;
import io.sluice.groups.queue.Receive.Outcomes;
import io.sluice.groups.shard.Refusal;
import io.sluice.groups.shard.ShardRunner;
import io.sluice.groups.shard.ShardThread;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Queues, for all faces. A queue is a topic and what is known of its messages; the queues are spread over the partitions of an internal topic by
 * their names. One thread runs them all.
 *
 * <p>Safe on any thread; nothing but {@link #start()} and {@link #close()} blocks. Futures do not fail unless they say so: an answer says what
 * is wrong. They complete on the thread of the queues.
 */
public final class QueueCoordinator implements AutoCloseable {
    /** The internal topic. */
    public static final String TOPIC = "__queues";

    /** What the headers of a dead letter may take besides those of the message. */
    private static final int CASE_FILE_BYTES = 256 * 1024;

    /** What a topic takes as a batch unless it is set otherwise. */
    private static final int DEFAULT_MESSAGE_BYTES = TopicConfig.defaults().maxMessageBytes();

    private static final long UPKEEP_MS = 1_000;
    private static final int UPKEEP_ROUNDS = 60;

    private static final UUID NOBODY = new UUID(0, 0);
    private static final String MAX_RECORD_BYTES = String.valueOf(64 * 1024 * 1024);
    private static final String SEGMENT_BYTES = String.valueOf(16 * 1024 * 1024);

    private final LogEngine engine;
    private final QueueSetup setup;
    private final InstantSource clock;
    private final ShardThread<QueueShard, QueueEffects> shards;
    private final Feeder feeder;
    private final Presence presence = new Presence();
    private final Undertaker undertaker;
    private final Trimmer trimmer;
    private final Sweeper sweeper;
    private final Deduplication deduplication;
    private final JobRunner jobs;
    private final Afterlife afterlife;
    private final QueueMemory memory;
    private final SplittableRandom random = new SplittableRandom();
    private final List<QueueListener> listeners = new CopyOnWriteArrayList<>();
    /** The queues that are known now, for those who cannot wait for an answer. */
    private final Map<String, QueueOutline> outlines = new ConcurrentHashMap<>();

    private volatile int partitions;
    /** Of the thread of the queues. */
    private boolean closed;

    /** A coordinator that does not run yet, over an engine that does. */
    public QueueCoordinator(LogEngine engine, QueueSetup setup, Codecs codecs, InstantSource clock) {
        this.engine = engine;
        this.setup = setup;
        this.clock = clock;
        this.shards = new ShardThread<>("sluice-queues", clock, setup.maxQueued(), ShardThread.Where.LOGS_TOO);
        this.feeder = new Feeder(
                engine,
                new Arrivals(codecs, setup.maxBatchBytes()),
                ForkJoinPool.commonPool(),
                shards,
                clock,
                new FeederTurns(),
                presence,
                this::condemned,
                this::runJobs);
        MessageReader reader = new MessageReader(engine, codecs, setup.maxBatchBytes());
        this.deduplication = new Deduplication(engine, reader, shards, clock, Deduplication.Limits.DEFAULTS);
        Conveyor.Surroundings surroundings = new Conveyor.Surroundings(engine, reader, new ShardTurns(), shards, clock);
        this.jobs = new JobRunner(surroundings);
        this.afterlife =
                new Afterlife(surroundings, feeder, jobs, name -> deadLetterQueue(name, DEFAULT_MESSAGE_BYTES));
        this.undertaker = new Undertaker(surroundings, this::deadLetterQueue);
        this.trimmer = new Trimmer(feeder, shards);
        this.sweeper = new Sweeper(feeder, new ShardTurns(), shards);
        this.memory = new QueueMemory(setup.limits(), setup.maxMessages(), setup.maxDoneBytes(), setup.maxHeldBytes());
    }

    /**
     * Begins to read what there is. Blocks until the internal topic is there, which it creates if need be.
     *
     * @throws BrokerException if it cannot be created
     */
    public void start() {
        partitions = engine.topic(TOPIC)
                .map(Topic::partitions)
                .orElseGet(() -> engine.createInternalTopic(new NewTopic(
                                TOPIC,
                                setup.partitions(),
                                Map.of(
                                        "retention.ms",
                                        "-1",
                                        "segment.bytes",
                                        SEGMENT_BYTES,
                                        "max.message.bytes",
                                        MAX_RECORD_BYTES)))
                        .join()
                        .partitions());
        feeder.findEnds();
        shards.start();
        engine.listen(new OwnershipListener() {
            @Override
            public void gained(TopicPartition partition, PartitionLog log) {
                if (partition.topic().equals(TOPIC)) {
                    gain(partition.partition(), log);
                }
            }

            @Override
            public void lost(TopicPartition partition, int epoch) {
                if (partition.topic().equals(TOPIC)) {
                    shards.lose(partition.partition(), epoch);
                } else {
                    endIfGone(partition.topic());
                }
            }
        });
        shards.execute(this::lookAfterSome);
    }

    /** Each queue is looked after about once a minute, a few at a time. */
    private void lookAfterSome() {
        if (closed) {
            return;
        }
        CompletableFuture.delayedExecutor(UPKEEP_MS, TimeUnit.MILLISECONDS, shards)
                .execute(this::lookAfterSome);
        lookAfter(UPKEEP_ROUNDS);
        memory.tidy(clock.millis());
    }

    /** Looks after that part of the queues whose turn it is: in so many rounds all of them. */
    void lookAfter(int rounds) {
        shards.tellAll((shard, effects) -> shard.nextOf(rounds).forEach(queue -> {
            if (!shard.endIfGone(queue, effects)) {
                trimmer.look(queue, effects);
                sweeper.look(queue);
            }
        }));
    }

    private void gain(int partition, PartitionLog log) {
        shards.gain(
                partition,
                new ShardRunner<>(
                        log,
                        () -> new QueueShard(memory, feeder, outlines, setup.checkpointBytes()),
                        (shard, out) -> new RunningEffects(shard, out, random, event -> heard(shard, event)),
                        shards,
                        clock));
    }

    private void heard(QueueShard shard, QueueEvent event) {
        if (event instanceof QueueEvent.Cut cut) {
            feeder.joined(cut.queue(), cut.partition());
        }
        for (QueueListener listener : listeners) {
            listener.happened(event, place -> shard.name(event.queue(), place));
        }
    }

    /** Hears of all that happens to queues, when it is written down, on the thread of the queues. */
    public void listen(QueueListener listener) {
        listeners.add(listener);
    }

    /** Hears no more. */
    public void unlisten(QueueListener listener) {
        listeners.remove(listener);
    }

    // ---- the log ----

    /** Turns for what the feeder has to say. */
    private final class FeederTurns implements Feeder.FeedTurns {
        @Override
        public void fed(Queue queue, Feeder.Fed fed) {
            tell(queue.name(), same(queue), (now, effects) -> {
                if (now.releases() == fed.releases()) {
                    now.feed(fed.partition(), fed.from(), fed.to(), fed.messages(), effects);
                } else {
                    feeder.wants(now);
                }
            });
        }

        @Override
        public void notRead(Queue queue) {
            tell(queue.name(), same(queue), Queue::looked);
        }

        /** It may have been read anew meanwhile. */
        private Function<QueueShard, Optional<Queue>> same(Queue queue) {
            return shard -> shard.find(queue.id()).filter(now -> now == queue);
        }
    }

    private void condemned(Queue queue) {
        undertaker.condemned(queue);
    }

    private void runJobs(Queue queue) {
        jobs.run(queue);
    }

    /** The topic of a queue may have been deleted: then so is the queue. */
    private void endIfGone(String topic) {
        shards.tell(
                partitionOf(topic),
                (shard, effects) -> shard.find(topic).ifPresent(queue -> shard.endIfGone(queue, effects)));
    }

    // ---- queues ----

    /**
     * What came of a wish for a queue.
     *
     * @param queue as it stands; its error is QUEUE_DIFFERS if it was there and is set otherwise
     * @param isNew whether it was not there before
     */
    public record Creation(QueueView queue, boolean isNew) {}

    /** As {@link #createUnlessThere}, for whom it is all the same whether it was there. */
    public CompletableFuture<QueueView> create(String name, QueueConfig config, int topicPartitions) {
        return createUnlessThere(name, config, topicPartitions).thenApply(Creation::queue);
    }

    /**
     * A queue of that name. If there is one that is set otherwise, it stays as it is, and the answer is QUEUE_DIFFERS.
     *
     * @param topicPartitions over how many partitions its messages are spread, if its topic is not there yet; -1 for as many as the broker
     *     gives a topic
     * @return fails as {@link LogEngine#createTopic} does, but for a topic that is there: that becomes a queue
     */
    public CompletableFuture<Creation> createUnlessThere(String name, QueueConfig config, int topicPartitions) {
        if (TopicName.isInternal(name)) {
            return CompletableFuture.failedFuture(new BrokerException(
                    ErrorCode.INVALID_TOPIC, "a queue cannot have the name " + name + ": it is kept for the broker"));
        }
        return engine.topic(name)
                .map(CompletableFuture::completedFuture)
                .orElseGet(() -> createTopic(name, topicPartitions, Map.of()))
                .thenCompose(topic -> create(topic, config))
                // Its topic was deleted meanwhile.
                .thenCompose(made -> made.queue().error() == QueueError.QUEUE_DELETED
                        ? createUnlessThere(name, config, topicPartitions)
                        : CompletableFuture.completedFuture(made));
    }

    private CompletableFuture<Topic> createTopic(String name, int topicPartitions, Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.put("retention.ms", "-1");
        NewTopic topic = new NewTopic(name, topicPartitions, all);
        return engine.createTopic(topic).handle((created, failure) -> {
            if (failure == null) {
                return created;
            }
            // Somebody else was faster.
            return engine.topic(name).orElseThrow(() -> new CompletionException(failure));
        });
    }

    /** Why dead messages of a queue cannot be brought to the dead letters, as it was the last time that was tried; empty if nothing is known. */
    public CompletableFuture<Optional<String>> deadLetterFailure(String name) {
        return ask(name, error -> Optional.empty(), (queue, effects) -> undertaker.failure(queue.id()));
    }

    /** A queue for dead letters, made if there is none: the id of its topic. */
    private CompletableFuture<UUID> deadLetterQueue(String name, int maxMessageBytes) {
        return describe(name).thenCompose(there -> {
            Optional<Topic> topic = engine.topic(name);
            if (there.error() == QueueError.NONE && topic.map(Topic::id).equals(Optional.of(there.id()))) {
                return CompletableFuture.completedFuture(there.id());
            }
            if (topic.filter(found -> found.config().compacted()).isPresent()) {
                throw new BrokerException(
                        ErrorCode.INVALID_CONFIG,
                        "topic " + name + " is compacted: a later dead letter would take an earlier one away");
            }
            // With room for what is said of the death.
            String maxBytes =
                    String.valueOf((int) Math.min(Integer.MAX_VALUE, maxMessageBytes + (long) CASE_FILE_BYTES));
            return topic.map(CompletableFuture::completedFuture)
                    .orElseGet(() -> createTopic(name, 1, Map.of("max.message.bytes", maxBytes)))
                    .thenCompose(found -> create(found, QueueConfig.DEAD_LETTERS))
                    .thenApply(Creation::queue)
                    .thenApply(made -> {
                        if (made.error() != QueueError.NONE && made.error() != QueueError.QUEUE_DIFFERS) {
                            throw new Turns.NoTurn(made.error(), name);
                        }
                        return made.id();
                    });
        });
    }

    private CompletableFuture<Creation> create(Topic topic, QueueConfig config) {
        AtomicBoolean isNew = new AtomicBoolean();
        List<Long> begins = new ArrayList<>();
        for (int i = 0; i < topic.partitions(); i++) {
            begins.add(
                    engine.route(new TopicPartition(topic.name(), i)) instanceof Route.Local local
                            ? local.log().logStartOffset()
                            : 0L);
        }
        return shards.<QueueView>ask(
                        partitionOf(topic.name()),
                        why -> QueueView.refused(QueueError.of(why), topic.name()),
                        (shard, reply, effects) -> {
                            if (engine.topic(topic.id()).isEmpty()) {
                                effects.answer(reply, QueueView.refused(QueueError.QUEUE_DELETED, topic.name()));
                                return;
                            }
                            isNew.set(shard.find(topic.id()).isEmpty());
                            shard.create(topic.id(), topic.name(), config, begins, reply, effects);
                        })
                .thenApply(view -> new Creation(view, isNew.get()));
    }

    /** Sets a queue otherwise. */
    public CompletableFuture<QueueView> change(String name, Function<QueueConfig, QueueConfig> to) {
        return view(name, (queue, effects) -> queue.change(to.apply(queue.config()), queue.isPaused(), effects));
    }

    /** Nobody gets messages of a queue until it goes on; or it goes on. */
    public CompletableFuture<QueueView> pause(String name, boolean pause) {
        return view(name, (queue, effects) -> {
            if (queue.isPaused() != pause) {
                queue.change(queue.config(), pause, effects);
            }
        });
    }

    /** A queue as it stands. */
    public CompletableFuture<QueueView> describe(String name) {
        return view(name, (queue, effects) -> {});
    }

    /** Nobody gets messages of a key until {@link #unpark}; who has one keeps it. */
    public CompletableFuture<QueueError> park(String name, byte[] key, String reason) {
        return ask(name, error -> error, (queue, effects) -> queue.park(key, reason, effects));
    }

    /** Messages of a key go on. */
    public CompletableFuture<QueueError> unpark(String name, byte[] key) {
        return ask(name, error -> error, (queue, effects) -> queue.unpark(key, effects));
    }

    /** Keys of which messages wait for others or because they are parked, those that stand still for the longest time first. */
    public CompletableFuture<QueueViews.Keys> keys(String name, int limit) {
        return askApart(
                name,
                error -> new QueueViews.Keys(error, 0, List.of()),
                (queue, effects) -> QueueViews.keys(queue, limit, effects.nowMs()));
    }

    /** How full a queue is. Costs little, however much that is. */
    public CompletableFuture<QueueViews.Filling> filling(String name) {
        return ask(name, QueueViews.Filling::refused, (queue, effects) -> QueueViews.filling(queue, feeder));
    }

    private CompletableFuture<QueueView> view(String name, BiConsumer<Queue, QueueEffects> before) {
        return ask(name, error -> QueueView.refused(error, name), (queue, effects) -> {
            before.accept(queue, effects);
            return QueueViews.of(queue, feeder, effects.nowMs());
        });
    }

    /**
     * Deletes a queue, its messages and its topic. The topic goes first, and with it the queue: so nothing that was in it is in the next one of that
     * name, whatever happens meanwhile.
     *
     * @return fails as {@link LogEngine#deleteTopic(UUID)} does, but for a topic that is not there any more; then the queue stays as it is
     */
    public CompletableFuture<QueueError> delete(String name) {
        return turnOf(name, (queue, effects) -> queue.id())
                .thenCompose(found -> found.error() != QueueError.NONE
                        ? CompletableFuture.completedFuture(found.error())
                        : delete(name, found.queue()));
    }

    private CompletableFuture<QueueError> delete(String name, UUID id) {
        return engine.deleteTopic(id)
                .handle((gone, failure) -> {
                    if (failure != null && engine.topic(id).isPresent()) {
                        throw Failures.unchecked(failure);
                    }
                    return id;
                })
                .thenCompose(gone -> shards.ask(
                        partitionOf(name),
                        // It ends when its shard is read.
                        why -> QueueError.NONE,
                        (shard, reply, effects) -> {
                            shard.find(id).ifPresent(queue -> shard.endIfGone(queue, effects));
                            effects.answer(reply, QueueError.NONE);
                        }));
    }

    /**
     * How many messages were finished by a purge.
     *
     * @param error NONE if it was carried out
     */
    public record Purge(QueueError error, long messages) {}

    /** Finishes all messages that nobody has at the moment. */
    public CompletableFuture<Purge> purge(String name) {
        return askApart(name, error -> new Purge(error, 0), (queue, effects) -> {
            Map<Integer, Long> ends = new HashMap<>();
            for (int i = 0; i < feeder.partitions(queue); i++) {
                ends.put(i, feeder.end(queue, i));
            }
            long before = queue.counters().dropped;
            queue.purge(ends, effects);
            return new Purge(QueueError.NONE, queue.counters().dropped - before);
        });
    }

    /**
     * Some of the queues.
     *
     * @param error NONE, or LOADING if some are still being read
     * @param next the name behind which there are more; empty if there are none
     */
    public record Listing(QueueError error, List<QueueView> queues, Optional<String> next) {
        public Listing {
            queues = List.copyOf(queues);
        }
    }

    /**
     * The next queues by name.
     *
     * @param after the name behind which to begin, or empty
     * @param limit how many at most
     */
    public CompletableFuture<Listing> list(String after, int limit) {
        // The names first: of all queues that there are only those of the page are looked at.
        return all((shard, effects) -> shard.queues().tailMap(after, false).keySet().stream()
                        .limit(limit + 1L)
                        .toList())
                .thenCompose(names -> {
                    List<String> sorted = names.found().stream().sorted().toList();
                    List<String> page = sorted.subList(0, Math.min(limit, sorted.size()));
                    Optional<String> next =
                            sorted.size() > limit ? Optional.of(sorted.get(limit - 1)) : Optional.empty();
                    return all((shard, effects) -> page.stream()
                                    .flatMap(name -> shard.find(name).stream())
                                    .map(queue -> QueueViews.of(queue, feeder, effects.nowMs()))
                                    .toList())
                            .thenApply(views -> new Listing(
                                    names.error() == QueueError.NONE ? views.error() : names.error(),
                                    views.found().stream()
                                            .sorted(Comparator.comparing(QueueView::name))
                                            .toList(),
                                    next));
                });
    }

    /** What was found in all shards, with LOADING if some could not look. */
    private record Gathered<T>(QueueError error, List<T> found) {}

    private <T> CompletableFuture<Gathered<T>> all(BiFunction<QueueShard, QueueEffects, List<T>> look) {
        List<CompletableFuture<List<T>>> parts = new ArrayList<>();
        AtomicInteger faults = new AtomicInteger();
        for (int i = 0; i < partitions; i++) {
            parts.add(shards.askApart(
                    i,
                    why -> {
                        faults.incrementAndGet();
                        return List.of();
                    },
                    (shard, reply, effects) -> effects.answer(reply, look.apply(shard, effects))));
        }
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
                .thenApply(done -> new Gathered<>(
                        faults.get() > 0 ? QueueError.LOADING : QueueError.NONE,
                        parts.stream().flatMap(part -> part.join().stream()).toList()));
    }

    /**
     * What is known of a queue at once. Empty if there is none of that name, or it is still being read: {@link #describe} tells which. On any
     * thread.
     */
    public Optional<QueueOutline> find(String name) {
        return Optional.ofNullable(outlines.get(name));
    }

    /**
     * Whether a topic may be as it is to be.
     *
     * @return fails with INVALID_CONFIG if it is that of a queue and would be compacted, with OVERLOADED if it is not known yet whether it is
     */
    public CompletableFuture<Void> check(Topic topic) {
        if (!topic.config().compacted()) {
            return CompletableFuture.completedFuture(null);
        }
        return describe(topic.name()).thenAccept(queue -> {
            if (queue.error() == QueueError.NONE) {
                throw new BrokerException(
                        ErrorCode.INVALID_CONFIG,
                        "cleanup.policy cannot be compact: topic " + topic.name() + " is that of queue " + queue.name()
                                + ", and a later message would take an earlier one away");
            }
            if (queue.error() != QueueError.UNKNOWN_QUEUE) {
                throw new BrokerException(
                        ErrorCode.OVERLOADED,
                        "it is not known yet whether topic " + topic.name() + " is that of a queue");
            }
        });
    }

    // ---- messages ----

    /** What happens to messages when they are finished. */
    public Afterlife afterlife() {
        return afterlife;
    }

    /**
     * Asks whether messages with these deduplication ids have been sent to a queue within its window, and reserves the ids of those that have not. Who
     * gets a reservation sends the message and then settles the reservation, whatever came of it: others wait for that. A request waits until it can have
     * all of its ids that others have now, and holds none meanwhile.
     *
     * <p>The ids are in the records, in header {@link MessageHeaders#DEDUP_ID}, which the sender sets: so they survive a restart, and those of records
     * that others produce count as well. A queue whose window is 0 reserves everything.
     *
     * @param dedupIds one for each message, in their order
     */
    public CompletableFuture<Dedup.Answer> reserve(String name, List<String> dedupIds) {
        return turnOf(name, (queue, effects) -> queue.config().dedupWindowMs())
                .thenComposeAsync(
                        found -> found.error() == QueueError.NONE
                                ? deduplication.reserve(found.queue(), found.value(), dedupIds)
                                : CompletableFuture.completedFuture(new Dedup.Answer(found.error(), List.of())),
                        shards);
    }

    /**
     * A request for messages.
     *
     * @param queue the queue that is asked: its id, which is that of the topic the messages lie in
     */
    public record Receiving(UUID queue, CompletableFuture<Receive.Answer> answer, Runnable cancel) {}

    /**
     * Asks for messages. Who does not want them any more cancels; what was given already then comes back when its lease ends, unless it is
     * {@linkplain #giveBack given back}.
     */
    public Receiving receive(String name, Receive.Request request) {
        // Of the thread of the queues.
        AtomicReference<Consumer<QueueEffects>> takeBack = new AtomicReference<>(effects -> {});
        UUID id = engine.topic(name).map(Topic::id).orElse(NOBODY);
        CompletableFuture<Receive.Answer> answer = shards.ask(
                partitionOf(name),
                why -> Receive.Answer.refused(QueueError.of(why)),
                (shard, reply, effects) -> shard.find(name)
                        .filter(queue -> queue.id().equals(id))
                        .ifPresentOrElse(
                                queue -> takeBack.set(queue.receive(request, reply, effects)),
                                () -> effects.answer(reply, Receive.Answer.refused(QueueError.UNKNOWN_QUEUE))));
        return new Receiving(
                id,
                answer,
                () -> shards.tell(partitionOf(name), (shard, effects) -> {
                    takeBack.get().accept(effects);
                }));
    }

    /** Messages are done. */
    public CompletableFuture<Outcomes> acknowledge(String name, List<Ack> acks) {
        return settle(name, (queue, effects) -> queue.acknowledge(acks, effects));
    }

    /** Messages could not be done. */
    public CompletableFuture<Outcomes> reject(String name, List<Nack> nacks) {
        return settle(name, (queue, effects) -> queue.reject(nacks, effects));
    }

    /** Messages take longer. */
    public CompletableFuture<Outcomes> extend(String name, List<Extension> extensions) {
        return settle(name, (queue, effects) -> queue.extend(extensions, effects));
    }

    /** Messages were given to somebody who did not get them: it is as if they had not been. */
    public void giveBack(String name, List<Lease> leases) {
        tell(name, shard -> shard.find(name), (queue, effects) -> queue.giveBack(leases, effects));
    }

    /** Messages were given to somebody, and the log does not have them any more. */
    public void gone(String name, List<Lease> leases) {
        tell(name, shard -> shard.find(name), (queue, effects) -> queue.gone(leases, effects));
    }

    private CompletableFuture<Outcomes> settle(String name, BiFunction<Queue, QueueEffects, List<Outcome>> turn) {
        return ask(
                name,
                error -> new Outcomes(error, List.of()),
                (queue, effects) -> new Outcomes(QueueError.NONE, turn.apply(queue, effects)));
    }

    /**
     * What was said of a consumer.
     *
     * @param messages how many it has, or had; -1 if it has no session
     */
    public record Heard(QueueError error, int messages) {}

    /** A consumer with a session is there. */
    public CompletableFuture<Heard> heartbeat(String name, String consumer) {
        return ask(
                name,
                error -> new Heard(error, -1),
                (queue, effects) -> new Heard(QueueError.NONE, queue.heard(consumer, effects)));
    }

    /**
     * A consumer has an open connection: while it has one, its session does not end. To be taken back by {@link #disconnected}.
     *
     * @param id the id of the queue
     */
    public void connected(String name, UUID id, String consumer) {
        shards.execute(() -> presence.connected(id, consumer));
        tell(name, shard -> shard.find(id), (queue, effects) -> queue.heard(consumer, effects));
    }

    /**
     * As {@link #connected}, by somebody who begins anew: what the consumer had before is lost to it, so others get that, unless it has another
     * connection.
     */
    public void begins(String name, UUID id, String consumer) {
        tell(name, shard -> shard.find(id), (queue, effects) -> {
            if (!presence.has(id, consumer)) {
                queue.leave(consumer, effects);
            }
        });
        connected(name, id, consumer);
    }

    /** The connection is cut. If it was the last one, and nothing else is heard of the consumer at once, its session ends. */
    public void disconnected(String name, UUID id, String consumer) {
        shards.execute(() -> presence.disconnected(id, consumer));
        tell(name, shard -> shard.find(id), (queue, effects) -> queue.cut(consumer, effects));
    }

    /** A consumer with a session goes: others get what it has. */
    public CompletableFuture<Heard> leave(String name, String consumer) {
        return ask(
                name,
                error -> new Heard(error, -1),
                (queue, effects) -> new Heard(QueueError.NONE, queue.leave(consumer, effects)));
    }

    /**
     * One message.
     *
     * @param queue the id of the queue
     * @param name what the queue is called
     */
    public record Found(QueueError error, UUID queue, String name, MessageView message) {}

    /** Where a message stands. */
    public CompletableFuture<Found> message(String name, MessageId id) {
        return ask(
                name,
                error -> new Found(error, NOBODY, name, MessageView.plain(id, State.UNKNOWN, Optional.empty())),
                (queue, effects) -> new Found(
                        QueueError.NONE, queue.id(), name, QueueViews.explained(queue, feeder, id, effects.nowMs())));
    }

    /**
     * Some messages in some states.
     *
     * @param after the message behind which to begin; empty for the first
     */
    public CompletableFuture<Browsed> browse(String name, Set<State> states, Optional<MessageId> after, int limit) {
        return askApart(
                name,
                error -> new Browsed(error, List.of(), Optional.empty()),
                (queue, effects) -> QueueViews.browse(queue, feeder, states, after, limit, effects.nowMs()));
    }

    /** Finishes a message, whoever has it; UNKNOWN_MESSAGE if it is finished, or was never there. */
    public CompletableFuture<QueueError> delete(String name, MessageId id) {
        return ask(name, error -> error, (queue, effects) -> {
            MessageView view = QueueViews.message(queue, feeder, id, effects.nowMs());
            return view.state() == State.UNKNOWN ? QueueError.UNKNOWN_MESSAGE : queue.delete(view.id(), effects);
        });
    }

    // ---- turns ----

    /** What came of a turn of a queue, and which queue that was. */
    private record Turned<T>(QueueError error, UUID queue, T value) {}

    private <T> CompletableFuture<Turned<T>> turnOf(String name, BiFunction<Queue, QueueEffects, T> turn) {
        return ask(
                name,
                error -> new Turned<T>(error, NOBODY, null),
                (queue, effects) -> new Turned<>(QueueError.NONE, queue.id(), turn.apply(queue, effects)));
    }

    /** Turns for what runs beside the queues, of itself. */
    private final class ShardTurns implements Turns {
        @Override
        public <T> CompletableFuture<T> turn(String name, UUID queue, BiFunction<Queue, QueueEffects, T> turn) {
            return turn(name, shard -> shard.find(queue), turn);
        }

        @Override
        public <T> CompletableFuture<T> turn(String name, BiFunction<Queue, QueueEffects, T> turn) {
            return turn(name, shard -> shard.find(name), turn);
        }

        private <T> CompletableFuture<T> turn(
                String name, Function<QueueShard, Optional<Queue>> which, BiFunction<Queue, QueueEffects, T> turn) {
            CompletableFuture<CompletableFuture<T>> outcome = ask(
                    name,
                    which,
                    error -> CompletableFuture.failedFuture(new NoTurn(error, name)),
                    (queue, effects) -> CompletableFuture.completedFuture(turn.apply(queue, effects)));
            return outcome.thenCompose(Function.identity());
        }
    }

    /** Which partition has a queue. */
    int partitionOf(String name) {
        return Math.floorMod(name.hashCode(), partitions);
    }

    /** A turn of the queue that has a name, which is answered. */
    private <T> CompletableFuture<T> ask(
            String name, Function<QueueError, T> refusal, BiFunction<Queue, QueueEffects, T> turn) {
        return ask(name, shard -> shard.find(name), refusal, turn);
    }

    /**
     * A turn of a queue, which is answered.
     *
     * @param which finds the queue where those of its name are
     */
    private <T> CompletableFuture<T> ask(
            String name,
            Function<QueueShard, Optional<Queue>> which,
            Function<QueueError, T> refusal,
            BiFunction<Queue, QueueEffects, T> turn) {
        return shards.ask(partitionOf(name), refused(refusal), turn(which, refusal, turn));
    }

    /** As {@link #ask}, for what may take its time. */
    private <T> CompletableFuture<T> askApart(
            String name, Function<QueueError, T> refusal, BiFunction<Queue, QueueEffects, T> turn) {
        return shards.askApart(partitionOf(name), refused(refusal), turn(shard -> shard.find(name), refusal, turn));
    }

    private static <T> Function<Refusal, T> refused(Function<QueueError, T> refusal) {
        return why -> refusal.apply(QueueError.of(why));
    }

    private static <T> ShardRunner.Turn<QueueShard, QueueEffects, T> turn(
            Function<QueueShard, Optional<Queue>> which,
            Function<QueueError, T> refusal,
            BiFunction<Queue, QueueEffects, T> turn) {
        return (shard, reply, effects) -> effects.answer(
                reply,
                which.apply(shard)
                        .map(queue -> turn.apply(queue, effects))
                        .orElseGet(() -> refusal.apply(QueueError.UNKNOWN_QUEUE)));
    }

    /** As {@link #ask}, of which nobody wants to know what came of it. */
    private void tell(String name, Function<QueueShard, Optional<Queue>> which, BiConsumer<Queue, QueueEffects> turn) {
        shards.tell(
                partitionOf(name),
                (shard, effects) -> which.apply(shard).ifPresent(queue -> turn.accept(queue, effects)));
    }

    /** Answers what it can, and ends. To be called before the engine is closed. */
    @Override
    public void close() {
        shards.execute(() -> {
            closed = true;
            feeder.close();
            deduplication.close();
        });
        shards.close();
    }
}
