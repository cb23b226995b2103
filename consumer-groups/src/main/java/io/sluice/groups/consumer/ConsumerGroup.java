package io.sluice.groups.consumer;

import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import io.sluice.groups.CommittedOffset;
import io.sluice.groups.Effects;
import io.sluice.groups.GroupError;
import io.sluice.groups.GroupEvent;
import io.sluice.groups.GroupLimits;
import io.sluice.groups.GroupState;
import io.sluice.groups.Members;
import io.sluice.groups.Rebalance.Owed;
import io.sluice.groups.Timers;
import io.sluice.groups.Topics;
import io.sluice.groups.assign.AssignmentInput;
import io.sluice.groups.assign.Assignors;
import io.sluice.groups.assign.MemberInput;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.classic.Join;
import io.sluice.groups.classic.Sync;
import io.sluice.groups.consumer.MemberState.Client;
import io.sluice.groups.consumer.MemberState.Kind;
import io.sluice.groups.consumer.MemberState.Phase;
import io.sluice.groups.consumer.MemberState.Standing;
import io.sluice.groups.consumer.MemberState.Subscription;
import io.sluice.groups.shard.Reply;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The members of one group whose partitions the broker assigns: those of the consumer protocol, those who poll over HTTP, and
 * those of the classic protocol who came before the first of the others, or after.
 *
 * <p>Every change of what members want, or of the topics, begins a new epoch with a new target for everybody. Each member is
 * brought there on its own: it gives back what others are to have, and gets what others have given back. Nobody waits for
 * somebody from whom it gets nothing.
 *
 * <p>A pure state machine for one thread. What survives is the epoch and the {@link MemberState} of each member; they change
 * by {@link #put}, {@link #gone} and {@link #epoch(int)} alone.
 */
public final class ConsumerGroup implements Members {
    private final String id;
    private final GroupLimits limits;
    private final Timers timers;
    private final Topics topics;
    private final Consumer<String> onTimeout;
    private final ClassicMembers classic = new ClassicMembers(this);

    private long changes;
    private int epoch;
    private final Map<String, Seat> seats = new TreeMap<>();
    /** Who has a partition, or has not given it back yet. */
    private final Map<TopicIdPartition, String> owners = new HashMap<>();
    /** How much all members say of themselves. */
    private long bytes;
    /** What there is to be assigned: partitions by topic, as they were when the targets were made. */
    private Map<UUID, Integer> counts = Map.of();
    /** Whether a partition has been given back since members were last looked at who wait for one. */
    private boolean released;

    /** @param onTimeout told the group's name when a timer has taken a member */
    public ConsumerGroup(String id, GroupLimits limits, Timers timers, Topics topics, Consumer<String> onTimeout) {
        this.id = id;
        this.limits = limits;
        this.timers = timers;
        this.topics = topics;
        this.onTimeout = onTimeout;
    }

    // ---- what survives ----

    /** Takes over the number of the present assignment. */
    public void epoch(int now) {
        changes++;
        epoch = now;
    }

    /** Takes over what is known of a member. */
    public void put(MemberState now) {
        changes++;
        Seat seat = seats.get(now.id());
        if (seat == null) {
            seat = new Seat(now, this);
            seats.put(now.id(), seat);
        } else {
            disown(seat.state());
            bytes -= seat.state().sizeInBytes();
            seat.state(now);
        }
        bytes += now.sizeInBytes();
        now.standing().assigned().keySet().forEach(partition -> owners.put(partition, now.id()));
        now.standing().revoking().keySet().forEach(partition -> owners.put(partition, now.id()));
    }

    /** A member is one no more. */
    public void gone(String memberId) {
        changes++;
        Seat seat = seats.remove(memberId);
        if (seat != null) {
            disown(seat.state());
            bytes -= seat.state().sizeInBytes();
            timers.cancel(seat.session());
            timers.cancel(seat.deadline());
        }
    }

    private void disown(MemberState before) {
        Standing standing = before.standing();
        for (Collection<TopicIdPartition> some :
                List.of(standing.assigned().keySet(), standing.revoking().keySet())) {
            for (TopicIdPartition partition : some) {
                released |= owners.remove(partition, before.id());
            }
        }
    }

    @Override
    public void begin(Effects effects) {
        for (Seat seat : seats.values()) {
            seat.takeForHolding();
            alive(seat, effects);
            watch(seat, effects);
        }
        counts = countsOf(seats.values().stream().map(Seat::state).toList());
        Set<TopicIdPartition> covered = new HashSet<>();
        seats.values().forEach(seat -> covered.addAll(seat.state().target()));
        if (!covered.equals(all(counts))) {
            assignAnew(effects);
        }
    }

    private static Set<TopicIdPartition> all(Map<UUID, Integer> counts) {
        Set<TopicIdPartition> all = new HashSet<>();
        counts.forEach((topic, count) -> {
            for (int i = 0; i < count; i++) {
                all.add(new TopicIdPartition(topic, i));
            }
        });
        return all;
    }

    @Override
    public void end(Effects effects) {
        classic.end();
        for (Seat seat : List.copyOf(seats.values())) {
            remove(seat, Poll.Interruption.REMOVED, effects);
        }
    }

    // ---- questions ----

    @Override
    public long changes() {
        return changes;
    }

    @Override
    public Set<String> ids() {
        return Set.copyOf(seats.keySet());
    }

    @Override
    public boolean isSettled() {
        return state() != GroupState.RECONCILING;
    }

    @Override
    public Map<String, Owed> owing() {
        Map<String, Owed> owing = new HashMap<>();
        for (Seat seat : seats.values()) {
            MemberState member = seat.state();
            boolean keepsTooMuch = !member.standing().revoking().isEmpty()
                    || !member.target().containsAll(member.standing().assigned().keySet());
            boolean mayHaveMore = member.target().stream()
                    .anyMatch(partition ->
                            !member.standing().assigned().containsKey(partition) && isFree(partition, member.id()));
            if (keepsTooMuch) {
                owing.put(member.id(), Owed.GIVE_BACK);
            } else if (mayHaveMore) {
                owing.put(member.id(), Owed.COME);
            }
        }
        return owing;
    }

    @Override
    public int size() {
        return seats.size();
    }

    @Override
    public boolean isEmpty() {
        return seats.isEmpty();
    }

    @Override
    public boolean isDeserted() {
        return seats.isEmpty() && classic.isDeserted();
    }

    @Override
    public long bytesBeside(String memberId, String instanceId) {
        Optional<Seat> left = instanceId.isEmpty() ? seat(memberId) : byInstance(instanceId);
        return bytes - left.map(seat -> seat.state().sizeInBytes()).orElse(0L);
    }

    @Override
    public int generation() {
        return epoch;
    }

    /** What the group is doing. */
    public GroupState state() {
        if (seats.isEmpty()) {
            return GroupState.EMPTY;
        }
        boolean stable = seats.values().stream()
                .map(Seat::state)
                .allMatch(member -> member.standing().phase() == Phase.STABLE
                        && member.standing().assigned().keySet().equals(member.target()));
        return stable ? GroupState.STABLE : GroupState.RECONCILING;
    }

    /** Whether only members of the classic protocol are left: then they can do without the broker. */
    public boolean isAllClassic() {
        return !seats.isEmpty() && seats.values().stream().allMatch(seat -> seat.is(Kind.CLASSIC));
    }

    /** The name of the assignor that most members would like. */
    public String assignor() {
        Map<String, Integer> votes = new TreeMap<>();
        for (Seat seat : seats.values()) {
            String liked = seat.state().subscription().assignor();
            if (!liked.isEmpty()) {
                votes.merge(liked, 1, Integer::sum);
            }
        }
        return votes.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(Assignors.DEFAULT);
    }

    /** The members as they are now. */
    public List<ConsumerMember> members() {
        return seats.values().stream()
                .map(seat ->
                        new ConsumerMember(seat.state(), seat.lastHeardMs(), seat.heldRecords(), seat.heldSinceMs()))
                .toList();
    }

    /** Whether a member wants a topic of a name. */
    public boolean isSubscribed(String topic) {
        return seats.values().stream()
                .map(seat -> seat.state().subscription())
                .anyMatch(wanted -> wanted.topics().contains(topic)
                        || !wanted.regex().isEmpty()
                                && TopicPattern.of(wanted.regex()).matches(topic));
    }

    Optional<Seat> seat(String memberId) {
        return Optional.ofNullable(seats.get(memberId));
    }

    Optional<Seat> byInstance(String instanceId) {
        return instanceId.isEmpty()
                ? Optional.empty()
                : seats.values().stream()
                        .filter(seat -> seat.state().client().instanceId().equals(instanceId))
                        .findFirst();
    }

    private boolean hasRoom() {
        return hasRoomBeside(0);
    }

    /** @param others who are not members yet */
    boolean hasRoomBeside(int others) {
        return seats.size() + others < limits.maxMembers();
    }

    Topics topics() {
        return topics;
    }

    Timers timers() {
        return timers;
    }

    String id() {
        return id;
    }

    int epoch() {
        return epoch;
    }

    // ---- the consumer protocol ----

    /** A member says what it wants and has; it is told what it is to have. */
    public void heartbeat(Heartbeat.Request request, Reply<Heartbeat.Answer> reply, Effects effects) {
        Heartbeat.Answer answer = request.epoch() < 0 ? leave(request, effects) : heartbeat(request, effects);
        effects.answer(reply, answer);
    }

    private Heartbeat.Answer leave(Heartbeat.Request request, Effects effects) {
        Optional<Seat> found =
                request.instanceId().isEmpty() ? seat(request.memberId()) : byInstance(request.instanceId());
        if (found.isEmpty()) {
            return Heartbeat.Answer.refused(
                    GroupError.UNKNOWN_MEMBER,
                    "Member " + request.memberId() + " is not a member of group " + id + ".");
        }
        Seat seat = found.get();
        if (!seat.id().equals(request.memberId())) {
            return fencedInstance(request, seat);
        }
        if (request.epoch() == Heartbeat.LEAVE_FOR_A_WHILE && seat.state().isStatic()) {
            Standing standing = seat.state().standing();
            // What it was told to give back it has given back.
            effects.record(new GroupEvent.MemberChanged(
                    id,
                    seat.state()
                            .with(new Standing(
                                    Standing.AWAY, standing.epoch(), Phase.STABLE, standing.assigned(), Map.of()))));
            timers.cancel(seat.deadline());
            alive(seat, effects);
            giveOn(effects);
        } else {
            remove(seat, Poll.Interruption.REMOVED, effects);
            assignAnew(effects);
        }
        return new Heartbeat.Answer(GroupError.NONE, "", request.memberId(), request.epoch(), 0, Optional.empty());
    }

    private static Heartbeat.Answer fencedInstance(Heartbeat.Request request, Seat seat) {
        return Heartbeat.Answer.refused(
                GroupError.FENCED_INSTANCE,
                "Static member " + request.memberId() + " with instance id " + request.instanceId()
                        + " was fenced by member " + seat.id() + ".");
    }

    private Heartbeat.Answer heartbeat(Heartbeat.Request request, Effects effects) {
        if (request.assignor().filter(name -> Assignors.byName(name).isEmpty()).isPresent()) {
            return Heartbeat.Answer.refused(
                    GroupError.UNSUPPORTED_ASSIGNOR,
                    "ServerAssignor " + request.assignor().get() + " is not supported. Supported assignors: "
                            + String.join(", ", Assignors.names()) + ".");
        }
        Optional<String> badPattern =
                request.regex().filter(regex -> !regex.isEmpty()).flatMap(TopicPattern::fault);
        if (badPattern.isPresent()) {
            return Heartbeat.Answer.refused(GroupError.INVALID_REGULAR_EXPRESSION, badPattern.get());
        }
        return request.epoch() == Heartbeat.JOIN ? joining(request, effects) : staying(request, effects);
    }

    private Heartbeat.Answer joining(Heartbeat.Request request, Effects effects) {
        Optional<Seat> before =
                request.instanceId().isEmpty() ? seat(request.memberId()) : byInstance(request.instanceId());
        MemberState state;
        if (before.isEmpty()) {
            if (!hasRoom()) {
                return Heartbeat.Answer.refused(
                        GroupError.GROUP_FULL,
                        "The consumer group has reached its maximum capacity of " + limits.maxMembers() + " members.");
            }
            state = new MemberState(
                    request.memberId(), Kind.CONSUMER, clientOf(request), wishOf(request), Standing.NEW, Set.of());
        } else {
            MemberState old = before.get().state();
            boolean sameMember = old.id().equals(request.memberId());
            if (!sameMember && old.standing().epoch() != Standing.AWAY) {
                return Heartbeat.Answer.refused(
                        GroupError.UNRELEASED_INSTANCE,
                        "Static member " + request.memberId() + " with instance id " + request.instanceId()
                                + " cannot join the group because the instance id is owned by " + old.id()
                                + " member.");
            }
            // It has nothing now, whatever it had: a static one gets the same again, for that is its target.
            Standing fresh = new Standing(0, 0, Phase.STABLE, Map.of(), Map.of());
            state = new MemberState(
                    request.memberId(), Kind.CONSUMER, clientOf(request), wishOf(request), fresh, old.target());
            if (!sameMember || old.kind() != Kind.CONSUMER) {
                remove(before.get(), Poll.Interruption.REMOVED, effects);
            }
        }
        boolean same = before.map(seat -> seat.state().subscription().wantsTheSame(state.subscription()))
                .orElse(false);
        effects.record(new GroupEvent.MemberChanged(id, state));
        return proceed(seats.get(state.id()), request, !same, Optional.of(Set.of()), effects);
    }

    private Heartbeat.Answer staying(Heartbeat.Request request, Effects effects) {
        Optional<Seat> found =
                request.instanceId().isEmpty() ? seat(request.memberId()) : byInstance(request.instanceId());
        if (found.isEmpty()) {
            return Heartbeat.Answer.refused(
                    GroupError.UNKNOWN_MEMBER,
                    "Member " + request.memberId() + " is not a member of group " + id + ".");
        }
        Seat seat = found.get();
        if (!seat.id().equals(request.memberId())) {
            return fencedInstance(request, seat);
        }
        Standing standing = seat.state().standing();
        // The answer with the present epoch may have been lost.
        boolean isLate = request.epoch() == standing.previousEpoch()
                && request.owned()
                        .filter(owned -> standing.assigned().keySet().containsAll(owned))
                        .isPresent();
        if (!seat.is(Kind.CONSUMER) || request.epoch() != standing.epoch() && !isLate) {
            return Heartbeat.Answer.refused(
                    GroupError.FENCED_MEMBER_EPOCH,
                    "The consumer group member has a "
                            + (request.epoch() > standing.epoch() ? "greater" : "smaller")
                            + " member epoch (" + request.epoch()
                            + ") than the one known by the group coordinator (" + standing.epoch()
                            + "). The member must abandon all its partitions and rejoin.");
        }
        MemberState before = seat.state();
        Client client = clientOf(request, before.client());
        Subscription wish = wishOf(request, before.subscription());
        boolean same = before.subscription().wantsTheSame(wish);
        if (!same || !before.client().equals(client)) {
            effects.record(new GroupEvent.MemberChanged(id, before.with(client).with(wish)));
        }
        return proceed(seat, request, !same, request.owned(), effects);
    }

    private Heartbeat.Answer proceed(
            Seat seat,
            Heartbeat.Request request,
            boolean wantsOther,
            Optional<Set<TopicIdPartition>> owned,
            Effects effects) {
        Set<TopicIdPartition> before =
                Set.copyOf(seat.state().standing().assigned().keySet());
        alive(seat, effects);
        if (wantsOther) {
            assignAnew(effects);
        }
        advance(seat, owned, effects);
        giveOn(effects);
        Standing now = seat.state().standing();
        Set<TopicIdPartition> assigned = now.assigned().keySet();
        boolean tell = request.epoch() == Heartbeat.JOIN || request.isWhole() || !assigned.equals(before);
        return new Heartbeat.Answer(
                GroupError.NONE,
                "",
                seat.id(),
                now.epoch(),
                limits.consumerHeartbeatIntervalMs(),
                tell ? Optional.of(Set.copyOf(assigned)) : Optional.empty());
    }

    private Client clientOf(Heartbeat.Request request) {
        return clientOf(
                request,
                new Client(
                        request.instanceId(),
                        "",
                        request.clientId(),
                        request.clientHost(),
                        0,
                        limits.consumerSessionTimeoutMs()));
    }

    private Client clientOf(Heartbeat.Request request, Client before) {
        return new Client(
                request.instanceId().isEmpty() ? before.instanceId() : request.instanceId(),
                request.rackId().orElse(before.rackId()),
                request.clientId(),
                request.clientHost(),
                request.rebalanceTimeoutMs().orElse(before.rebalanceTimeoutMs()),
                limits.consumerSessionTimeoutMs());
    }

    private static Subscription wishOf(Heartbeat.Request request) {
        return wishOf(request, new Subscription(List.of(), "", "", List.of()));
    }

    private static Subscription wishOf(Heartbeat.Request request, Subscription before) {
        return new Subscription(
                request.topics().orElse(before.topics()),
                request.regex().orElse(before.regex()),
                request.assignor().orElse(before.assignor()),
                List.of());
    }

    // ---- members over HTTP ----

    /** A member comes for records, and says what it has done. */
    public void poll(
            Poll.Request request,
            Function<TopicPartition, Optional<CommittedOffset>> positions,
            Reply<Poll.Answer> reply,
            Effects effects) {
        Seat seat = seats.get(request.member());
        if (seat != null && !seat.is(Kind.HTTP)) {
            effects.answer(reply, Poll.Answer.refused(GroupError.MEMBER_OF_OTHER_PROTOCOL));
            return;
        }
        if (seat == null && !hasRoom()) {
            effects.answer(reply, Poll.Answer.refused(GroupError.GROUP_FULL));
            return;
        }
        if (seat != null && request.continues() != Poll.NEW && seat.hasPolledSince(request.continues())) {
            effects.answer(reply, Poll.Answer.refused(GroupError.SUPERSEDED));
            return;
        }
        Client client = new Client(
                "",
                "",
                request.clientId(),
                request.clientHost(),
                request.sessionTimeoutMs(),
                request.sessionTimeoutMs());
        Subscription wish = new Subscription(request.topics(), "", "", List.of());
        boolean wantsOther = seat == null || !seat.state().subscription().wantsTheSame(wish);
        Poll.Committed committed = request.commit()
                .map(cursor -> commit(request.member(), cursor, effects))
                .orElse(Poll.Committed.NOTHING);
        if (seat == null) {
            effects.record(new GroupEvent.MemberChanged(
                    id, new MemberState(request.member(), Kind.HTTP, client, wish, Standing.NEW, Set.of())));
            seat = seats.get(request.member());
        } else {
            seat.interrupt(Poll.Interruption.SUPERSEDED, effects);
            if (wantsOther || seat.state().client().sessionTimeoutMs() != request.sessionTimeoutMs()) {
                effects.record(new GroupEvent.MemberChanged(
                        id, seat.state().with(client).with(wish)));
            }
        }
        // Whoever asks again has nothing in hand: without a commit it gets the same records once more.
        seat.putDown();
        alive(seat, effects);
        if (wantsOther) {
            assignAnew(effects);
        }
        advance(seat, Optional.of(Set.of()), effects);
        giveOn(effects);
        Standing now = seat.state().standing();
        List<Poll.Readable> readable = new ArrayList<>();
        now.assigned().keySet().stream()
                .sorted()
                .forEach(partition -> name(partition)
                        .ifPresent(named -> readable.add(new Poll.Readable(
                                named,
                                partition,
                                positions
                                        .apply(named)
                                        .filter(position -> position.topicId().equals(partition.topicId())),
                                now.assigned().get(partition)))));
        long poll = seat.polls(request.interrupted());
        int waitingFor = (int) seat.state().target().stream()
                .filter(wanted -> !now.assigned().containsKey(wanted))
                .count();
        effects.answer(reply, new Poll.Answer(GroupError.NONE, poll, epoch, committed, readable, waitingFor));
    }

    /** A poll takes long to be answered, and its client is there. */
    public void pollGoesOn(String memberId, long poll, Effects effects) {
        seat(memberId).filter(seat -> seat.isPolling(poll)).ifPresent(seat -> alive(seat, effects));
    }

    /** A poll has ended; its client may hold records now. */
    public void pollDone(Poll.Done done, Effects effects) {
        Seat seat = seats.get(done.member());
        if (seat != null && seat.isPolling(done.poll())) {
            seat.answered(done, effects.nowMs());
            alive(seat, effects);
            released = true;
            giveOn(effects);
        }
    }

    /** A member leaves after a poll, unless it has polled since: then somebody else speaks for it by now. */
    public void leave(String memberId, long poll, Effects effects) {
        Seat seat = seats.get(memberId);
        if (seat != null && seat.is(Kind.HTTP) && seat.isLast(poll)) {
            remove(seat, Poll.Interruption.LEFT, effects);
            assignAnew(effects);
        }
    }

    /** A member over HTTP is there, though it neither polls nor commits: it keeps what it has. */
    public void isThere(String memberId, Effects effects) {
        Seat seat = seats.get(memberId);
        if (seat != null && seat.is(Kind.HTTP)) {
            alive(seat, effects);
        }
    }

    /** Moves the positions of partitions that the member has had ever since the poll that its cursor is of. */
    public Poll.Committed commit(String memberId, Poll.Cursor cursor, Effects effects) {
        Seat seat = seats.get(memberId);
        Map<TopicPartition, GroupError> outcomes = new HashMap<>();
        cursor.offsets().forEach((partition, offset) -> {
            Optional<TopicPartition> named = name(partition);
            if (named.isEmpty()) {
                return;
            }
            boolean has = seat != null && seat.is(Kind.HTTP) && sinceOf(seat, partition) <= cursor.epoch();
            if (has) {
                effects.record(new GroupEvent.Committed(
                        id, named.get(), new CommittedOffset(partition.topicId(), offset, -1, "", effects.nowMs())));
            }
            outcomes.put(named.get(), has ? GroupError.NONE : GroupError.FENCED_MEMBER_EPOCH);
        });
        return new Poll.Committed(GroupError.NONE, outcomes);
    }

    /** A member is done with its records without asking for more. */
    public void committed(String memberId, Effects effects) {
        Seat seat = seats.get(memberId);
        if (seat != null && seat.is(Kind.HTTP)) {
            alive(seat, effects);
            if (!seat.isPolling()) {
                seat.putDown();
                released = true;
                giveOn(effects);
            }
        }
    }

    /** Since which epoch the member has had a partition; the largest number if it has not. */
    private static int sinceOf(Seat seat, TopicIdPartition partition) {
        Standing standing = seat.state().standing();
        Integer since = standing.assigned().get(partition);
        if (since == null) {
            since = standing.revoking().get(partition);
        }
        return since == null ? Integer.MAX_VALUE : since;
    }

    private Optional<TopicPartition> name(TopicIdPartition partition) {
        return topics.topic(partition.topicId())
                .filter(topic -> partition.partition() < topic.partitions())
                .map(topic -> new TopicPartition(topic.name(), partition.partition()));
    }

    // ---- members of the classic protocol ----

    @Override
    public void join(Join.Request request, Reply<Join.Answer> reply, Effects effects) {
        classic.join(request, reply, effects);
    }

    @Override
    public void sync(Sync.Request request, Reply<Sync.Answer> reply, Effects effects) {
        classic.sync(request, reply, effects);
    }

    @Override
    public GroupError heartbeat(String memberId, String instanceId, int generation, Effects effects) {
        return classic.heartbeat(memberId, instanceId, generation, effects);
    }

    @Override
    public GroupError leave(String memberId, String instanceId, Effects effects) {
        Optional<Seat> found = instanceId.isEmpty() ? seat(memberId) : byInstance(instanceId);
        if (found.isEmpty()) {
            return instanceId.isEmpty() && classic.takePromise(memberId) ? GroupError.NONE : GroupError.UNKNOWN_MEMBER;
        }
        if (!memberId.isEmpty() && !found.get().id().equals(memberId)) {
            return GroupError.FENCED_INSTANCE;
        }
        remove(found.get(), Poll.Interruption.LEFT, effects);
        assignAnew(effects);
        return GroupError.NONE;
    }

    @Override
    public GroupError mayCommit(String memberId, String instanceId, int generation, Effects effects) {
        if (generation < 0 && seats.isEmpty()) {
            return GroupError.NONE;
        }
        Optional<Seat> found = instanceId.isEmpty() ? seat(memberId) : byInstance(instanceId);
        if (found.isEmpty() || found.get().is(Kind.HTTP)) {
            return GroupError.UNKNOWN_MEMBER;
        }
        Seat seat = found.get();
        if (!seat.id().equals(memberId)) {
            return GroupError.FENCED_INSTANCE;
        }
        if (seat.is(Kind.CLASSIC)) {
            if (generation != seat.state().standing().epoch()) {
                return GroupError.ILLEGAL_GENERATION;
            }
            alive(seat, effects);
            return GroupError.NONE;
        }
        return generation == seat.state().standing().epoch() ? GroupError.NONE : GroupError.STALE_MEMBER_EPOCH;
    }

    /** Whether a member may ask for positions: one of another epoch would read what is not its own any more. */
    public GroupError mayFetch(String memberId, int memberEpoch) {
        if (memberId.isEmpty() && memberEpoch < 0) {
            return GroupError.NONE;
        }
        Seat seat = seats.get(memberId);
        if (seat == null) {
            return GroupError.UNKNOWN_MEMBER;
        }
        return memberEpoch == seat.state().standing().epoch() ? GroupError.NONE : GroupError.STALE_MEMBER_EPOCH;
    }

    // ---- assignment ----

    /** The topics have changed: everybody's targets are made anew if it matters to the group. */
    public void topicsChanged(Effects effects) {
        if (!seats.isEmpty()
                && !countsOf(seats.values().stream().map(Seat::state).toList()).equals(counts)) {
            assignAnew(effects);
        }
    }

    private Map<UUID, Integer> countsOf(Collection<MemberState> members) {
        Map<UUID, Integer> all = new HashMap<>();
        for (MemberState member : members) {
            for (Topic topic : wanted(member.subscription())) {
                all.put(topic.id(), topic.partitions());
            }
        }
        return all;
    }

    private List<Topic> wanted(Subscription wish) {
        List<Topic> found = new ArrayList<>();
        for (String name : wish.topics()) {
            topics.topic(name).ifPresent(found::add);
        }
        if (!wish.regex().isEmpty()) {
            TopicPattern pattern = TopicPattern.of(wish.regex());
            topics.topics().stream()
                    .filter(topic -> pattern.matches(topic.name()))
                    .forEach(found::add);
        }
        return found;
    }

    /** Begins a new epoch: everybody gets a new target, and those who need no word of their client are brought there. */
    void assignAnew(Effects effects) {
        effects.record(new GroupEvent.EpochBegun(id, epoch + 1));
        Map<UUID, Integer> now = new HashMap<>();
        Map<String, MemberInput> inputs = new HashMap<>();
        for (Seat seat : seats.values()) {
            MemberState member = seat.state();
            Set<UUID> subscribed = new HashSet<>();
            for (Topic topic : wanted(member.subscription())) {
                subscribed.add(topic.id());
                now.put(topic.id(), topic.partitions());
            }
            Optional<String> instance =
                    Optional.of(member.client().instanceId()).filter(name -> !name.isEmpty());
            inputs.put(seat.id(), new MemberInput(instance, subscribed, member.target()));
        }
        counts = now;
        Map<String, Set<TopicIdPartition>> targets = Assignors.byName(assignor())
                .orElseThrow(() -> new IllegalStateException("no assignor " + assignor()))
                .assign(new AssignmentInput(inputs, now));
        for (Seat seat : List.copyOf(seats.values())) {
            Set<TopicIdPartition> target = targets.getOrDefault(seat.id(), Set.of());
            if (!target.equals(seat.state().target())) {
                effects.record(new GroupEvent.MemberChanged(id, seat.state().withTarget(target)));
            }
        }
        released = true;
        giveOn(effects);
    }

    /** Brings those to their targets who need no word of their client for it, as far as others have given back. */
    void giveOn(Effects effects) {
        while (released) {
            released = false;
            for (Seat seat : List.copyOf(seats.values())) {
                if (seat.is(Kind.HTTP)) {
                    Set<TopicIdPartition> before =
                            seat.state().standing().assigned().keySet();
                    advance(seat, Optional.of(seat.inHand()), effects);
                    if (!before.equals(seat.state().standing().assigned().keySet())) {
                        seat.interrupt(Poll.Interruption.CHANGED, effects);
                    }
                }
            }
        }
    }

    /**
     * Brings a member as near to its target as is possible now.
     *
     * @param owned what its client has, if it is known
     */
    void advance(Seat seat, Optional<Set<TopicIdPartition>> owned, Effects effects) {
        Standing before = seat.state().standing();
        Standing next = Reconciler.next(seat.state(), owned, epoch, partition -> isFree(partition, seat.id()));
        if (!next.equals(before)) {
            effects.record(new GroupEvent.MemberChanged(id, seat.state().with(next)));
        }
        watch(seat, effects);
    }

    boolean isFree(TopicIdPartition partition, String memberId) {
        String owner = owners.get(partition);
        return owner == null || owner.equals(memberId);
    }

    /** A member that must give partitions back has only so long. */
    private void watch(Seat seat, Effects effects) {
        if (seat.is(Kind.CLASSIC)) {
            classic.watch(seat, effects);
        } else if (seat.is(Kind.CONSUMER) && seat.state().standing().phase() == Phase.UNREVOKED) {
            if (seat.deadline().dueMs() == Long.MAX_VALUE) {
                timers.set(
                        seat.deadline(), effects.nowMs() + seat.state().client().rebalanceTimeoutMs());
            }
        } else {
            timers.cancel(seat.deadline());
        }
    }

    // ---- who goes ----

    /** Something was heard of a member. */
    void alive(Seat seat, Effects effects) {
        seat.heard(effects.nowMs());
        timers.set(seat.session(), effects.nowMs() + seat.state().client().sessionTimeoutMs());
    }

    void sessionEnded(Seat seat, Effects effects) {
        if (seats.get(seat.id()) == seat) {
            remove(seat, Poll.Interruption.REMOVED, effects);
            assignAnew(effects);
            onTimeout.accept(id);
        }
    }

    void deadlinePassed(Seat seat, Effects effects) {
        sessionEnded(seat, effects);
    }

    void remove(Seat seat, Poll.Interruption why, Effects effects) {
        seat.interrupt(why, effects);
        effects.record(new GroupEvent.MemberGone(id, seat.id()));
    }

    /**
     * Takes partitions away from whoever has them, for their positions have been moved: whoever gets them goes on at the new
     * ones, and nobody commits what was read before.
     *
     * @return the members that were sent away, or that read elsewhere from now on
     */
    public List<String> evict(Set<TopicIdPartition> partitions, Effects effects) {
        List<String> evicted = new ArrayList<>();
        boolean anyGone = false;
        for (Seat seat : List.copyOf(seats.values())) {
            Standing standing = seat.state().standing();
            boolean has = partitions.stream().anyMatch(partition -> sinceOf(seat, partition) != Integer.MAX_VALUE);
            // Who is away reads nothing, and asks for its positions when it comes back.
            if (!has || standing.epoch() == Standing.AWAY) {
                continue;
            }
            evicted.add(seat.id());
            switch (seat.state().kind()) {
                case HTTP -> moved(seat, standing, partitions, effects);
                case CONSUMER -> fence(seat, effects);
                case CLASSIC -> {
                    remove(seat, Poll.Interruption.REMOVED, effects);
                    anyGone = true;
                }
            }
        }
        if (anyGone) {
            assignAnew(effects);
        }
        return evicted;
    }

    /**
     * A member of the consumer protocol loses everything, its epoch too, and its place is kept: it joins again by the same id and
     * gets the same partitions, and the others notice nothing. Were it removed instead, there are clients that would never
     * join again when they heard that nobody knows them.
     */
    private void fence(Seat seat, Effects effects) {
        effects.record(new GroupEvent.EpochBegun(id, epoch + 1));
        effects.record(new GroupEvent.MemberChanged(
                id, seat.state().with(new Standing(epoch, epoch, Phase.STABLE, Map.of(), Map.of()))));
        watch(seat, effects);
        giveOn(effects);
    }

    /** A member without a position of its own keeps the partitions, as if it had just been given them. */
    private void moved(Seat seat, Standing standing, Set<TopicIdPartition> partitions, Effects effects) {
        effects.record(new GroupEvent.EpochBegun(id, epoch + 1));
        Map<TopicIdPartition, Integer> assigned = new HashMap<>(standing.assigned());
        assigned.replaceAll((partition, since) -> partitions.contains(partition) ? epoch : since);
        Map<TopicIdPartition, Integer> revoking = new HashMap<>(standing.revoking());
        revoking.keySet().removeAll(partitions);
        effects.record(new GroupEvent.MemberChanged(
                id,
                seat.state()
                        .with(new Standing(
                                standing.epoch(), standing.previousEpoch(), standing.phase(), assigned, revoking))));
        seat.interrupt(Poll.Interruption.CHANGED, effects);
        giveOn(effects);
    }

    /** All members in the order of their ids, with what each has: for moving the group to the classic protocol. */
    public Map<String, MemberState> states() {
        Map<String, MemberState> all = new LinkedHashMap<>();
        seats.forEach((memberId, seat) -> all.put(memberId, seat.state()));
        return all;
    }
}
