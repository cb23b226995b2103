package io.sluice.groups.queue;

import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.Headers;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.topic.Topic;
import io.sluice.groups.queue.JobSpec.Kind;
import io.sluice.groups.queue.QueueEvent.Copying;
import io.sluice.groups.queue.QueueEvent.JobEnded;
import io.sluice.groups.queue.QueueEvent.Part;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the jobs of queues, each a step at a time. Of the thread of the queues. */
final class JobRunner {
    private static final Logger LOG = LoggerFactory.getLogger(JobRunner.class);
    /** How many run at a time, of all queues. */
    static final int MAX_RUNNING = 64;

    private static final int STEP_MESSAGES = 500;
    private static final int READ_BYTES = 256 * 1024;
    private static final long MAX_PAUSE_MS = 1_000;
    /** A job that may send so many a second sends them in so many steps. */
    private static final int STEPS_A_SECOND = 5;

    private final Conveyor.Surroundings with;
    private final Map<Key, Run> active = new HashMap<>();

    private record Key(UUID queue, long job) {}

    JobRunner(Conveyor.Surroundings with) {
        this.with = with;
    }

    /** Whether another job can begin. */
    boolean hasRoom() {
        return active.size() < MAX_RUNNING;
    }

    /** The jobs of a queue that have something to do, and do not run, go on. */
    void run(Queue queue) {
        for (Job job : queue.jobs().values()) {
            Key key = new Key(queue.id(), job.number);
            boolean isAtWork = job.state == JobView.State.RUNNING
                    || queue.transfer(job.number).isBusy();
            if (isAtWork && !active.containsKey(key)) {
                Run run = new Run(queue, job);
                active.put(key, run);
                // Not within this turn.
                with.thread().execute(run::go);
            }
        }
    }

    /** A job ends, but for what is on its way. For a turn. */
    static void end(Queue queue, Job job, JobView.State state, String why, Progress progress, QueueEffects effects) {
        LOG.info(
                "{} of queue {} ({} to {}, asked for by {}) is {}{}: looked at {}, matching {}, sent {}, leased {}, refused {}",
                job.id(),
                queue.name(),
                job.spec.origin(),
                job.spec.target(),
                job.spec.by(),
                state.name().toLowerCase(Locale.ROOT),
                why.isEmpty() ? "" : " because " + why,
                progress.lookedAt(),
                progress.matching(),
                job.moved,
                progress.leased(),
                progress.refused());
        effects.record(new JobEnded(queue.id(), job.number, state, why, effects.nowMs(), progress));
    }

    /** One job. */
    private final class Run extends Conveyor {
        private final long number;
        private final JobSpec spec;
        private final List<Long> ends;
        /** How far it is, which may be further than what is written down. */
        private Progress at;
        /** When the next step may be, in ms since the epoch. */
        private long nextMs;

        Run(Queue queue, Job job) {
            super(JobRunner.this.with, queue.name(), queue.id(), job.number);
            this.number = job.number;
            this.spec = job.spec;
            this.ends = job.ends;
            this.at = job.progress;
        }

        /** What is known of the job and what is of use for its next step. */
        private record Now(JobView.State state, long moved, long low) {}

        @Override
        void next(Transfer.View view, boolean anew) {
            long waitMs = nextMs - with.clock().millis();
            then(
                    turn((queue, effects) -> {
                        Job job = queue.jobs().get(number);
                        if (job == null) {
                            return new Now(JobView.State.STOPPED, 0, 0);
                        }
                        at = anew ? job.progress : at;
                        long low = at.partition() < ends.size()
                                ? queue.window(at.partition()).low()
                                : 0;
                        return new Now(job.state, job.moved, low);
                    }),
                    now -> {
                        if (now.state() == JobView.State.RUNNING && waitMs > 0) {
                            // In short pieces: who stops the job need not wait for it.
                            pause(Math.min(waitMs, MAX_PAUSE_MS));
                        } else {
                            step(view, now);
                        }
                    });
        }

        private void step(Transfer.View view, Now now) {
            if (now.state() != JobView.State.RUNNING) {
                end();
                return;
            }
            boolean isEnough = spec.max() > 0 && now.moved() >= spec.max();
            if (isEnough || at.partition() >= ends.size()) {
                over(JobView.State.DONE, "");
                return;
            }
            Optional<Topic> target = with.engine().topic(spec.target());
            if (target.isEmpty() || view.target().isPresent() && !view.target().equals(target.map(Topic::id))) {
                over(JobView.State.FAILED, "queue " + spec.target() + " was deleted");
            } else if (view.target().isEmpty()) {
                bind(target.get().id());
            } else if (at.offset() == 0
                    && spec.kind() == Kind.REPLAY
                    && spec.filter().fromMs() > 0) {
                begin(target.get(), now);
            } else {
                read(target.get(), now);
            }
        }

