package io.sluice.groups.queue;

import io.sluice.groups.EventInput;
import io.sluice.groups.EventOutput;
import io.sluice.groups.queue.QueueEvent.Checkpoint;
import io.sluice.groups.queue.QueueEvent.Outcome;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * All that survives of a queue, as bytes: what {@link QueueEvent.Checkpoint} brings in pieces. Numbers, texts, lists, times and messages are as in
 * {@link QueueEvents}, sets of offsets as {@link OffsetSet#write} says. Whatever a queue is given to remember goes here as well, at the end.
 *
 * <pre>
 *   1  version, 1
 *      name (text), settings, 1 whether it is paused, 8 created, 8 changed
 *      counters: 8 each of delivered, acknowledged, returned, dead, expired, dropped, gone
 *      sessions, list of: consumer (text), 4 timeout
 *      windows, list of:
 *        4 partition, 8 begin, 8 log start, 8 frontier, open (set)
 *        asleep, list of: 8 when they wake, who (set)
 *        outcomes, list of: 1 outcome, messages (set)
 *        held, list of: 8 offset, 8 key, 8 enqueued, 8 deliver at, 8 expires, 8 first received, 1 state, 4 deliveries, consumer (text), 8 nonce,
 *          8 since, 8 until, reason (text), progress (4 bytes of its length, and the bytes), 1 whether its consumer's session has it, attempts
 *      the condemned, in their order: list of messages
 *      done, list of: message, 1 outcome, 8 at, consumer (text), 4 deliveries, 8 first received, result (as progress), attempts
 *      transfers, list of: 8 number, what {@link Transfer#write} says
 *      jobs, list of: 8 number, job, list of ends: 8, 8 began, 1 state, why (text), 8 ended, progress, 8 moved
 *      links, list of: message, where it lies now; left out by those who did not know of it
 *      parked keys, list of: as {@link QueueEvents} has them; left out by those who did not know of it
 *      of the dead those that were sent again, list of: 4 partition, messages (set); left out by those who did not know of it
 *
 * attempts  list of: 8 at, 8 held for, consumer (text), reason (text)
 * </pre>
 */
final class QueueState {
    private static final int VERSION = 1;
    private static final int PIECE_BYTES = 1024 * 1024;
    private static final int MESSAGE_BYTES = Integer.BYTES + Long.BYTES;
    private static final int ATTEMPT_BYTES = 2 * Long.BYTES + 2 * Integer.BYTES;
    private static final Message.State[] STATES = Message.State.values();
    private static final Outcome[] OUTCOMES = Outcome.values();

    private QueueState() {}

    /** Makes a queue that knows nothing yet. */
    @FunctionalInterface
    interface Maker {
        Queue make(UUID id, String name, QueueConfig config);
    }

    // ---- writing ----

    /** The state of a queue, in pieces. */
    static List<Checkpoint> of(Queue queue) {
        byte[] all = write(queue);
        int parts = (all.length + PIECE_BYTES - 1) / PIECE_BYTES;
        List<Checkpoint> pieces = new ArrayList<>(parts);
        for (int i = 0; i < parts; i++) {
            int to = Math.min(all.length, (i + 1) * PIECE_BYTES);
            pieces.add(new Checkpoint(queue.id(), i, parts, Arrays.copyOfRange(all, i * PIECE_BYTES, to)));
        }
        return pieces;
    }

    private static byte[] write(Queue queue) {
        EventOutput out = new EventOutput().putByte(VERSION).putText(queue.name());
        QueueEvents.config(out, queue.config())
                .putByte(queue.isPaused() ? 1 : 0)
                .putLong(queue.createdMs())
                .putLong(queue.changedMs());
        QueueCounters counters = queue.counters();
        out.putLong(counters.delivered)
                .putLong(counters.acknowledged)
                .putLong(counters.returned)
                .putLong(counters.dead)
                .putLong(counters.expired)
                .putLong(counters.dropped)
                .putLong(counters.gone);
        out.putAll(queue.sessions(), session -> out.putText(session.consumer).putInt(session.timeoutMs));
        out.putAll(queue.windows(), window -> write(window, out));
        out.putAll(queue.condemned(), message -> QueueEvents.message(out, message.id));
        out.putAll(queue.done().all(), done -> write(done, out));
        out.putAll(queue.transfers().entrySet(), transfer -> transfer.getValue().write(out.putLong(transfer.getKey())));
        out.putAll(queue.jobs().values(), job -> write(job, out));
        QueueEvents.links(out, queue.links().all());
        out.putAll(queue.parked().all(), parked -> QueueEvents.parked(out, parked));
        out.putAll(queue.windows(), window -> window.redriven.write(out.putInt(window.partition)));
        return out.toArray();
    }

    private static void write(Window window, EventOutput out) {
        out.putInt(window.partition)
                .putLong(window.begin)
                .putLong(window.logStart)
                .putLong(window.frontier);
        window.open.write(out);
        out.putAll(
                window.delayed.byWakeMs().entrySet(),
                bucket -> bucket.getValue().write(out.putLong(bucket.getKey())));
        out.putAll(
                window.outcomes.entrySet(),
                outcome -> outcome.getValue().write(out.putByte(outcome.getKey().ordinal())));
        out.putAll(window.held.values(), message -> write(message, out));
    }

    private static void write(Message message, EventOutput out) {
        Arrival arrival = message.arrival;
        out.putLong(arrival.offset())
                .putLong(arrival.key())
                .putLong(arrival.enqueuedMs())
                .putLong(arrival.deliverAtMs())
                .putLong(arrival.expiresAtMs())
                .putLong(message.firstReceivedMs)
                .putByte(message.state().ordinal())
                .putInt(message.deliveries)
                .putText(message.consumer)
                .putLong(message.nonce)
                .putLong(message.sinceMs)
                .putLong(message.untilMs)
                .putText(message.reason)
                .putBytes(message.progress())
                .putByte(message.session == null ? 0 : 1);
        write(message.attempts(), out);
    }

    private static void write(Done done, EventOutput out) {
        QueueEvents.message(out, done.id())
                .putByte(done.outcome().ordinal())
                .putLong(done.atMs())
                .putText(done.consumer())
                .putInt(done.deliveries())
                .putLong(done.firstReceivedMs())
                .putBytes(done.result());
        write(done.attempts(), out);
    }

    private static void write(Job job, EventOutput out) {
        QueueEvents.job(out.putLong(job.number), job.spec)
                .putAll(job.ends, out::putLong)
                .putLong(job.beganMs)
                .putByte(job.state.ordinal())
                .putText(job.why)
                .putLong(job.endedMs);
        QueueEvents.progress(out, job.progress).putLong(job.moved);
    }

    private static void write(List<Attempt> attempts, EventOutput out) {
        out.putAll(
                attempts,
                attempt -> out.putLong(attempt.atMs())
                        .putLong(attempt.heldMs())
                        .putText(attempt.consumer())
                        .putText(attempt.reason()));
    }

    // ---- reading ----

    /**
     * A queue as it was.
     *
     * @param pieces all of them, in their order
     * @throws io.sluice.core.BrokerException DATA_CORRUPT if they make no sense
     */
    static Queue read(UUID id, List<byte[]> pieces, Maker maker) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        pieces.forEach(all::writeBytes);
        EventInput in = new EventInput(ByteBuffer.wrap(all.toByteArray()));
        int version = in.getByte();
        if (version != VERSION) {
            throw EventInput.corrupt("a checkpoint of version " + version);
        }
        Queue queue = maker.make(id, in.getText(), QueueEvents.config(in));
        Facts facts = queue.facts();
        facts.restore(in.getByte() != 0, in.getLong(), in.getLong());
        QueueCounters counters = queue.counters();
        counters.delivered = in.getLong();
        counters.acknowledged = in.getLong();
        counters.returned = in.getLong();
        counters.dead = in.getLong();
        counters.expired = in.getLong();
        counters.dropped = in.getLong();
        counters.gone = in.getLong();
        in.getAll(2 * Integer.BYTES, () -> facts.restore(in.getText(), in.getInt()));
        in.getAll(MESSAGE_BYTES, () -> window(queue, in));
        in.getAll(MESSAGE_BYTES, () -> QueueEvents.message(in)).forEach(facts::restoreCondemned);
        in.getAll(MESSAGE_BYTES, () -> done(in)).forEach(queue.done()::add);
        in.getAll(Long.BYTES, () -> {
            Transfer transfer = queue.transfer(in.getLong());
            transfer.read(in);
            return transfer;
        });
        in.getAll(Long.BYTES, () -> job(in)).forEach(job -> queue.jobs().put(job.number, job));
        if (in.remaining() > 0) {
            QueueEvents.links(in).forEach(queue.links()::add);
        }
        if (in.remaining() > 0) {
            in.getAll(Long.BYTES, () -> QueueEvents.parked(id, in)).forEach(queue.parked()::add);
        }
        if (in.remaining() > 0) {
            in.getAll(2 * Integer.BYTES, () -> {
                Window window = queue.window(in.getInt());
                window.redriven.addAll(in);
                return window;
            });
        }
        in.requireEnd();
        return queue;
    }

    private static Window window(Queue queue, EventInput in) {
        Window window = queue.window(in.getInt());
        window.begin = in.getLong();
        window.logStart = in.getLong();
        window.frontier = in.getLong();
        window.open.addAll(in);
        in.getAll(MESSAGE_BYTES, () -> {
            long wakeMs = in.getLong();
            window.delayed.addAll(OffsetSet.read(in), wakeMs);
            return wakeMs;
        });
        in.getAll(1 + Integer.BYTES, () -> {
            Outcome outcome = QueueEvents.one(OUTCOMES, in.getByte(), "outcome");
            window.outcomes(outcome).addAll(in);
            return outcome;
        });
        in.getAll(MESSAGE_BYTES, () -> held(queue, window, in));
        return window;
    }

    private static Message held(Queue queue, Window window, EventInput in) {
        Arrival arrival = new Arrival(in.getLong(), in.getLong(), in.getLong(), in.getLong(), in.getLong());
        Message message = queue.facts().restore(window, arrival, in.getLong());
        message.state(QueueEvents.one(STATES, in.getByte(), "state"));
        message.deliveries = in.getInt();
        message.consumer = in.getText();
        message.nonce = in.getLong();
        message.sinceMs = in.getLong();
        message.untilMs = in.getLong();
        message.reason = in.getText();
        message.progress(in.getBytes());
        if (in.getByte() != 0) {
            Optional.ofNullable(queue.facts().sessions().get(message.consumer))
                    .orElseThrow(() -> EventInput.corrupt("there is no session of " + message.consumer))
                    .keep(message);
        }
        attempts(in).forEach(message::remember);
        return message;
    }

    private static Done done(EventInput in) {
        return new Done(
                QueueEvents.message(in),
                QueueEvents.one(OUTCOMES, in.getByte(), "outcome"),
                in.getLong(),
                in.getText(),
                in.getInt(),
                in.getLong(),
                in.getBytes(),
                attempts(in));
    }

    private static Job job(EventInput in) {
        Job job = new Job(in.getLong(), QueueEvents.job(in), in.getAll(Long.BYTES, in::getLong), in.getLong());
        job.state = QueueEvents.one(QueueEvents.JOB_STATES, in.getByte(), "state of a job");
        job.why = in.getText();
        job.endedMs = in.getLong();
        job.progress = QueueEvents.progress(in);
        job.moved = in.getLong();
        return job;
    }

    private static List<Attempt> attempts(EventInput in) {
        return in.getAll(ATTEMPT_BYTES, () -> new Attempt(in.getLong(), in.getLong(), in.getText(), in.getText()));
    }
}
