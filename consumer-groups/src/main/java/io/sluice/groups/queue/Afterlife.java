package io.sluice.groups.queue;

import io.sluice.core.engine.LogEngine;
import io.sluice.core.topic.Topic;
import io.sluice.groups.queue.JobSpec.Kind;
import io.sluice.groups.queue.QueueEvent.JobBegun;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happens to messages when they are finished: dead letters are looked at and sent again, finished messages are sent once more. The jobs that do so
 * belong to the queue that the messages are in: the dead letter queue for a redrive, the queue itself for a replay.
 *
 * <p>Safe on any thread; futures do not fail.
 */
public final class Afterlife {
    private static final Logger LOG = LoggerFactory.getLogger(Afterlife.class);
    private static final int MAX_JOBS = 10;
    private static final int READ_BYTES = 256 * 1024;
    /** How many bytes of messages one request for dead letters looks through at most. */
    private static final long MAX_LOOKED_THROUGH = 8L * 1024 * 1024;
    /** Beyond so many bytes a page has no more dead letters. */
    private static final long MAX_PAGE_BYTES = 4L * 1024 * 1024;
    /** How many messages a count looks at at most. */
    private static final long MAX_COUNTED = 1_000_000;

    private final LogEngine engine;
    private final MessageReader reader;
    private final Turns turns;
    private final Executor thread;
    private final Feeding feeding;
    private final JobRunner runner;
    /** Makes sure that there is a dead letter queue of a name. */
    private final Function<String, CompletableFuture<UUID>> deadLetterQueues;

    Afterlife(
            Conveyor.Surroundings with,
            Feeding feeding,
            JobRunner runner,
            Function<String, CompletableFuture<UUID>> deadLetterQueues) {
        this.engine = with.engine();
        this.reader = with.reader();
        this.turns = with.turns();
        this.thread = with.thread();
        this.feeding = feeding;
        this.runner = runner;
        this.deadLetterQueues = deadLetterQueues;
    }

    /** The queue that the messages of a job are in; fails with NoTurn. */
    private CompletableFuture<String> sourceOf(Kind kind, String origin) {
        return turns.turn(
                        origin,
                        (queue, effects) ->
                                kind == Kind.REPLAY ? Optional.of(origin) : deadLettersOf(origin, queue.config()))
                .thenApply(source -> source.orElseThrow(() -> new Turns.NoTurn(QueueError.NO_DEAD_LETTERS, origin)));
    }

    /** Where the dead letters of a queue are; those of one that is set up to keep dead letters, and none of its own, are in itself. */
    private static Optional<String> deadLettersOf(String name, QueueConfig config) {
        boolean keepsOthers = config.deadLetterQueue().isEmpty() && config.maxDeliveries() == 0;
        return keepsOthers ? Optional.of(name) : config.deadLetterQueue().filter(other -> !other.equals(name));
    }

    // ---- dead letters ----

    /**
     * Some dead letters of a queue.
     *
     * @param letterQueue the queue they are in
     * @param topic the id of its topic
     * @param next where to go on; empty if there are no more
     */
    public record Letters(
            QueueError error, String letterQueue, UUID topic, List<DeadLetter> letters, Optional<MessageId> next) {
        private static final UUID NOBODY = new UUID(0, 0);

        static Letters refused(QueueError error) {
            return new Letters(error, "", NOBODY, List.of(), Optional.empty());
        }
    }

    /**
     * Dead letters that came from a queue, in the order in which they lie in the dead letter queue. There may be fewer than asked for although there are
     * more.
     *
     * @param from where in the dead letter queue to begin
     */
    public CompletableFuture<Letters> deadLetters(String origin, MessageId from, int limit) {
        return sourceOf(Kind.REDRIVE, origin)
                .thenCompose(source -> {
                    Optional<Topic> topic = engine.topic(source);
                    // Nothing has died yet.
                    Letters none = new Letters(QueueError.NONE, source, Letters.NOBODY, List.of(), Optional.empty());
                    if (topic.isEmpty()) {
                        return CompletableFuture.completedFuture(none);
                    }
                    return new Search(origin, source, topic.get(), limit)
                            .from(from, MAX_LOOKED_THROUGH)
                            .exceptionally(failure -> noneIfNoQueue(failure, source, origin, none));
                })
                .exceptionally(failure -> Letters.refused(errorOf(failure)));
    }

    /**
     * What to answer of the dead letters if their topic is no queue: it is made one by the first that dies, a moment after the topic if that was not there
     * before.
     */
    private static <T> T noneIfNoQueue(Throwable failure, String source, String origin, T none) {
        if (!source.equals(origin) && Failures.error(failure) == QueueError.UNKNOWN_QUEUE) {
            return none;
        }
        throw Failures.unchecked(failure);
    }

    private static QueueError errorOf(Throwable failure) {
        LOG.debug("refused", failure);
        return Failures.error(failure);
    }

    /** A search for dead letters. */
    private final class Search {
        private final String origin;
        private final String source;
        private final Topic topic;
        private int limit;
        private long bytes;
        private final List<DeadLetter> found = new ArrayList<>();