        private void over(JobView.State state, String why) {
            then(
                    turn((queue, effects) -> {
                        Job job = queue.jobs().get(number);
                        if (job != null && job.state == JobView.State.RUNNING) {
                            JobRunner.end(queue, job, state, why, at, effects);
                        }
                        return job;
                    }),
                    done -> end());
        }

        /** What was sent before the time that the filter begins with need not be read. */
        private void begin(Topic target, Now now) {
            PartitionLog log = with.reader().log(id, at.partition());
            then(log.offsetForTimestamp(spec.filter().fromMs()), first -> {
                long from = first.map(found -> found.offset()).orElse(ends.get(at.partition()));
                if (from == 0) {
                    read(target, now);
                } else {
                    at = moved(from);
                    go();
                }
            });
        }

        private Progress moved(long offset) {
            return new Progress(at.partition(), offset, at.lookedAt(), at.matching(), at.leased(), at.refused());
        }

        private void read(Topic target, Now now) {
            long end = ends.get(at.partition());
            // What lies before the first dead letter that is left need not be read.
            long from = spec.kind() == Kind.REDRIVE ? Math.max(at.offset(), now.low()) : at.offset();
            if (from >= end) {
                at = new Progress(at.partition() + 1, 0, at.lookedAt(), at.matching(), at.leased(), at.refused());
                go();
                return;
            }
            then(
                    with.reader().chunk(id, at.partition(), from, READ_BYTES, offset -> offset < end),
                    chunk -> choose(target, end, now, chunk));
        }

        private void choose(Topic target, long end, Now now, MessageReader.Chunk<StoredMessage> chunk) {
            long left = spec.max() > 0 ? spec.max() - now.moved() : Long.MAX_VALUE;
            long max = Math.min(left, spec.rate() > 0 ? Math.max(1, spec.rate() / STEPS_A_SECOND) : STEP_MESSAGES);
            List<Long> targetEnds = endsOf(target);
            then(
                    turn((queue, effects) -> {
                        Job job = queue.jobs().get(number);
                        if (job == null || job.state != JobView.State.RUNNING) {
                            return List.<StoredMessage>of();
                        }
                        long recordBytes = maxRecordBytes(target);
                        JobCopies.Limits limits = new JobCopies.Limits(
                                target.id(), Math.min(max, STEP_MESSAGES), recordBytes, recordBytes);
                        JobCopies.Look look = JobCopies.look(queue, spec, at, chunk, end, limits);
                        at = look.progress();
                        if (!look.chosen().isEmpty()) {
                            effects.record(
                                    new Copying(id, number, parts(byPartition(look.chosen(), target), targetEnds), at));
                            if (spec.kind() == Kind.REDRIVE) {
                                queue.claim(
                                        job,
                                        at.partition(),
                                        look.chosen().stream()
                                                .map(JobCopies::arrival)
                                                .toList(),
                                        effects);
                            }
                        }
                        return look.chosen();
                    }),
                    chosen -> {
                        Map<MessageId, StoredMessage> messages = new HashMap<>();
                        chosen.forEach(message -> messages.put(message.id(), message));
                        keep(messages);
                        if (spec.rate() > 0) {
                            nextMs = with.clock().millis() + chosen.size() * 1_000L / spec.rate();
                        }
                        go();
                    });
        }

        /** All of them together fit a batch of the target, so each part does. */
        private static Map<Integer, List<MessageId>> byPartition(List<StoredMessage> messages, Topic target) {
            Map<Integer, List<MessageId>> parts = new TreeMap<>();
            for (StoredMessage message : messages) {
                parts.computeIfAbsent(partitionOf(message, target), absent -> new ArrayList<>())
                        .add(message.id());
            }
            return parts;
        }

