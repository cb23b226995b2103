package io.sluice.groups.queue;

import io.sluice.core.record.Headers;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.topic.Topic;
import io.sluice.groups.queue.QueueEvent.Copying;
import io.sluice.groups.queue.QueueEvent.Part;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies messages that are not delivered again to the dead letters, in the order in which they died, each exactly once. Of the thread of the
 * queues.
 */
final class Undertaker {
    private static final Logger LOG = LoggerFactory.getLogger(Undertaker.class);
    private static final int STEP_MESSAGES = 500;
    static final int MAX_AT_A_TIME = 16;

    private final Conveyor.Surroundings with;
    private final BiFunction<String, Integer, CompletableFuture<UUID>> deadLetterQueues;
    /** By queue. */
    private final Map<UUID, Burial> burials = new HashMap<>();
    /** Those that wait for their turn. */
    private final ArrayDeque<Burial> waiting = new ArrayDeque<>();
    /** How many are at work: not those that wait for their turn, nor those that make a pause. */
    private int working;

    /**
     * An undertaker without work.
     *
     * @param deadLetterQueues makes sure that there is a queue of a name, whose topic is created, if it has to be, for messages of so many
     *     bytes; gives the id of the topic
     */
    Undertaker(Conveyor.Surroundings with, BiFunction<String, Integer, CompletableFuture<UUID>> deadLetterQueues) {
        this.with = with;
        this.deadLetterQueues = deadLetterQueues;
    }

    /** Messages of a queue have died, or may be on their way still. */
    void condemned(Queue queue) {
        Burial burial = burials.get(queue.id());
        if (burial != null) {
            burial.more = true;
            return;
        }
        burial = new Burial(queue.name(), queue.id());
        burials.put(queue.id(), burial);
        waiting.add(burial);
        next();
    }

    /** Why messages of a queue could not be copied the last time; empty if nothing is known. */
    Optional<String> failure(UUID queue) {
        return Optional.ofNullable(burials.get(queue)).flatMap(Conveyor::failure);
    }

    private void next() {
        while (working < MAX_AT_A_TIME && !waiting.isEmpty()) {
            working++;
            // Not within the turn in which they died.
            with.thread().execute(waiting.remove()::go);
        }
    }

    /** Those of one queue. */
    private final class Burial extends Conveyor {
        /** Whether messages have died since it was looked last. */
        private boolean more;
        /** The topic that is known to be a queue. */
        private Optional<UUID> known = Optional.empty();

        Burial(String name, UUID id) {
            super(Undertaker.this.with, name, id, 0);
        }

        /** What is to be done next. */
        private record Dying(Optional<String> deadLetterQueue, List<MessageId> messages) {}

        @Override
        void next(Transfer.View view, boolean anew) {
            then(
                    turn((queue, effects) -> {
                        more = false;
                        return new Dying(
                                queue.config().deadLetterQueue().filter(other -> !other.equals(name)),
                                queue.condemned().stream()
                                        .limit(STEP_MESSAGES)
                                        .map(message -> message.id)
                                        .toList());
                    }),
                    dying -> take(view, dying));
        }

        private void take(Transfer.View view, Dying dying) {
            if (dying.messages().isEmpty()) {
                if (more) {
                    go();
                } else {
                    end();
                }
                return;
            }
            if (dying.deadLetterQueue().isEmpty()) {
                // Since they died the queue has been set to keep no dead letters.
                then(
                        turn((queue, effects) -> {
                            queue.buried(dying.messages(), effects);
                            return queue;
                        }),
                        done -> go());
                return;
            }
            Optional<Topic> target = with.engine().topic(dying.deadLetterQueue().get());
            if (target.isEmpty() || !known.equals(target.map(Topic::id))) {
                int maxBytes = with.engine()
                        .topic(id)
                        .map(topic -> topic.config().maxMessageBytes())
                        .orElse(0);
                then(deadLetterQueues.apply(dying.deadLetterQueue().get(), maxBytes), topic -> {
                    known = Optional.of(topic);
                    go();
                });
            } else if (!view.target().equals(known)) {
                bind(target.get().id());
            } else {
                then(
                        with.reader().find(id, dying.messages(), STEP_BYTES),
                        found -> choose(target.get(), dying.messages(), found));
            }
        }