        Search(String origin, String source, Topic topic, int limit) {
            this.origin = origin;
            this.source = source;
            this.topic = topic;
            this.limit = limit;
        }

        CompletableFuture<Letters> from(MessageId at, long bytesLeft) {
            if (at.partition() >= topic.partitions()) {
                return CompletableFuture.completedFuture(answer(Optional.empty()));
            }
            if (found.size() == limit || bytesLeft <= 0) {
                return CompletableFuture.completedFuture(answer(Optional.of(at)));
            }
            return turns.turn(
                            source,
                            topic.id(),
                            (queue, effects) -> queue.window(at.partition()).low())
                    .thenCompose(low -> reader.chunk(
                            topic.id(), at.partition(), Math.max(low, at.offset()), READ_BYTES, offset -> true))
                    .thenCompose(chunk -> turns.turn(
                            source,
                            topic.id(),
                            (queue, effects) -> take(queue, at.partition(), chunk, effects.nowMs())))
                    .thenComposeAsync(next -> from(next, bytesLeft - READ_BYTES), thread);
        }

        private Letters answer(Optional<MessageId> next) {
            return new Letters(QueueError.NONE, source, topic.id(), found, next);
        }

        private MessageId take(Queue queue, int partition, MessageReader.Chunk<StoredMessage> chunk, long nowMs) {
            for (StoredMessage message : chunk.found()) {
                boolean isOne = queue.standing(message.id()) != Queue.Standing.FINISHED
                        && CaseFile.isFrom(message, origin, source);
                if (isOne && (found.size() == limit || bytes > MAX_PAGE_BYTES)) {
                    limit = found.size();
                    return message.id();
                }
                if (isOne) {
                    bytes += message.sizeInBytes();
                    found.add(new DeadLetter(message, QueueViews.message(queue, feeding, message.id(), nowMs)));
                }
            }
            return chunk.next() >= chunk.end()
                    ? new MessageId(partition + 1, 0)
                    : new MessageId(partition, chunk.next());
        }
    }

    // ---- jobs ----

    /**
     * An answer about one job.
     *
     * @param job the job, if there is no error
     */
    public record Answer(QueueError error, Optional<JobView> job) {}

    /** Begins a job, which is durable when it is answered. */
    public CompletableFuture<Answer> begin(JobSpec spec) {
        return sourceOf(spec.kind(), spec.origin())
                .thenCompose(source -> requireTarget(spec, source)
                        .thenCompose(there -> spec.kind() == Kind.REDRIVE
                                ? deadLetterQueues.apply(source).thenApply(made -> source)
                                : CompletableFuture.completedFuture(source)))
                .thenCompose(source -> turns.turn(source, (queue, effects) -> begin(queue, spec, effects)))
                .exceptionally(failure -> new Answer(errorOf(failure), Optional.empty()));
    }

    private CompletableFuture<UUID> requireTarget(JobSpec spec, String source) {
        if (spec.kind() == Kind.REDRIVE && spec.target().equals(source)) {
            return CompletableFuture.failedFuture(new Turns.NoTurn(QueueError.UNKNOWN_TARGET, source));
        }
        return turns.turn(spec.target(), (queue, effects) -> queue.id()).exceptionally(failure -> {
            QueueError why = Failures.error(failure);
            throw new Turns.NoTurn(why == QueueError.UNKNOWN_QUEUE ? QueueError.UNKNOWN_TARGET : why, spec.target());
        });
    }

    private Answer begin(Queue queue, JobSpec spec, QueueEffects effects) {
        long running = queue.jobs().values().stream()
                .filter(job -> job.state == JobView.State.RUNNING)
                .count();
        if (running >= MAX_JOBS || !runner.hasRoom()) {
            return new Answer(QueueError.TOO_MANY_JOBS, Optional.empty());
        }
        List<Long> ends = new ArrayList<>();
        for (int i = 0; i < feeding.partitions(queue); i++) {
            ends.add(feeding.end(queue, i));
        }
        long number = queue.jobs().isEmpty() ? 1 : queue.jobs().lastKey() + 1;
        effects.record(new JobBegun(queue.id(), number, spec, ends, effects.nowMs()));
        Job job = queue.jobs().get(number);
        LOG.info(
                "{} of queue {} begins, asked for by {}: {} to {}, {}",
                job.id(),
                queue.name(),
                spec.by(),
                spec.origin(),
                spec.target(),
                spec.filter());
        runner.run(queue);
        return new Answer(QueueError.NONE, Optional.of(job.view(queue.name())));
    }

    /**
     * Jobs of a queue, the last one first.
     *
     * @param jobs those of its dead letters included
     */
    public record Jobs(QueueError error, List<JobView> jobs) {
        public Jobs {
            jobs = List.copyOf(jobs);
        }
    }

