package io.sluice.groups.queue;

import io.sluice.groups.queue.Message.State;
import io.sluice.groups.queue.QueueEvent.Changed;
import io.sluice.groups.queue.QueueEvent.Cut;
import io.sluice.groups.queue.QueueEvent.Delivery;
import io.sluice.groups.queue.QueueEvent.Finished;
import io.sluice.groups.queue.QueueEvent.Gone;
import io.sluice.groups.queue.QueueEvent.Leased;
import io.sluice.groups.queue.QueueEvent.Link;
import io.sluice.groups.queue.QueueEvent.Linked;
import io.sluice.groups.queue.QueueEvent.Outcome;
import io.sluice.groups.queue.QueueEvent.Parked;
import io.sluice.groups.queue.QueueEvent.Purged;
import io.sluice.groups.queue.QueueEvent.Redriven;
import io.sluice.groups.queue.QueueEvent.Return;
import io.sluice.groups.queue.QueueEvent.Returned;
import io.sluice.groups.queue.QueueEvent.Trimmed;
import io.sluice.groups.queue.QueueEvent.Unparked;
import io.sluice.groups.queue.Receive.Ack;
import io.sluice.groups.queue.Receive.Extension;
import io.sluice.groups.queue.Receive.Lease;
import io.sluice.groups.queue.Receive.Nack;
import io.sluice.groups.shard.Reply;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One queue: a window of per-message states over the partitions of a topic. Requests are decided into events; {@link #apply} alone changes what is
 * durable. What lies in the log is told by {@link #feed}, and is in memory only as far as it may be delivered soon. For one thread.
 *
 * <p>Its parts, of which each knows only those before it: {@link Supply} has the messages that could be delivered, {@link Facts} what survives,
 * {@link Receivers} who waits, {@link Leases} what becomes of what was delivered. The rest is here.
 */
final class Queue implements Facts.Times {
    private static final Logger LOG = LoggerFactory.getLogger(Queue.class);

    private final UUID id;
    private final String name;
    private final QueueMemory.Share memory;
    private final Agenda agenda;
    private final Feeding feeding;
    private final Supply supply;
    private final Facts facts;
    private final Receivers receivers;
    private final Leases leases;
    private boolean ended;

    Queue(UUID id, String name, QueueConfig config, QueueMemory memory, Agenda agenda, Feeding feeding) {
        this.id = id;
        this.name = name;
        this.memory = memory.share(this);
        this.agenda = agenda;
        this.feeding = feeding;
        QueueLimits limits = memory.limits();
        Source source = new Source(feeding, this);
        this.supply = new Supply(id, limits, this.memory, agenda, this::ready);
        this.facts = new Facts(name, config, this.memory, new DoneRing(memory), agenda, supply, this);
        this.receivers = new Receivers(id, limits, this.memory, agenda, source, supply, facts);
        this.leases = new Leases(id, agenda, source, supply, facts, receivers);
    }

    private void ready(QueueEffects effects) {
        receivers.dispatch(effects);
    }

    UUID id() {
        return id;
    }

    String name() {
        return name;
    }

    QueueConfig config() {
        return facts.config();
    }

    boolean isPaused() {
        return facts.isPaused();
    }

    QueueCounters counters() {
        return facts.counters();
    }

    QueueMemory.Share memory() {
        return memory;
    }

    int heldCount() {
        return facts.heldCount();
    }

    /** How many messages stand somewhere. */
    int heldCount(State state) {
        return facts.heldCount(state);
    }

    Collection<Window> windows() {
        return supply.windows();
    }

    Window window(int partition) {
        return supply.window(partition);
    }

    // ---- what the log holds ----

    /**
     * The state has been replayed, and is compared with where the log ends. If less of it was synced than of the state, messages are lost that
     * something is known of: others have their places now.
     */
    void join(QueueEffects effects) {
        for (int partition = 0; partition < feeding.partitions(this); partition++) {
            OptionalLong end = feeding.foundEnd(this, partition);
            if (end.isEmpty()) {
                continue;
            }
            Window window = window(partition);
            if (end.getAsLong() < window.frontier) {
                LOG.warn(
                        "queue {}: the log of partition {} ends at {}, though {} had been there: {} messages are lost, {} of them had not been finished",
                        name,
                        window.partition,
                        end.getAsLong(),
                        window.frontier,
                        window.frontier - end.getAsLong(),
                        window.open.within(end.getAsLong(), window.frontier).count());
                effects.record(new Cut(id, window.partition, end.getAsLong()));
            } else {
                feeding.joined(id, window.partition);
            }
        }
    }

    /** The state has been replayed. Consumers have been silent because nobody heard them: their sessions begin anew. */
    void begin(long nowMs) {
        facts.begin(nowMs);
    }

    /** When it was created, in ms since the epoch. */
    long createdMs() {
        return facts.createdMs();
    }

    /** When its settings were changed last, in ms since the epoch. */
    long changedMs() {
        return facts.changedMs();
    }

    /** Whether its state has been replayed. */
    boolean isRunning() {
        return facts.isRunning();
    }

    /** Whether it has been deleted. */
    boolean isEnded() {
        return ended;
    }

    /** Another one takes its place, or nobody: whoever waited has been told. */
    void abandon() {
        ended = true;
        receivers.abandon();
    }

    boolean hasWaiters() {
        return receivers.count() > 0;
    }

    long askedMs() {
        return receivers.askedMs();
    }

    int waiterCount() {
        return receivers.count();
    }

    Collection<Session> sessions() {
        return facts.sessions().values();
    }

    ParkedKeys parked() {
        return supply.parked();
    }

    Links links() {
        return facts.links();
    }

    /**
     * Dead letters were sent again. Some may not be of messages of this queue: anybody can write one, and another queue may have had the name.
     *
     * @param places where they lie in this queue's log now, as far as that is known
     */
    void redriven(Collection<StoredMessage> letters, Map<MessageId, MessageId> places, QueueEffects effects) {
        int partitions = feeding.partitions(this);
        List<StoredMessage> own =
                letters.stream().filter(letter -> CaseFile.isOf(letter, id)).toList();
        List<MessageId> died = own.stream()
                .flatMap(letter -> CaseFile.diedAt(letter).stream())
                .filter(message -> message.partition() < partitions && isKnown(message))
                .toList();
        if (!died.isEmpty()) {
            effects.record(new Redriven(id, died));
        }
        List<Link> links = own.stream()
                .filter(letter -> places.containsKey(letter.id()))
                .flatMap(letter ->
                        MessageId.parse(letter.name()).map(from -> new Link(from, places.get(letter.id()))).stream())
                .toList();
        if (!links.isEmpty()) {
            effects.record(new Linked(id, links));
        }
    }

    private boolean isKnown(MessageId message) {
        Window window = window(message.partition());
        return window.logStart <= message.offset() && message.offset() < window.frontier;
    }

    DoneRing done() {
        return facts.done();
    }

    /**
     * What is to be read next of a partition; empty while enough is in memory. Everything from there on, up to wherever the reader stops, is to
     * be told by {@link #feed}.
     */
    OptionalLong nextToRead(int partition) {
        return supply.nextToRead(partition);
    }

    /** How often everything in memory was given back. */
    int releases() {
        return supply.releases();
    }

    /** Everything is given back that lies in the log as well, and is read again when somebody wants it. */
    void release() {
        supply.release();
        if (hasWaiters()) {
            feeding.wants(this);
        }
    }

    /** Whether some of what is in memory could be delivered now. */
    boolean hasReady() {
        return supply.hasReady();
    }

    /** Whether so little is in memory that more should be read before it is asked for. */
    boolean isShort() {
        return supply.isShort();
    }

    /**
     * Messages that the log holds.
     *
     * @param from where was read from: as {@link #nextToRead} said
     * @param to up to where, exclusive
     * @param messages everything that lies there, by offset
     */
    void feed(int partition, long from, long to, List<Arrival> messages, QueueEffects effects) {
        supply.feed(partition, from, to, messages, effects);
        looked(effects);
    }

    /** The log was looked at, and could not be read there: who waits gets what there is without it. */
    void looked(QueueEffects effects) {
        receivers.looked();
        receivers.dispatch(effects);
    }

    // ---- messages that nobody asks for ----

    /** Whether there may be messages that become too old, and whether that matters to anybody. */
    boolean mayBecomeTooOld() {
        boolean isLimited = facts.config().maxMessages() > 0 || facts.config().maxBytes() > 0;
        return facts.config().ttlMs() > 0 || isLimited || windows().stream().anyMatch(window -> window.someExpire);
    }

    /** From where on a partition is to be looked through for messages that are too old. */
    long nextToSweep(int partition) {
        Window window = window(partition);
        return Math.max(window.low(), window.sweptTo);
    }

    /**
     * Drops those of some messages that are too old, unless somebody has them.
     *
     * @param end where the log of the partition ends
     * @return whether to look for more behind {@code to}: nobody is too old behind one that is not and says nothing itself
     */
    boolean expire(int partition, long to, long end, List<Arrival> messages, QueueEffects effects) {
        Window window = window(partition);
        List<Arrival> expired = new ArrayList<>();
        boolean isYoung = false;
        for (Arrival message : messages) {
            Message held = window.held.get(message.offset());
            boolean isFree = held == null ? window.isUndelivered(message.offset()) : held.state() == State.RETURNED;
            if (!isFree) {
                continue;
            }
            if (facts.isExpired(message, effects.nowMs())) {
                expired.add(message);
            } else {
                window.sweepSawSome |= message.expiresAtMs() != Long.MAX_VALUE;
                isYoung |= message.deliverAtMs()
                        <= message.enqueuedMs() + facts.config().delayMs();
            }
        }
        if (!expired.isEmpty()) {
            effects.record(Finished.of(
                    id,
                    Outcome.EXPIRED,
                    effects.nowMs(),
                    expired.stream()
                            .map(Arrival::offset)
                            .map(offset -> new MessageId(partition, offset))
                            .toList()));
            supply.forgotten(window, expired);
            receivers.dispatch(effects);
        }
        // By the queue's time the first ones are too old first; what says something itself may be anywhere.
        window.someExpire |= window.sweepSawSome;
        boolean isEnough = isYoung && facts.config().ttlMs() > 0 && !window.someExpire;
        boolean goesOn = to < end && !isEnough;
        if (!goesOn) {
            window.someExpire = window.sweepSawSome;
            window.sweepSawSome = false;
        }
        window.sweptTo = goesOn || (facts.config().ttlMs() == 0 && !window.someExpire) ? to : 0;
        return goesOn;
    }

    // ---- deliveries ----

    /**
     * Somebody would like to have messages.
     *
     * @return takes the request back, in a turn: nobody waits for the answer any more
     */
    Consumer<QueueEffects> receive(Receive.Request request, Reply<Receive.Answer> reply, QueueEffects effects) {
        return receivers.receive(request, reply, effects);
    }

    // ---- what consumers say of their leases ----

    List<Receive.Outcome> acknowledge(List<Ack> acks, QueueEffects effects) {
        return leases.acknowledge(acks, effects);
    }

    List<Receive.Outcome> extend(List<Extension> extensions, QueueEffects effects) {
        return leases.extend(extensions, effects);
    }

    List<Receive.Outcome> reject(List<Nack> nacks, QueueEffects effects) {
        return leases.reject(nacks, effects);
    }

    /** Messages were given to somebody who did not get them: it is as if they had not been. */
    void giveBack(List<Lease> all, QueueEffects effects) {
        leases.giveBack(all, effects);
    }

    /** Messages that were given to somebody are not in the log any more: nobody can be done with them. */
    void gone(List<Lease> all, QueueEffects effects) {
        leases.gone(all, effects);
    }

    /**
     * A consumer is there.
     *
     * @return how many messages it has; -1 if it has no session
     */
    int heard(String consumer, QueueEffects effects) {
        return leases.heard(consumer, effects);
    }

    /** A connection of a consumer was cut: if it was its last one, it has to be heard soon. */
    void cut(String consumer, QueueEffects effects) {
        leases.cut(consumer, effects);
    }

    /** A consumer goes: others get what it has, at once. Returns how many messages that were; -1 if it has no session. */
    int leave(String consumer, QueueEffects effects) {
        return leases.leave(consumer, effects);
    }

    @Override
    public void due(Message message, QueueEffects effects) {
        leases.due(message, effects);
    }

    @Override
    public void silent(Session session, QueueEffects effects) {
        leases.silent(session, effects);
    }

    // ---- the dead ----

    /** Messages that are on their way to the dead letters, in the order in which they died. */
    Collection<Message> condemned() {
        return facts.condemned().values();
    }

    /** One of them, if it is still. */
    Optional<Message> condemned(MessageId message) {
        return Optional.ofNullable(facts.condemned().get(message));
    }

    /** Messages are among the dead letters, or cannot get there; those of them that are not on their way are left alone. */
    void buried(List<MessageId> messages, QueueEffects effects) {
        List<MessageId> dead =
                messages.stream().filter(facts.condemned()::containsKey).toList();
        if (!dead.isEmpty()) {
            effects.record(Finished.of(id, Outcome.DEAD, effects.nowMs(), dead));
            receivers.dispatch(effects);
        }
    }

    /** Copies that go into another queue: 0 of the dead letters, others of jobs. */
    Map<Long, Transfer> transfers() {
        return facts.transfers();
    }

    Transfer transfer(long number) {
        return facts.transfer(number);
    }

    // ---- jobs ----

    /** Jobs that move or copy messages, by number: all that run, and those that have ended last. */
    NavigableMap<Long, Job> jobs() {
        return facts.jobs();
    }

    /** Whether a job has something to do. */
    boolean isAtWork() {
        return facts.jobs().values().stream()
                .anyMatch(job -> job.state == JobView.State.RUNNING
                        || transfer(job.number).isBusy());
    }

    /** Where a message stands that a job may be about. */
    enum Standing {
        /** Nobody has it. */
        FREE,
        /** Somebody has it, or it is on its way to the dead letters. */
        TAKEN,
        /** Nothing more happens to it. */
        FINISHED
    }

    Standing standing(MessageId message) {
        Window window = window(message.partition());
        Message held = window.held.get(message.offset());
        if (held != null) {
            return held.state() == State.RETURNED ? Standing.FREE : Standing.TAKEN;
        }
        return window.isUndelivered(message.offset()) ? Standing.FREE : Standing.FINISHED;
    }

    /** Messages that nobody has are a job's until it lets them go. */
    void claim(Job job, int partition, List<Arrival> messages, QueueEffects effects) {
        Window window = window(partition);
        List<Delivery> deliveries = new ArrayList<>();
        for (Arrival message : messages) {
            Message held = window.held.get(message.offset());
            if (held == null) {
                supply.unload(window, message.offset());
            }
            supply.withdraw(window, message.offset());
            deliveries.add(new Delivery(partition, held == null ? message : held.arrival, job.nonce()));
        }
        effects.record(new Leased(id, job.id(), effects.nowMs(), Long.MAX_VALUE, 0, deliveries));
        supply.forgotten(window, messages);
        receivers.dispatch(effects);
    }

    /** Those of some messages that are a job's. */
    List<MessageId> claimed(Job job, List<MessageId> messages) {
        return messages.stream()
                .filter(message -> {
                    Message held = window(message.partition()).held.get(message.offset());
                    return held != null && held.state() == State.LEASED && held.nonce == job.nonce();
                })
                .toList();
    }

    /** Messages that were a job's are somewhere else now. */
    void moved(Job job, List<MessageId> messages, QueueEffects effects) {
        List<MessageId> all = claimed(job, messages);
        if (!all.isEmpty()) {
            effects.record(Finished.of(id, Outcome.ACKNOWLEDGED, effects.nowMs(), all));
            receivers.dispatch(effects);
        }
    }

    /** Messages that were a job's are anybody's. */
    void letGo(Job job, List<MessageId> messages, QueueEffects effects) {
        List<Return> all = claimed(job, messages).stream()
                .map(message -> new Return(message, effects.nowMs(), job.id(), false))
                .toList();
        if (!all.isEmpty()) {
            effects.record(new Returned(id, effects.nowMs(), all));
            receivers.dispatch(effects);
        }
    }

    // ---- the whole queue ----

    void change(QueueConfig to, boolean pause, QueueEffects effects) {
        effects.record(new Changed(id, to, pause, effects.nowMs()));
        // Another order lets others go first.
        supply.letGoAll();
        receivers.dispatch(effects);
    }

    /** Nobody gets messages of a key from now on; who has one keeps it. What is said of one that is parked already, counts from now on. */
    QueueError park(byte[] key, String reason, QueueEffects effects) {
        long hash = Arrivals.keyOf(ByteBuffer.wrap(key));
        if (parked().isFull() && !parked().contains(hash)) {
            return QueueError.TOO_MANY_PARKED;
        }
        effects.record(new Parked(id, hash, key, reason, effects.nowMs()));
        return QueueError.NONE;
    }

    /** Messages of a key go on. */
    QueueError unpark(byte[] key, QueueEffects effects) {
        long hash = Arrivals.keyOf(ByteBuffer.wrap(key));
        if (!parked().contains(hash)) {
            return QueueError.NOT_PARKED;
        }
        effects.record(new Unparked(id, hash));
        receivers.dispatch(effects);
        return QueueError.NONE;
    }

    /**
     * Finishes everything that nobody has at the moment.
     *
     * @param ends where the partitions end
     */
    void purge(Map<Integer, Long> ends, QueueEffects effects) {
        ends.forEach((partition, end) -> effects.record(new Purged(id, partition, end, effects.nowMs())));
        receivers.dispatch(effects);
    }

    /** Finishes one message, whoever has it. */
    QueueError delete(MessageId message, QueueEffects effects) {
        Window window = window(message.partition());
        if (!window.isUndelivered(message.offset()) && !window.held.containsKey(message.offset())) {
            return QueueError.UNKNOWN_MESSAGE;
        }
        effects.record(Finished.of(id, Outcome.DROPPED, effects.nowMs(), List.of(message)));
        supply.forgotten(window, message.offset());
        receivers.dispatch(effects);
        return QueueError.NONE;
    }

    /** The log of a partition begins at an offset: nobody can have what lay before it. */
    void logBegins(int partition, long offset, QueueEffects effects) {
        Window window = window(partition);
        if (offset <= window.logStart) {
            return;
        }
        if (window.low() < offset) {
            effects.record(new Gone(id, partition, window.low(), offset));
        }
        effects.record(new Trimmed(id, partition, offset));
        receivers.dispatch(effects);
    }

    /** Nobody gets anything any more. */
    void end(QueueEffects effects) {
        ended = true;
        receivers.end(effects);
        supply.end();
        facts.sessions().values().forEach(agenda::cancel);
        for (Window window : windows()) {
            window.held.values().forEach(agenda::cancel);
        }
    }

    /** What the queue knows, for those who write it down or read it. */
    Facts facts() {
        return facts;
    }

    /** Something has happened: the only way in which durable state changes. */
    void apply(QueueEvent event) {
        receivers.lookAgain();
        facts.apply(event);
    }
}