        private void choose(Topic target, List<MessageId> messages, MessageReader.Found found) {
            keep(found.found());
            List<Long> ends = endsOf(target);
            then(
                    turn((queue, effects) -> {
                        List<MessageId> lost = new ArrayList<>();
                        Map<Integer, List<MessageId>> parts = new TreeMap<>();
                        Map<Integer, Long> sizes = new HashMap<>();
                        for (MessageId message : messages) {
                            StoredMessage stored = found.found().get(message);
                            Optional<Message> dying = queue.condemned(message);
                            if (dying.isEmpty()
                                    || (stored == null && !found.gone().contains(message))) {
                                continue;
                            }
                            Optional<Headers> headers =
                                    stored == null ? Optional.empty() : headers(dying.get(), stored, target);
                            if (headers.isEmpty()) {
                                lost(dying.get(), stored == null);
                                lost.add(message);
                                continue;
                            }
                            int partition = partitionOf(stored, target);
                            long size = sizes.merge(partition, size(stored, headers.get()), Long::sum);
                            boolean isFirst = !parts.containsKey(partition);
                            if (isFirst || size <= Math.min(STEP_BYTES, maxRecordBytes(target))) {
                                parts.computeIfAbsent(partition, absent -> new ArrayList<>())
                                        .add(message);
                            } else {
                                // What died later comes later.
                                sizes.put(partition, (long) Integer.MAX_VALUE);
                            }
                        }
                        queue.buried(lost, effects);
                        if (!parts.isEmpty()) {
                            effects.record(new Copying(id, 0, parts(parts, ends), Progress.NONE));
                        }
                        return queue;
                    }),
                    done -> go());
        }

        /** The headers of a dead letter, with all that can be said in what room there is; empty if it has no room at all. */
        private Optional<Headers> headers(Message message, StoredMessage stored, Topic target) {
            Headers headers = CaseFile.fitting(
                    stored, maxRecordBytes(target), telling -> CaseFile.headers(name, id, message, stored, telling));
            return size(stored, headers) <= maxRecordBytes(target) ? Optional.of(headers) : Optional.empty();
        }

        private void lost(Message message, boolean gone) {
            LOG.error(
                    "message {} of queue {} is dead and cannot be copied to the dead letters, {}: {} deliveries, sent at {}, died at {}: {} {}",
                    message.id,
                    name,
                    gone ? "because it is not in the log any more" : "because it is too large for that queue's topic",
                    message.deliveries,
                    message.arrival.enqueuedMs(),
                    message.sinceMs,
                    message.reason,
                    message.attempts());
        }

        @Override
        Optional<RecordBatchBuilder> records(Queue queue, Part part, Map<MessageId, StoredMessage> messages) {
            Optional<Topic> target = queue.transfer(0).view().target().flatMap(with.engine()::topic);
            if (target.isEmpty()
                    || part.messages().stream()
                            .anyMatch(message -> queue.condemned(message).isEmpty())) {
                return Optional.empty();
            }
            RecordBatchBuilder batch = new RecordBatchBuilder(STEP_BYTES / 8);
            for (MessageId message : part.messages()) {
                StoredMessage stored = messages.get(message);
                Optional<Headers> headers = headers(queue.condemned(message).orElseThrow(), stored, target.get());
                if (headers.isEmpty()) {
                    return Optional.empty();
                }
                batch.append(
                        with.clock().millis(),
                        stored.key().orElse(null),
                        stored.value().orElse(null),
                        headers.get());
            }
            return Optional.of(batch);
        }

        @Override
        List<MessageId> rest(Queue queue, Part part, Set<MessageId> gone) {
            // They are chosen anew.
            return List.of();
        }

        @Override
        void settled(Queue queue, Part part, boolean there, List<MessageId> rest, QueueEffects effects) {
            if (there) {
                queue.buried(part.messages(), effects);
            }
        }

        /** Others may do something meanwhile. */
        @Override
        void onPause() {
            working--;
            Undertaker.this.next();
        }

        @Override
        void resume() {
            waiting.add(this);
            Undertaker.this.next();
        }

        @Override
        void onEnd() {
            burials.remove(id);
            working--;
            Undertaker.this.next();
        }

        @Override
        public String toString() {
            return "the burial of dead messages of queue " + name;
        }
    }
}
