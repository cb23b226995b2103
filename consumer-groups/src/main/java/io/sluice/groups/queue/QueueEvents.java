package io.sluice.groups.queue;

import io.sluice.groups.EventInput;
import io.sluice.groups.EventOutput;
import io.sluice.groups.queue.QueueConfig.Order;
import io.sluice.groups.queue.QueueEvent.Changed;
import io.sluice.groups.queue.QueueEvent.Checkpoint;
import io.sluice.groups.queue.QueueEvent.Condemned;
import io.sluice.groups.queue.QueueEvent.Copied;
import io.sluice.groups.queue.QueueEvent.Copying;
import io.sluice.groups.queue.QueueEvent.Created;
import io.sluice.groups.queue.QueueEvent.Cut;
import io.sluice.groups.queue.QueueEvent.Delayed;
import io.sluice.groups.queue.QueueEvent.Deleted;
import io.sluice.groups.queue.QueueEvent.Delivery;
import io.sluice.groups.queue.QueueEvent.Due;
import io.sluice.groups.queue.QueueEvent.Extended;
import io.sluice.groups.queue.QueueEvent.Finish;
import io.sluice.groups.queue.QueueEvent.Finished;
import io.sluice.groups.queue.QueueEvent.Gone;
import io.sluice.groups.queue.QueueEvent.JobBegun;
import io.sluice.groups.queue.QueueEvent.JobEnded;
import io.sluice.groups.queue.QueueEvent.Leased;
import io.sluice.groups.queue.QueueEvent.Link;
import io.sluice.groups.queue.QueueEvent.Linked;
import io.sluice.groups.queue.QueueEvent.Outcome;
import io.sluice.groups.queue.QueueEvent.Parked;
import io.sluice.groups.queue.QueueEvent.Part;
import io.sluice.groups.queue.QueueEvent.Progressed;
import io.sluice.groups.queue.QueueEvent.Purged;
import io.sluice.groups.queue.QueueEvent.Redriven;
import io.sluice.groups.queue.QueueEvent.Return;
import io.sluice.groups.queue.QueueEvent.Returned;
import io.sluice.groups.queue.QueueEvent.TransferBegun;
import io.sluice.groups.queue.QueueEvent.Trimmed;
import io.sluice.groups.queue.QueueEvent.Unparked;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * The records of queues. All numbers are big-endian; a text is 4 bytes of its length and then UTF-8; a list is 4 bytes of how many there are, and then
 * each. Times are ms since the epoch. A message is 4 bytes of its partition and 8 of its offset.
 *
 * <pre>
 *   1  version, 1
 *   1  kind
 *  16  the queue: the id of its topic, the high 8 bytes, then the low ones
 *
 * kind 1, created     name (text), settings, list of: 8 first offset of a partition; 8 at
 *      2, changed     settings, 1 whether it is paused, 8 at
 *      3, deleted
 *      4, delayed     4 partition, 8 scanned to, list of: 8 offset, 8 due
 *      5, leased      consumer (text), 8 at, 8 until, 4 session timeout, list of: message, 8 key, 8 enqueued, 8 deliver at, 8 expires, 8 nonce
 *      6, extended    8 until, list of messages
 *      7, returned    8 at, list of: message, 8 due, reason (text), 1 whether the delivery counts
 *      8, condemned   8 at, reason (text), list of messages
 *      9, finished    1 outcome, 8 at, list of: message, result (4 bytes of its length, and the bytes)
 *     10, purged      4 partition, 8 before offset, 8 at
 *     11, gone        4 partition, 8 from, 8 to
 *     12, progressed  message, progress (4 bytes of its length, and the bytes)
 *     13, trimmed     4 partition, 8 before offset
 *     14, checkpoint  4 part, 4 parts, bytes of {@link QueueState} (4 bytes of their length, and the bytes)
 *     20, transfer    8 transfer, 16 id of the target's topic, 8 producer id
 *     21, copying     8 transfer, list of: 4 partition of the target, 8 from, list of messages; progress
 *     22, copied      8 transfer, 4 partition of the target, 1 whether they are there
 *     23, job begun   8 job, job, list of ends: 8, 8 at
 *     24, job ended   8 job, 1 state, why (text), 8 at, progress
 *     25, linked      list of: message, message
 *     26, parked      8 key, bytes (4 bytes of their length, and the bytes), reason (text), 8 at
 *     27, unparked    8 key
 *     28, cut         4 partition, 8 from
 *     29, redriven    list of messages
 *
 * settings  8 visibility timeout, 4 deliveries, 8 backoff: initial, 8 multiplier (a double), 8 max, 8 jitter (a double),
 *           dead letter queue (text, empty for none), 8 delay, 8 time to live, 1 order, 4 in flight, 8 messages, 8 bytes,
 *           8 window of deduplication, 8 retention
 * job       1 kind, origin (text), target (text), filter, 4 rate, 8 max, 4 redrives, by (text)
 * filter    list of ids (texts), reason (text), consumer (text), list of none or one key (text), 8 from, 8 to, list of none or one first
 *           message, list of none or one last message, list of headers: name (text), value (text); list of outcomes: 1
 * progress  4 partition, 8 offset, 8 looked at, 8 matching, 8 leased, 8 refused
 * </pre>
 */
