package io.sluice.server.http.queues;

import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.QueueEvent;
import io.sluice.groups.queue.QueueEvent.Finish;
import io.sluice.groups.queue.QueueEvent.Finished;
import io.sluice.groups.queue.QueueEvent.Progressed;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * What happened lately in one queue, numbered, and who listens. Whoever lost its connection goes on behind what it has heard, as far as that is
 * remembered. Safe on any thread: what happens, who comes and who goes, one after the other.
 */
final class Chronicle {
    /** How many notices are remembered of a queue; no more than wait for a listener. */
    static final int MAX_NOTICES = NoticeBuffer.MAX_NOTICES;
    /** How long a queue is remembered to which nobody listens any more. */
    static final long KEPT_MS = 60_000;
    /** Who looks after so long may come a little early. */
    private static final long TICK_MS = 1_000;

    /** So much of what an event carries counts as a notice. */
    private static final int BYTES_OF_ONE = 256;

    private static final byte[] NOTHING = new byte[0];

    /** Tells this chronicle from others of the same queue: numbers begin anew with each. */
    private final String name = Long.toString(ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE), 36);

    private final AtomicInteger shared;
    private final int sharedLimit;
    private final LongSupplier nanoTime;
    private final List<QueueStream> streams = new ArrayList<>();
    private final ArrayDeque<Entry> entries = new ArrayDeque<>();
    private long next = 1;
    private int weight;
    private boolean hearsOfWork;
    /** Nobody finds it any more; what is told to it late must not take room for ever. */
    private boolean forgotten;
    /** Since when nobody listens. */
    private long idleSinceNs;

    /** Notices that came together; {@code about} is empty for those that are not of an event. */
    private record Entry(long first, int count, int weight, Optional<About> about, Supplier<List<Notice>> notices) {}

    /** What happened, and the names of those of its messages that are not called by where they lie. */
    private record About(QueueEvent event, Map<MessageId, MessageId> names) {}

    /**
     * Where a listener begins.
     *
     * @param behind the number behind which it hears everything
     * @param gap whether it may have missed something before that
     */
    record Beginning(long behind, boolean gap) {}

    /**
     * @param shared how much is remembered of all queues
     * @param sharedLimit how much may be
     * @param nanoTime as {@link System#nanoTime}
     */
    Chronicle(AtomicInteger shared, int sharedLimit, LongSupplier nanoTime) {
        this.shared = shared;
        this.sharedLimit = sharedLimit;
        this.nanoTime = nanoTime;
        this.idleSinceNs = nanoTime.getAsLong();
    }

    /** What a listener is told as the place of a notice. */
    String place(long number) {
        return name + "-" + number;
    }

    /** @param names what messages are called, by where they lie */
    synchronized void happened(QueueEvent event, UnaryOperator<MessageId> names) {
        if (Notice.kindsOf(event).isEmpty()) {
            return;
        }
        QueueEvent kept = lighter(event);
        Map<MessageId, MessageId> others = Notice.otherNames(event, names);
        int carried = event instanceof Progressed progressed ? progressed.progress().length : 0;
        tell(new Entry(
                next,
                Notice.countOf(event),
                Notice.countOf(event) + carried / BYTES_OF_ONE,
                Optional.of(new About(kept, others)),
                () -> Notice.of(kept, others)));
    }

    /** Nobody is told the results of messages, which may be large. */
    private static QueueEvent lighter(QueueEvent event) {
        return event instanceof Finished finished
                ? new Finished(
                        finished.queue(),
                        finished.outcome(),
                        finished.atMs(),
                        finished.messages().stream()
                                .map(one -> new Finish(one.id(), NOTHING))
                                .toList())
                : event;
    }

    synchronized void happened(Notice notice) {
        tell(new Entry(next, 1, 1, Optional.empty(), () -> List.of(notice)));
    }

    private void tell(Entry entry) {
        if (forgotten) {
            return;
        }
        next += entry.count();
        streams.forEach(stream -> offer(stream, entry));
        if (entry.weight() > MAX_NOTICES) {
            clear();
            return;
        }
        while (!entries.isEmpty()
                && (weight + entry.weight() > MAX_NOTICES || shared.get() + entry.weight() > sharedLimit)) {
            remove(entries.remove());
        }
        if (shared.get() + entry.weight() <= sharedLimit) {
            weight += entry.weight();
            shared.addAndGet(entry.weight());
            entries.add(entry);
        }
    }

    private void remove(Entry entry) {
        weight -= entry.weight();
        shared.addAndGet(-entry.weight());
    }

    private static void offer(QueueStream stream, Entry entry) {
        if (entry.about().isEmpty()) {
            if (stream.wants(Notice.Kind.SENT)) {
                stream.offer(entry.count(), entry.first(), entry.notices());
            }
        } else {
            About about = entry.about().get();
            stream.happened(about.event(), about.names(), entry.first(), entry.notices());
        }
    }

    /**
     * Somebody listens from now on, and hears what it missed.
     *
     * @param after the last place of which it has heard
     */
    synchronized Beginning add(QueueStream stream, Optional<String> after) {
        streams.add(stream);
        hearsOfWork |= stream.wants(Notice.Kind.SENT);
        // Who has heard of nothing has missed nothing.
        long known = after.map(this::number).orElse(next - 1);
        long remembered = entries.isEmpty() ? next : entries.peek().first();
        if (known < remembered - 1 || known >= next) {
            return new Beginning(next - 1, true);
        }
        entries.stream()
                .filter(entry -> entry.first() + entry.count() - 1 > known)
                .forEach(entry -> offer(stream, entry));
        return new Beginning(known, false);
    }

    /** The number of a place; -1 if it is not one of this chronicle. */
    private long number(String place) {
        int dash = place.indexOf('-');
        boolean isOurs = dash > 0 && place.substring(0, dash).equals(name);
        try {
            return isOurs ? Long.parseLong(place.substring(dash + 1)) : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    synchronized void remove(QueueStream stream) {
        streams.remove(stream);
        idleSinceNs = nanoTime.getAsLong();
    }

    /** Whether somebody wanted to hear of new work. */
    synchronized boolean hearsOfWork() {
        return hearsOfWork;
    }

    /** Whether nobody has listened for so long that it need not be kept. */
    synchronized boolean isOver() {
        long idleNs = nanoTime.getAsLong() - idleSinceNs;
        return streams.isEmpty() && idleNs >= TimeUnit.MILLISECONDS.toNanos(KEPT_MS - TICK_MS);
    }

    /** The queue is deleted. */
    synchronized void end() {
        streams.forEach(QueueStream::queueDeleted);
        forget();
    }

    /** Remembers nothing any more, whatever it is told. */
    synchronized void forget() {
        forgotten = true;
        clear();
    }

    private void clear() {
        entries.forEach(this::remove);
        entries.clear();
    }
}