    /** The jobs of a queue that run, and those that ended last. */
    public CompletableFuture<Jobs> jobs(String origin) {
        return turns.turn(
                        origin,
                        (queue, effects) -> new Own(views(queue), queue.config().deadLetterQueue()))
                .thenCompose(own -> ofLetters(origin, own.deadLetterQueue()).thenApply(others -> {
                    List<JobView> all = new ArrayList<>(own.jobs());
                    all.addAll(others);
                    all.sort(Comparator.comparingLong(JobView::beganMs).reversed());
                    return new Jobs(QueueError.NONE, all);
                }))
                .exceptionally(failure -> new Jobs(errorOf(failure), List.of()));
    }

    private record Own(List<JobView> jobs, Optional<String> deadLetterQueue) {}

    private static List<JobView> views(Queue queue) {
        return queue.jobs().values().stream().map(job -> job.view(queue.name())).toList();
    }

    private CompletableFuture<List<JobView>> ofLetters(String origin, Optional<String> deadLetterQueue) {
        if (deadLetterQueue.isEmpty() || engine.topic(deadLetterQueue.get()).isEmpty()) {
            return CompletableFuture.completedFuture(List.of());
        }
        return turns.turn(
                        deadLetterQueue.get(),
                        (queue, effects) -> views(queue).stream()
                                .filter(job -> job.spec().origin().equals(origin))
                                .toList())
                .exceptionally(failure -> noneIfNoQueue(failure, deadLetterQueue.get(), origin, List.of()));
    }

    /** A job of a queue. */
    public CompletableFuture<Answer> job(String origin, String id) {
        return jobs(origin).thenApply(all -> {
            Optional<JobView> found =
                    all.jobs().stream().filter(job -> job.id().equals(id)).findFirst();
            QueueError error = all.error() == QueueError.NONE && found.isEmpty() ? QueueError.UNKNOWN_JOB : all.error();
            return new Answer(error, found);
        });
    }

    /** Stops a job; one that has ended stays as it is. What it has on its way still arrives. */
    public CompletableFuture<Answer> stop(String origin, String id, String by) {
        return job(origin, id)
                .thenCompose(found -> found.job().isEmpty()
                        ? CompletableFuture.completedFuture(found)
                        : turns.turn(found.job().get().queue(), (queue, effects) -> {
                            Optional<Job> job = queue.jobs().values().stream()
                                    .filter(one -> one.id().equals(id))
                                    .findFirst();
                            job.filter(one -> one.state == JobView.State.RUNNING)
                                    .ifPresent(one -> JobRunner.end(
                                            queue,
                                            one,
                                            JobView.State.STOPPED,
                                            "stopped by " + by,
                                            one.progress,
                                            effects));
                            return new Answer(
                                    job.isPresent() ? QueueError.NONE : QueueError.UNKNOWN_JOB,
                                    job.map(one -> one.view(queue.name())));
                        }))
                .exceptionally(failure -> new Answer(errorOf(failure), Optional.empty()));
    }

    // ---- what a job would do ----

    /**
     * What a job would do.
     *
     * @param progress what it would have seen
     * @param moved how many messages it would send
     * @param complete whether everything has been looked at
     */
    public record Count(QueueError error, Progress progress, long moved, boolean complete) {}

    /** Looks at what a job would look at, and changes nothing. */
    public CompletableFuture<Count> count(JobSpec spec) {
        return sourceOf(spec.kind(), spec.origin())
                .thenCompose(source -> requireTarget(spec, source).thenCompose(target -> {
                    Optional<Topic> topic = engine.topic(source);
                    Count none = new Count(QueueError.NONE, Progress.NONE, 0, true);
                    return topic.isEmpty()
                            ? CompletableFuture.completedFuture(none)
                            : count(spec, target, topic.get(), Progress.NONE)
                                    .exceptionally(failure -> noneIfNoQueue(failure, source, spec.origin(), none));
                }))
                .exceptionally(failure -> new Count(errorOf(failure), Progress.NONE, 0, false));
    }

    private CompletableFuture<Count> count(JobSpec spec, UUID target, Topic source, Progress at) {
        long sent = at.matching() - at.leased() - at.refused();
        boolean isEnough = spec.max() > 0 && sent >= spec.max();
        if (isEnough || at.partition() >= source.partitions() || at.lookedAt() >= MAX_COUNTED) {
            boolean isComplete = isEnough || at.partition() >= source.partitions();
            return CompletableFuture.completedFuture(
                    new Count(QueueError.NONE, at, isEnough ? spec.max() : sent, isComplete));
        }
        JobCopies.Limits limits = new JobCopies.Limits(
                target, spec.max() > 0 ? spec.max() - sent : Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);
        return reader.chunk(source.id(), at.partition(), at.offset(), READ_BYTES, offset -> true)
                .thenCompose(chunk -> turns.turn(source.name(), source.id(), (queue, effects) -> {
                    Progress now = JobCopies.look(queue, spec, at, chunk, chunk.next(), limits)
                            .progress();
                    boolean isOver = now.offset() >= chunk.end();
                    return isOver
                            ? new Progress(
                                    at.partition() + 1, 0, now.lookedAt(), now.matching(), now.leased(), now.refused())
                            : now;
                }))
                .thenComposeAsync(next -> count(spec, target, source, next), thread);
    }
}