public final class QueueEvents {
    private static final int VERSION = 1;
    private static final int MESSAGE_BYTES = Integer.BYTES + Long.BYTES;
    private static final Outcome[] OUTCOMES = Outcome.values();
    static final JobView.State[] JOB_STATES = JobView.State.values();
    private static final JobSpec.Kind[] JOBS = JobSpec.Kind.values();
    private static final Order[] ORDERS = Order.values();

    private QueueEvents() {}

    /** The bytes of an event. */
    public static byte[] encode(QueueEvent event) {
        EventOutput out = new EventOutput()
                .putByte(VERSION)
                .putByte(kind(event))
                .putLong(event.queue().getMostSignificantBits())
                .putLong(event.queue().getLeastSignificantBits());
        if (event instanceof Created created) {
            config(out.putText(created.name()), created.config())
                    .putAll(created.begins(), out::putLong)
                    .putLong(created.atMs());
        } else if (event instanceof Changed changed) {
            config(out, changed.config()).putByte(changed.paused() ? 1 : 0).putLong(changed.atMs());
        } else if (event instanceof Delayed delayed) {
            out.putInt(delayed.partition())
                    .putLong(delayed.scannedTo())
                    .putAll(delayed.messages(), due -> out.putLong(due.offset()).putLong(due.dueMs()));
        } else if (event instanceof Leased leased) {
            out.putText(leased.consumer())
                    .putLong(leased.atMs())
                    .putLong(leased.untilMs())
                    .putInt(leased.sessionTimeoutMs())
                    .putAll(
                            leased.messages(),
                            delivery -> message(out, delivery.id())
                                    .putLong(delivery.arrival().key())
                                    .putLong(delivery.arrival().enqueuedMs())
                                    .putLong(delivery.arrival().deliverAtMs())
                                    .putLong(delivery.arrival().expiresAtMs())
                                    .putLong(delivery.nonce()));
        } else if (event instanceof Extended extended) {
            out.putLong(extended.untilMs()).putAll(extended.messages(), message -> message(out, message));
        } else if (event instanceof Returned returned) {
            out.putLong(returned.atMs())
                    .putAll(
                            returned.messages(),
                            message -> message(out, message.id())
                                    .putLong(message.dueMs())
                                    .putText(message.reason())
                                    .putByte(message.counts() ? 1 : 0));
        } else if (event instanceof Condemned dead) {
            out.putLong(dead.atMs()).putText(dead.reason()).putAll(dead.messages(), message -> message(out, message));
        } else if (event instanceof Finished finished) {
            out.putByte(finished.outcome().ordinal())
                    .putLong(finished.atMs())
                    .putAll(finished.messages(), one -> message(out, one.id()).putBytes(one.result()));
        } else if (event instanceof Purged purged) {
            out.putInt(purged.partition()).putLong(purged.beforeOffset()).putLong(purged.atMs());
        } else if (event instanceof Gone gone) {
            out.putInt(gone.partition()).putLong(gone.from()).putLong(gone.to());
        } else if (event instanceof Progressed progressed) {
            message(out, progressed.message()).putBytes(progressed.progress());
        } else if (event instanceof Trimmed trimmed) {
            out.putInt(trimmed.partition()).putLong(trimmed.beforeOffset());
        } else if (event instanceof Checkpoint piece) {
            out.putInt(piece.part()).putInt(piece.parts()).putBytes(piece.bytes());
        } else if (event instanceof TransferBegun begun) {
            out.putLong(begun.transfer())
                    .putLong(begun.target().getMostSignificantBits())
                    .putLong(begun.target().getLeastSignificantBits())
                    .putLong(begun.producerId());
        } else if (event instanceof Copying copying) {
            out.putLong(copying.transfer())
                    .putAll(
                            copying.parts(),
                            part -> out.putInt(part.partition())
                                    .putLong(part.from())
                                    .putAll(part.messages(), message -> message(out, message)));
            progress(out, copying.progress());
        } else if (event instanceof Copied copied) {
            out.putLong(copied.transfer()).putInt(copied.partition()).putByte(copied.there() ? 1 : 0);
        } else if (event instanceof JobBegun begun) {
            job(out.putLong(begun.job()), begun.spec())
                    .putAll(begun.ends(), out::putLong)
                    .putLong(begun.atMs());
        } else if (event instanceof JobEnded ended) {
            out.putLong(ended.job())
                    .putByte(ended.state().ordinal())
                    .putText(ended.why())
                    .putLong(ended.atMs());
            progress(out, ended.progress());
        } else if (event instanceof Linked linked) {
            links(out, linked.messages());
        } else if (event instanceof Parked parked) {
            parked(out, parked);
        } else if (event instanceof Unparked unparked) {
            out.putLong(unparked.key());
        } else if (event instanceof Cut cut) {
            out.putInt(cut.partition()).putLong(cut.from());
        } else if (event instanceof Redriven redriven) {
            out.putAll(redriven.messages(), message -> message(out, message));
        }
        return out.toArray();
    }