        @Override
        Optional<RecordBatchBuilder> records(Queue queue, Part part, Map<MessageId, StoredMessage> messages) {
            Job job = queue.jobs().get(number);
            if (job == null
                    || job.state != JobView.State.RUNNING
                    || spec.kind() == Kind.REDRIVE
                            && queue.claimed(job, part.messages()).size()
                                    < part.messages().size()) {
                return Optional.empty();
            }
            UUID target = queue.transfer(number).view().target().orElseThrow();
            List<StoredMessage> copied =
                    part.messages().stream().map(messages::get).toList();
            long nowMs = with.clock().millis();
            int maxBytes =
                    with.engine().topic(target).map(Conveyor::maxRecordBytes).orElse(0);
            List<Headers> headers = headers(copied, target, nowMs, maxBytes);
            long bytes = 0;
            for (int i = 0; i < copied.size(); i++) {
                bytes += size(copied.get(i), headers.get(i));
            }
            if (bytes > maxBytes) {
                // There was less room when they were chosen, or there is less now.
                headers = headers(copied, target, nowMs, 0);
            }
            RecordBatchBuilder batch = new RecordBatchBuilder(STEP_BYTES / 8);
            for (int i = 0; i < copied.size(); i++) {
                StoredMessage stored = copied.get(i);
                batch.append(nowMs, stored.key().orElse(null), stored.value().orElse(null), headers.get(i));
            }
            return Optional.of(batch);
        }

        private List<Headers> headers(List<StoredMessage> messages, UUID target, long nowMs, long maxBytes) {
            return messages.stream()
                    .map(message -> JobCopies.headers(spec, message, target, nowMs, maxBytes))
                    .toList();
        }

        @Override
        List<MessageId> rest(Queue queue, Part part, Set<MessageId> gone) {
            Job job = queue.jobs().get(number);
            boolean isOver = job == null
                    || job.state != JobView.State.RUNNING
                    || queue.transfer(number)
                            .view()
                            .target()
                            .flatMap(with.engine()::topic)
                            .isEmpty();
            if (isOver) {
                return List.of();
            }
            List<MessageId> some = spec.kind() == Kind.REDRIVE ? queue.claimed(job, part.messages()) : part.messages();
            return some.stream().filter(message -> !gone.contains(message)).toList();
        }

        @Override
        void settled(Queue queue, Part part, boolean there, List<MessageId> rest, QueueEffects effects) {
            Job job = queue.jobs().get(number);
            if (job == null || spec.kind() == Kind.REPLAY) {
                return;
            }
            if (there) {
                queue.moved(job, part.messages(), effects);
            } else {
                Set<MessageId> left = new HashSet<>(part.messages());
                rest.forEach(left::remove);
                queue.letGo(job, List.copyOf(left), effects);
            }
        }

        /** Its queue has to know who is sent again; and who asks for a message by its id is to find it where it lies now. */
        @Override
        CompletableFuture<?> arrived(Part part, Map<MessageId, StoredMessage> messages, OptionalLong baseOffset) {
            if (spec.kind() != Kind.REDRIVE) {
                return CompletableFuture.completedFuture(part);
            }
            // Usually those of one queue.
            Map<String, List<StoredMessage>> letters = new HashMap<>();
            Map<MessageId, MessageId> places = new HashMap<>();
            for (int i = 0; i < part.messages().size(); i++) {
                StoredMessage message = messages.get(part.messages().get(i));
                if (message == null) {
                    continue;
                }
                String died = message.text(MessageHeaders.QUEUE).orElse("");
                letters.computeIfAbsent(died, none -> new ArrayList<>()).add(message);
                if (died.equals(spec.target()) && baseOffset.isPresent()) {
                    places.put(message.id(), new MessageId(part.partition(), baseOffset.getAsLong() + i));
                }
            }
            return CompletableFuture.allOf(letters.entrySet().stream()
                    .map(some -> tell(some.getKey(), some.getValue(), places))
                    .toArray(CompletableFuture[]::new));
        }

        private CompletableFuture<?> tell(
                String origin, List<StoredMessage> letters, Map<MessageId, MessageId> places) {
            return with.turns()
                    .turn(origin, (queue, effects) -> {
                        queue.redriven(letters, places, effects);
                        return origin;
                    })
                    .exceptionally(failure -> {
                        if (Failures.cause(failure) instanceof Turns.NoTurn none && none.isForEver()) {
                            // There is nobody who could replay them.
                            return origin;
                        }
                        throw new CompletionException(failure);
                    });
        }

        @Override
        void onEnd() {
            active.remove(new Key(id, number));
        }

        @Override
        public String toString() {
            return "job " + number + " of queue " + name;
        }
    }
}
