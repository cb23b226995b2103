package io.sluice.groups.queue;

import io.sluice.groups.queue.Message.State;
import io.sluice.groups.queue.QueueEvent.Changed;
import io.sluice.groups.queue.QueueEvent.Condemned;
import io.sluice.groups.queue.QueueEvent.Copied;
import io.sluice.groups.queue.QueueEvent.Copying;
import io.sluice.groups.queue.QueueEvent.Created;
import io.sluice.groups.queue.QueueEvent.Cut;
import io.sluice.groups.queue.QueueEvent.Delayed;
import io.sluice.groups.queue.QueueEvent.Delivery;
import io.sluice.groups.queue.QueueEvent.Extended;
import io.sluice.groups.queue.QueueEvent.Finish;
import io.sluice.groups.queue.QueueEvent.Finished;
import io.sluice.groups.queue.QueueEvent.Gone;
import io.sluice.groups.queue.QueueEvent.JobBegun;
import io.sluice.groups.queue.QueueEvent.JobEnded;
import io.sluice.groups.queue.QueueEvent.Leased;
import io.sluice.groups.queue.QueueEvent.Linked;
import io.sluice.groups.queue.QueueEvent.Outcome;
import io.sluice.groups.queue.QueueEvent.Parked;
import io.sluice.groups.queue.QueueEvent.Progressed;
import io.sluice.groups.queue.QueueEvent.Purged;
import io.sluice.groups.queue.QueueEvent.Redriven;
import io.sluice.groups.queue.QueueEvent.Return;
import io.sluice.groups.queue.QueueEvent.Returned;
import io.sluice.groups.queue.QueueEvent.TransferBegun;
import io.sluice.groups.queue.QueueEvent.Trimmed;
import io.sluice.groups.queue.QueueEvent.Unparked;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * What is known of a queue and survives: its settings, its messages that have been delivered or are finished, sessions, jobs, and what is on its way to other
 * queues. Events alone change it, by {@link #apply}; whoever decides something records an event. For one thread.
 */
final class Facts {
    private final String name;
    private final QueueMemory.Share memory;
    private final Agenda agenda;
    private final Supply supply;
    private final Times times;
    private final QueueCounters counters = new QueueCounters();
    private QueueConfig config;
    private boolean paused;
    private int heldCount;
    /** How many of the held stand where. */
    private final int[] heldIn = new int[State.values().length];

    /** In the order in which they died. */
    private final Map<MessageId, Message> condemned = new LinkedHashMap<>();

    private final Map<Long, Transfer> transfers = new TreeMap<>();
    private final TreeMap<Long, Job> jobs = new TreeMap<>();
    /** By consumer. */
    private final Map<String, Session> sessions = new HashMap<>();

    private final DoneRing done;
    private final Links links = new Links();
    private long createdMs;
    private long changedMs;
    /** Until the state has been replayed, nobody is told when anything is due. */
    private boolean running;

    /** Who is told when a time has come. */
    interface Times {
        /** A lease is over, or a message may be delivered again. */
        void due(Message message, QueueEffects effects);

        /** Nothing was heard of a consumer for too long. */
        void silent(Session session, QueueEffects effects);
    }

    Facts(
            String name,
            QueueConfig config,
            QueueMemory.Share memory,
            DoneRing done,
            Agenda agenda,
            Supply supply,
            Times times) {
        this.name = name;
        this.config = config;
        this.memory = memory;
        this.done = done;
        this.agenda = agenda;
        this.supply = supply;
        this.times = times;
        supply.order(config.order());
    }

    QueueConfig config() {
        return config;
    }

    boolean isPaused() {
        return paused;
    }

    QueueCounters counters() {
        return counters;
    }

    /** How many messages have been delivered and are not finished. */
    int heldCount() {
        return heldCount;
    }

    /** How many of them stand somewhere. */
    int heldCount(State state) {
        return heldIn[state.ordinal()];
    }

    /** For {@link Message}: it takes more memory, or less. */
    void grew(int bytes) {
        // What is only being read is counted when it is there as a whole.
        if (running) {
            memory.held(bytes);
        }
    }

    /** For {@link Message}: it stands somewhere else. */
    void moved(State from, State to) {
        heldIn[from.ordinal()]--;
        heldIn[to.ordinal()]++;
    }

    Times times() {
        return times;
    }

    long createdMs() {
        return createdMs;
    }

    long changedMs() {
        return changedMs;
    }

    boolean isRunning() {
        return running;
    }

    /** By consumer. One without messages may come and go without an event. */
    Map<String, Session> sessions() {
        return sessions;
    }

    DoneRing done() {
        return done;
    }

    Links links() {
        return links;
    }

    /** Messages that are on their way to the dead letters, in the order in which they died. */
    Map<MessageId, Message> condemned() {
        return condemned;
    }

    Map<Long, Transfer> transfers() {
        return transfers;
    }

    Transfer transfer(long number) {
        return transfers.computeIfAbsent(number, absent -> new Transfer());
    }

    NavigableMap<Long, Job> jobs() {
        return jobs;
    }

    /** The time that a message was delayed does not make it older. */
    boolean isExpired(Arrival message, long nowMs) {
        long sinceMs = Math.max(message.enqueuedMs(), message.deliverAtMs());
        return message.expiresAtMs() <= nowMs || (config.ttlMs() > 0 && sinceMs + config.ttlMs() <= nowMs);
    }

    /** The state has been replayed. Consumers have been silent because nobody heard them: their sessions begin anew. */
    void begin(long nowMs) {
        running = true;
        // Who has nothing may have gone: that is not written down.
        sessions.values().removeIf(session -> session.messages.isEmpty());
        for (Window window : supply.windows()) {
            window.begin();
            window.held.values().forEach(message -> grew(message.sizeInBytes()));
            window.held.values().forEach(this::schedule);
        }
        sessions.values().forEach(session -> agenda.set(session, nowMs + session.timeoutMs));
        supply.scheduleWaking();
    }

    // ---- what has happened ----

    /** The only place where durable state changes. */
    void apply(QueueEvent event) {
        if (event instanceof Created created) {
            createdMs = created.atMs();
            changedMs = created.atMs();
            for (int i = 0; i < created.begins().size(); i++) {
                supply.window(i).advance(created.begins().get(i));
                supply.window(i).open.removeBefore(created.begins().get(i));
                supply.window(i).begin = created.begins().get(i);
                supply.window(i).logStart = created.begins().get(i);
            }
        } else if (event instanceof Leased leased) {
            leased.messages().forEach(delivery -> applyLeased(leased, delivery));
        } else if (event instanceof Extended extended) {
            for (MessageId message : extended.messages()) {
                Message held = held(message);
                held.untilMs = extended.untilMs();
                schedule(held);
            }
        } else if (event instanceof Returned returned) {
            returned.messages().forEach(message -> applyReturned(returned.atMs(), message));
        } else if (event instanceof Condemned dead) {
            for (MessageId message : dead.messages()) {
                Message held = held(message);
                leaveSession(held);
                held.failed(State.CONDEMNED, dead.atMs(), Long.MAX_VALUE, dead.reason());
                agenda.cancel(held);
                condemned.put(message, held);
                // One before it of its key may have waited for it to be out of somebody's hands.
                supply.offer(held.lane);
            }
        } else if (event instanceof Finished finished) {
            finished.messages().forEach(message -> applyFinished(finished.outcome(), finished.atMs(), message));
            counters.finished(finished.outcome(), finished.messages().size());
        } else if (event instanceof Delayed delayed) {
            Window window = supply.window(delayed.partition());
            window.advance(delayed.scannedTo());
            delayed.messages().forEach(message -> window.delayed.add(message.offset(), message.dueMs()));
        } else if (event instanceof Purged purged) {
            applyPurged(supply.window(purged.partition()), purged.beforeOffset(), purged.atMs());
        } else if (event instanceof Gone gone) {
            applyGone(supply.window(gone.partition()), gone.from(), gone.to());
        } else if (event instanceof Changed changed) {
            boolean isOtherDelay = changed.config().delayMs() != config.delayMs();
            config = changed.config();
            paused = changed.paused();
            supply.order(config.order());
            supply.windows().forEach(window -> window.sweptTo = 0);
            if (isOtherDelay) {
                readAgain();
            }
            changedMs = changed.atMs();
        } else if (event instanceof Progressed progressed) {
            held(progressed.message()).progress(progressed.progress());
        } else if (event instanceof Linked linked) {
            linked.messages().forEach(links::add);
        } else if (event instanceof Redriven redriven) {
            for (MessageId message : redriven.messages()) {
                supply.window(message.partition()).redriven.add(message.offset());
            }
        } else if (event instanceof Parked key) {
            supply.park(key);
        } else if (event instanceof Cut cut) {
            applyCut(supply.window(cut.partition()), cut.from());
        } else if (event instanceof Unparked key) {
            supply.unpark(key.key());
        } else if (event instanceof TransferBegun begun) {
            transfer(begun.transfer()).begun(begun.target(), begun.producerId());
        } else if (event instanceof Copying copying) {
            transfer(copying.transfer()).copying(copying.parts());
            Job job = jobs.get(copying.transfer());
            if (job != null) {
                job.progress = copying.progress();
            }
        } else if (event instanceof Copied copied) {
            Transfer transfer = transfer(copied.transfer());
            Job job = jobs.get(copied.transfer());
            if (job != null && copied.there()) {
                job.moved += transfer.pending(copied.partition())
                        .map(part -> part.messages().size())
                        .orElse(0);
            }
            transfer.copied(copied.partition(), copied.there());
            forgetJobs();
        } else if (event instanceof JobBegun begun) {
            jobs.put(begun.job(), new Job(begun.job(), begun.spec(), begun.ends(), begun.atMs()));
        } else if (event instanceof JobEnded ended) {
            Job job = jobs.get(ended.job());
            job.state = ended.state();
            job.why = ended.why();
            job.endedMs = ended.atMs();
            job.progress = ended.progress();
            forgetJobs();
        } else if (event instanceof Trimmed trimmed) {
            Window window = supply.window(trimmed.partition());
            window.logStart = Math.max(window.logStart, trimmed.beforeOffset());
            window.outcomes.values().forEach(some -> some.removeBefore(trimmed.beforeOffset()));
            window.redriven.removeBefore(trimmed.beforeOffset());
        }
    }

    /** What was looked at may be due at another time now. */
    private void readAgain() {
        supply.windows().forEach(window -> window.delayed.clear());
        supply.release();
    }

    /** Of the jobs that have ended, only the last ones are remembered. */
    private void forgetJobs() {
        List<Job> ended = jobs.values().stream()
                .filter(job -> job.state != JobView.State.RUNNING
                        && !transfer(job.number).isBusy())
                .toList();
        for (Job job : ended.subList(0, Math.max(0, ended.size() - Job.MAX_ENDED))) {
            jobs.remove(job.number);
            transfers.remove(job.number);
        }
    }

    /** A message that has been delivered and is not finished. */
    Message held(MessageId message) {
        Message held = supply.window(message.partition()).held.get(message.offset());
        if (held == null) {
            throw new IllegalStateException("message " + message + " of queue " + name + " is not held");
        }
        return held;
    }

    private void applyLeased(Leased leased, Delivery delivery) {
        MessageId message = delivery.id();
        Window window = supply.window(message.partition());
        window.advance(message.offset() + 1);
        window.delayed.remove(message.offset());
        Message held = window.held.get(message.offset());
        if (held == null) {
            held = hold(window, delivery.arrival(), leased.atMs());
        }
        held.leased(leased.consumer(), delivery.nonce(), leased.atMs(), leased.untilMs());
        held.lane.hold(held);
        if (leased.sessionTimeoutMs() > 0) {
            session(leased.consumer(), leased.sessionTimeoutMs()).keep(held);
        }
        schedule(held);
        counters.delivered++;
    }

    private Message hold(Window window, Arrival arrival, long firstReceivedMs) {
        MessageId message = new MessageId(window.partition, arrival.offset());
        Message held = new Message(this, message, window.lane(arrival.key()), arrival, firstReceivedMs);
        window.held.put(message.offset(), held);
        held.lane.hold(held);
        heldCount++;
        grew(Message.BYTES);
        heldIn[held.state().ordinal()]++;
        return held;
    }

    private Session session(String consumer, int timeoutMs) {
        Session session = sessions.computeIfAbsent(consumer, name -> new Session(this, name));
        session.timeoutMs = timeoutMs;
        return session;
    }

    private void applyReturned(long atMs, Return message) {
        Message held = held(message.id());
        leaveSession(held);
        if (message.counts()) {
            held.failed(State.RETURNED, atMs, message.dueMs(), message.reason());
            counters.returned++;
        } else {
            held.takenBack(atMs, message.dueMs());
            counters.delivered--;
        }
        schedule(held);
        // One before it of its key may have waited for it to be out of somebody's hands.
        supply.offer(held.lane);
    }

    private void leaveSession(Message message) {
        if (message.session != null) {
            message.session.messages.remove(message);
            message.session = null;
        }
    }

    // ---- a state that was written down as a whole ----

    /** For {@link QueueState}, before the queue begins. */
    void restore(boolean isPaused, long wasCreatedMs, long wasChangedMs) {
        paused = isPaused;
        createdMs = wasCreatedMs;
        changedMs = wasChangedMs;
    }

    /** For {@link QueueState}: a message that had been delivered. */
    Message restore(Window window, Arrival arrival, long firstReceivedMs) {
        return hold(window, arrival, firstReceivedMs);
    }

    /** For {@link QueueState}: a consumer that is heard. */
    Session restore(String consumer, int timeoutMs) {
        return session(consumer, timeoutMs);
    }

    /** For {@link QueueState}: the next of those that die. */
    void restoreCondemned(MessageId message) {
        condemned.put(message, held(message));
    }

    private void applyFinished(Outcome outcome, long atMs, Finish finish) {
        MessageId message = finish.id();
        Window window = supply.window(message.partition());
        long offset = message.offset();
        window.advance(offset + 1);
        if (outcome != Outcome.ACKNOWLEDGED) {
            window.outcomes(outcome).add(offset);
        }
        Message held = window.held.get(offset);
        done.add(
                held == null
                        ? new Done(message, outcome, atMs, "", 0, 0, finish.result(), List.of())
                        : new Done(
                                message,
                                outcome,
                                atMs,
                                held.consumer,
                                held.deliveries,
                                held.firstReceivedMs,
                                finish.result(),
                                List.copyOf(held.attempts())));
        remove(message);
    }

    /** Nobody has to do anything about a message any more. */
    private void remove(MessageId message) {
        Window window = supply.window(message.partition());
        long offset = message.offset();
        window.open.remove(offset);
        window.delayed.remove(offset);
        supply.withdraw(window, offset);
        Message held = window.held.remove(offset);
        if (held != null) {
            heldCount--;
            grew(-held.sizeInBytes());
            heldIn[held.state().ordinal()]--;
            agenda.cancel(held);
            leaveSession(held);
            condemned.remove(message);
            held.lane.release(held);
            supply.letGo(held.lane);
            return;
        }
        Lane lane = supply.unload(window, offset);
        if (lane != null) {
            supply.letGo(lane);
        }
    }

    private void applyPurged(Window window, long beforeOffset, long atMs) {
        window.advance(beforeOffset);
        List<Message> waiting = window.held.values().stream()
                .filter(message -> message.state() == State.RETURNED && message.id.offset() < beforeOffset)
                // In the same order after every start.
                .sorted(Comparator.comparingLong(message -> message.id.offset()))
                .toList();
        waiting.forEach(message -> applyFinished(Outcome.DROPPED, atMs, Finish.of(message.id)));
        long before = window.open.count();
        OffsetSet dropped = window.open.within(0, beforeOffset);
        window.held.keySet().forEach(dropped::remove);
        window.outcomes(Outcome.DROPPED).addAll(dropped);
        window.open.removeBefore(beforeOffset);
        for (Message message : window.held.values()) {
            window.open.add(message.id.offset());
        }
        counters.dropped += waiting.size() + before - window.open.count();
        supply.forget(window, 0, beforeOffset);
    }

    private void applyGone(Window window, long from, long to) {
        window.advance(to);
        OffsetSet gone = window.open.within(from, to);
        counters.gone += gone.count();
        // What was delivered of it cannot be delivered again.
        window.held.keySet().stream()
                .filter(gone::contains)
                .map(offset -> new MessageId(window.partition, offset))
                .toList()
                .forEach(this::remove);
        window.open.removeAll(gone);
        supply.forget(window, from, to);
    }

    private void applyCut(Window window, long from) {
        OffsetSet lost = window.open.within(from, window.frontier);
        counters.gone += lost.count();
        window.held.keySet().stream()
                .filter(offset -> offset >= from)
                .map(offset -> new MessageId(window.partition, offset))
                .toList()
                .forEach(this::remove);
        supply.forget(window, from, window.frontier);
        window.open.removeAll(lost);
        window.outcomes.values().forEach(some -> some.remove(from, Long.MAX_VALUE));
        window.redriven.remove(from, Long.MAX_VALUE);
        window.frontier = Math.min(window.frontier, from);
        window.scanned = Math.min(window.scanned, from);
        window.sweptTo = 0;
        window.begin = Math.min(window.begin, from);
        window.logStart = Math.min(window.logStart, from);
        done.forget(message -> message.partition() == window.partition && message.offset() >= from);
        links.forget(message -> message.partition() == window.partition && message.offset() >= from);
    }

    private void schedule(Message message) {
        if (!running || message.state() == State.CONDEMNED || message.untilMs == Long.MAX_VALUE) {
            agenda.cancel(message);
            return;
        }
        agenda.set(message, message.untilMs);
    }
}