    private static int kind(QueueEvent event) {
        if (event instanceof Created) {
            return 1;
        } else if (event instanceof Changed) {
            return 2;
        } else if (event instanceof Deleted) {
            return 3;
        } else if (event instanceof Delayed) {
            return 4;
        } else if (event instanceof Leased) {
            return 5;
        } else if (event instanceof Extended) {
            return 6;
        } else if (event instanceof Returned) {
            return 7;
        } else if (event instanceof Condemned) {
            return 8;
        } else if (event instanceof Finished) {
            return 9;
        } else if (event instanceof Purged) {
            return 10;
        } else if (event instanceof Gone) {
            return 11;
        } else if (event instanceof Progressed) {
            return 12;
        } else if (event instanceof Trimmed) {
            return 13;
        } else if (event instanceof TransferBegun) {
            return 20;
        } else if (event instanceof Copying) {
            return 21;
        } else if (event instanceof Copied) {
            return 22;
        } else if (event instanceof JobBegun) {
            return 23;
        } else if (event instanceof JobEnded) {
            return 24;
        } else if (event instanceof Linked) {
            return 25;
        } else if (event instanceof Parked) {
            return 26;
        } else if (event instanceof Unparked) {
            return 27;
        } else if (event instanceof Cut) {
            return 28;
        } else if (event instanceof Redriven) {
            return 29;
        }
        return 14;
    }

    static EventOutput message(EventOutput out, MessageId message) {
        return out.putInt(message.partition()).putLong(message.offset());
    }

    static EventOutput job(EventOutput out, JobSpec job) {
        JobFilter filter = job.filter();
        out.putByte(job.kind().ordinal())
                .putText(job.origin())
                .putText(job.target())
                .putAll(filter.ids(), out::putText)
                .putText(filter.reason())
                .putText(filter.consumer())
                .putAll(filter.key().stream().toList(), out::putText)
                .putLong(filter.fromMs())
                .putLong(filter.toMs())
                .putAll(filter.fromId().stream().toList(), id -> message(out, id))
                .putAll(filter.toId().stream().toList(), id -> message(out, id))
                .putAll(
                        filter.headers().entrySet(),
                        header -> out.putText(header.getKey()).putText(header.getValue()))
                .putAll(filter.outcomes(), outcome -> out.putByte(outcome.ordinal()));
        return out.putInt(job.rate())
                .putLong(job.max())
                .putInt(job.maxRedrives())
                .putText(job.by());
    }

    static EventOutput progress(EventOutput out, Progress progress) {
        return out.putInt(progress.partition())
                .putLong(progress.offset())
                .putLong(progress.lookedAt())
                .putLong(progress.matching())
                .putLong(progress.leased())
                .putLong(progress.refused());
    }

    static EventOutput config(EventOutput out, QueueConfig config) {
        Backoff backoff = config.backoff();
        return out.putLong(config.visibilityTimeoutMs())
                .putInt(config.maxDeliveries())
                .putLong(backoff.initialMs())
                .putLong(Double.doubleToLongBits(backoff.multiplier()))
                .putLong(backoff.maxMs())
                .putLong(Double.doubleToLongBits(backoff.jitter()))
                .putText(config.deadLetterQueue().orElse(""))
                .putLong(config.delayMs())
                .putLong(config.ttlMs())
                .putByte(config.order().ordinal())
                .putInt(config.maxInFlight())
                .putLong(config.maxMessages())
                .putLong(config.maxBytes())
                .putLong(config.dedupWindowMs())
                .putLong(config.retentionMs());
    }

    /**
     * An event of its bytes.
     *
     * @throws io.sluice.core.BrokerException DATA_CORRUPT if they make no sense
     */
    public static QueueEvent decode(ByteBuffer bytes) {
        EventInput in = new EventInput(bytes);
        int version = in.getByte();
        if (version != VERSION) {
            throw EventInput.corrupt("version " + version);
        }
        int kind = in.getByte();
        UUID queue = new UUID(in.getLong(), in.getLong());
        QueueEvent event = decode(kind, queue, in);
        in.requireEnd();
        return event;
    }

    private static QueueEvent decode(int kind, UUID queue, EventInput in) {
        return switch (kind) {
            case 1 -> new Created(queue, in.getText(), config(in), in.getAll(Long.BYTES, in::getLong), in.getLong());
            case 2 -> new Changed(queue, config(in), in.getByte() != 0, in.getLong());
            case 3 -> new Deleted(queue);
            case 4 ->
                new Delayed(
                        queue,
                        in.getInt(),
                        in.getLong(),
                        in.getAll(2 * Long.BYTES, () -> new Due(in.getLong(), in.getLong())));
            case 5 ->
                new Leased(
                        queue,
                        in.getText(),
                        in.getLong(),
                        in.getLong(),
                        in.getInt(),
                        in.getAll(MESSAGE_BYTES + 5 * Long.BYTES, () -> delivery(in)));
            case 6 -> new Extended(queue, in.getLong(), in.getAll(MESSAGE_BYTES, () -> message(in)));
            case 7 ->
                new Returned(
                        queue,
                        in.getLong(),
                        in.getAll(
                                MESSAGE_BYTES + Long.BYTES + Integer.BYTES + 1,
                                () -> new Return(message(in), in.getLong(), in.getText(), in.getByte() != 0)));
            case 8 -> new Condemned(queue, in.getLong(), in.getText(), in.getAll(MESSAGE_BYTES, () -> message(in)));
            case 9 ->
                new Finished(
                        queue,
                        one(OUTCOMES, in.getByte(), "outcome"),
                        in.getLong(),
                        in.getAll(MESSAGE_BYTES + Integer.BYTES, () -> new Finish(message(in), in.getBytes())));
            case 10 -> new Purged(queue, in.getInt(), in.getLong(), in.getLong());
            case 11 -> new Gone(queue, in.getInt(), in.getLong(), in.getLong());
            case 12 -> new Progressed(queue, message(in), in.getBytes());
            case 13 -> new Trimmed(queue, in.getInt(), in.getLong());
            case 14 -> new Checkpoint(queue, in.getInt(), in.getInt(), in.getBytes());
            case 20 -> new TransferBegun(queue, in.getLong(), new UUID(in.getLong(), in.getLong()), in.getLong());
            case 21 ->
                new Copying(
                        queue,
                        in.getLong(),
                        in.getAll(
                                2 * Integer.BYTES,
                                () -> new Part(in.getInt(), in.getLong(), in.getAll(MESSAGE_BYTES, () -> message(in)))),
                        progress(in));
            case 22 -> new Copied(queue, in.getLong(), in.getInt(), in.getByte() != 0);
            case 23 -> new JobBegun(queue, in.getLong(), job(in), in.getAll(Long.BYTES, in::getLong), in.getLong());
            case 24 ->
                new JobEnded(
                        queue,
                        in.getLong(),
                        one(JOB_STATES, in.getByte(), "state of a job"),
                        in.getText(),
                        in.getLong(),
                        progress(in));
            case 25 -> new Linked(queue, links(in));
            case 26 -> parked(queue, in);
            case 27 -> new Unparked(queue, in.getLong());
            case 28 -> new Cut(queue, in.getInt(), in.getLong());
            case 29 -> new Redriven(queue, in.getAll(MESSAGE_BYTES, () -> message(in)));
            default -> throw EventInput.corrupt("an event of kind " + kind);
        };
    }

    static EventOutput parked(EventOutput out, Parked parked) {
        return out.putLong(parked.key())
                .putBytes(parked.bytes())
                .putText(parked.reason())
                .putLong(parked.atMs());
    }

    static Parked parked(UUID queue, EventInput in) {
        return new Parked(queue, in.getLong(), in.getBytes(), in.getText(), in.getLong());
    }

    static EventOutput links(EventOutput out, Collection<Link> links) {
        return out.putAll(links, link -> message(message(out, link.from()), link.to()));
    }

    static List<Link> links(EventInput in) {
        return in.getAll(2 * MESSAGE_BYTES, () -> new Link(message(in), message(in)));
    }

    private static Delivery delivery(EventInput in) {
        int partition = in.getInt();
        long offset = in.getLong();
        Arrival arrival = new Arrival(offset, in.getLong(), in.getLong(), in.getLong(), in.getLong());
        return new Delivery(partition, arrival, in.getLong());
    }

    static JobSpec job(EventInput in) {
        return new JobSpec(
                one(JOBS, in.getByte(), "kind of a job"),
                in.getText(),
                in.getText(),
                new JobFilter(
                        Set.copyOf(in.getAll(Integer.BYTES, in::getText)),
                        in.getText(),
                        in.getText(),
                        in.getAll(Integer.BYTES, in::getText).stream().findFirst(),
                        in.getLong(),
                        in.getLong(),
                        in.getAll(MESSAGE_BYTES, () -> message(in)).stream().findFirst(),
                        in.getAll(MESSAGE_BYTES, () -> message(in)).stream().findFirst(),
                        in.getAll(2 * Integer.BYTES, () -> Map.entry(in.getText(), in.getText())).stream()
                                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (one, other) -> one)),
                        Set.copyOf(in.getAll(1, () -> one(OUTCOMES, in.getByte(), "outcome")))),
                in.getInt(),
                in.getLong(),
                in.getInt(),
                in.getText());
    }

    static Progress progress(EventInput in) {
        return new Progress(in.getInt(), in.getLong(), in.getLong(), in.getLong(), in.getLong(), in.getLong());
    }

    static MessageId message(EventInput in) {
        return new MessageId(in.getInt(), in.getLong());
    }

    static <T> T one(T[] all, int index, String what) {
        if (index < 0 || index >= all.length) {
            throw EventInput.corrupt(what + " " + index);
        }
        return all[index];
    }

    static QueueConfig config(EventInput in) {
        long visibilityMs = in.getLong();
        int maxDeliveries = in.getInt();
        Backoff backoff = new Backoff(
                in.getLong(),
                Double.longBitsToDouble(in.getLong()),
                in.getLong(),
                Double.longBitsToDouble(in.getLong()));
        String deadLetters = in.getText();
        return new QueueConfig(
                visibilityMs,
                maxDeliveries,
                backoff,
                deadLetters.isEmpty() ? Optional.empty() : Optional.of(deadLetters),
                in.getLong(),
                in.getLong(),
                one(ORDERS, in.getByte(), "order"),
                in.getInt(),
                in.getLong(),
                in.getLong(),
                in.getLong(),
                in.getLong());
    }
}
