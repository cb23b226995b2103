package io.sluice.groups.classic;

import io.sluice.groups.Effects;
import io.sluice.groups.GroupError;
import io.sluice.groups.GroupEvent;
import io.sluice.groups.GroupLimits;
import io.sluice.groups.GroupState;
import io.sluice.groups.Members;
import io.sluice.groups.Rebalance.Owed;
import io.sluice.groups.Timers;
import io.sluice.groups.classic.Generation.SettledMember;
import io.sluice.groups.shard.Reply;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The members of one group of Kafka's classic protocol. They join; when all have, or the time is over, a generation begins
 * and one of them, the leader, is told who they are; it assigns the partitions, and each member gets its own with its sync.
 * Who is silent for too long, or does not join in time, is a member no more.
 *
 * <p>A pure state machine for one thread. What survives is the last {@link Generation} that was settled; that only
 * {@link #settle} takes over. Everything else, who has joined and who waits, is lost with a restart: members then find that
 * their generation is another, and join again.
 *
 * <pre>
 *   EMPTY ──join──► PREPARING ──all have joined──► COMPLETING ──leader's sync──► STABLE
 *     ▲                 ▲ │                            │                           │
 *     └──nobody is left─┼─┘                            │                           │
 *                       └───────── join, leave, silence ┴───────────────────────────┘
 * </pre>
 */
public final class ClassicGroup implements Members {
    /** A member that has not joined for the first time yet may take so long, whatever its session is. */
    private static final int NEW_MEMBER_TIMEOUT_MS = 5 * 60 * 1_000;

    private final String id;
    private final GroupLimits limits;
    private final Timers timers;
    private final Timers.Timer rebalance = new Rebalance();
    private final Timers.Timer syncs = new Syncs();

    private final Consumer<String> onTimeout;
    /** Counted by whoever asks for something and by timers; never by heartbeats. */
    private long changes;

    private GroupState state = GroupState.EMPTY;
    private int generation;
    private String protocolType = "";
    private String protocol = "";
    private String leader = "";
    private long sinceMs;
    /** In the order in which they first joined. */
    private final Map<String, Member> members = new LinkedHashMap<>();
    /** Members that got their id and have not joined with it yet, with the timer of each. */
    private final Map<String, Timers.Timer> promised = new HashMap<>();
    /** While an empty group waits for more members than the first. */
    private boolean gathering;

    /** @param onTimeout told the group's name when a timer has changed something */
    public ClassicGroup(String id, GroupLimits limits, Timers timers, Consumer<String> onTimeout) {
        this.id = id;
        this.limits = limits;
        this.timers = timers;
        this.onTimeout = onTimeout;
    }

    /** Ends the wait for members who do not join. */
    private final class Rebalance extends Timers.Timer {
        @Override
        protected void due(Effects effects) {
            gathering = false;
            beginGeneration(effects);
            timedOut();
        }
    }

    /** Ends the wait for members who have joined and do not sync. */
    private final class Syncs extends Timers.Timer {
        @Override
        protected void due(Effects effects) {
            syncsEnded(effects);
            timedOut();
        }
    }

    /** Forgets a member that got its id and never came back with it. */
    private final class Promise extends Timers.Timer {
        private final String memberId;

        Promise(String memberId) {
            this.memberId = memberId;
        }

        @Override
        protected void due(Effects effects) {
            promised.remove(memberId);
            maybeBeginGeneration(effects);
            timedOut();
        }
    }

    private void timedOut() {
        changes++;
        onTimeout.accept(id);
    }

    // ---- questions ----

    public GroupState state() {
        return state;
    }

    @Override
    public long changes() {
        return changes;
    }

    @Override
    public Set<String> ids() {
        return Set.copyOf(members.keySet());
    }

    @Override
    public boolean isSettled() {
        return state == GroupState.STABLE || state == GroupState.EMPTY;
    }

    @Override
    public Map<String, Owed> owing() {
        Map<String, Owed> owing = new HashMap<>();
        if (state == GroupState.PREPARING && !gathering) {
            promised.keySet().forEach(memberId -> owing.put(memberId, Owed.JOIN));
            members.values().stream()
                    .filter(member -> !member.isJoining())
                    .forEach(member -> owing.put(member.id(), Owed.JOIN));
        } else if (state == GroupState.COMPLETING) {
            owing.put(leader, Owed.ASSIGN);
        }
        return owing;
    }

    @Override
    public int size() {
        return members.size();
    }

    @Override
    public boolean isEmpty() {
        return state == GroupState.EMPTY;
    }

    @Override
    public boolean isDeserted() {
        return members.isEmpty() && promised.isEmpty();
    }

    @Override
    public long bytesBeside(String memberId, String instanceId) {
        Optional<Member> left =
                instanceId.isEmpty() ? Optional.ofNullable(members.get(memberId)) : byInstance(instanceId);
        return members.values().stream()
                .filter(member -> left.isEmpty() || member != left.get())
                .mapToLong(Member::sizeInBytes)
                .sum();
    }

    @Override
    public int generation() {
        return generation;
    }

    /** What kind of group it is; empty if it never had members. */
    public String protocolType() {
        return protocolType;
    }

    /** How partitions are assigned; empty if that is not settled. */
    public String protocol() {
        return state == GroupState.STABLE || state == GroupState.COMPLETING ? protocol : "";
    }

    public String leader() {
        return leader;
    }

    /** Since when the group is in its state, as far as it survives; in ms since the epoch. */
    public long sinceMs() {
        return sinceMs;
    }

    /** The members as they are now. */
    public List<SettledMember> members() {
        List<SettledMember> all = new ArrayList<>();
        for (Member member : members.values()) {
            all.add(settled(member, member.assignment()));
        }
        return all;
    }

    private SettledMember settled(Member member, byte[] assignment) {
        String chosen = protocol.isEmpty() && !member.protocols().isEmpty()
                ? member.protocols().get(0).name()
                : protocol;
        return new SettledMember(
                member.id(),
                member.instanceId(),
                member.clientId(),
                member.clientHost(),
                member.rebalanceTimeoutMs(),
                member.sessionTimeoutMs(),
                member.metadata(chosen),
                assignment);
    }

    /** The ways of assigning that each member knows, by its id. */
    public Map<String, List<Protocol>> protocols() {
        Map<String, List<Protocol>> all = new HashMap<>();
        members.forEach((memberId, member) -> all.put(memberId, member.protocols()));
        return all;
    }

    /**
     * What a member had in the generation before the present one, as far as it is known: a cooperative one may be reading it
     * still.
     */
    public byte[] assignmentBefore(String memberId) {
        return members.get(memberId).assignmentBefore();
    }

    /** Whether a member wants a topic; also if nobody can read what it wants. */
    public boolean isSubscribed(String topic) {
        return members.values().stream().anyMatch(member -> {
            try {
                return ConsumerProtocol.subscription(
                                settled(member, member.assignment()).subscription())
                        .topics()
                        .contains(topic);
            } catch (IllegalArgumentException e) {
                return true;
            }
        });
    }

    // ---- moving between protocols ----

    /** The group goes on after generations of another protocol. */
    public void startAt(int lastGeneration) {
        generation = lastGeneration;
    }

    /** Everybody who waits is told to ask again: the group goes on by another protocol. */
    public void handOver(Effects effects) {
        promised.values().forEach(timers::cancel);
        timers.cancel(rebalance);
        timers.cancel(syncs);
        for (Member member : members.values()) {
            timers.cancel(member.session());
            member.takeJoin()
                    .ifPresent(reply ->
                            effects.answer(reply, Join.Answer.refused(GroupError.REBALANCE_IN_PROGRESS, member.id())));
            member.takeSync()
                    .ifPresent(reply -> effects.answer(reply, Sync.Answer.refused(GroupError.REBALANCE_IN_PROGRESS)));
        }
    }

    /** The members have come from another protocol: they are to assign the partitions among themselves. */
    public void takeOver(Effects effects) {
        changes++;
        begin(effects);
        prepare(effects);
    }

    /**
     * Sends members away, because positions of theirs have been moved: they come back without what they had.
     *
     * @param isAffected says of an assignment's bytes whether it has any of them
     * @return who was sent away
     */
    public List<String> evict(Predicate<byte[]> isAffected, Effects effects) {
        changes++;
        List<String> evicted = new ArrayList<>();
        for (Member member : List.copyOf(members.values())) {
            // While the group changes nobody knows what a member has kept. And a cooperative one gives back what it had
            // before
            // only after it has heard of its assignment, with a commit.
            if (state != GroupState.STABLE
                    || isAffected.test(member.assignment())
                    || isAffected.test(member.assignmentBefore())) {
                remove(member, GroupError.UNKNOWN_MEMBER, effects);
                evicted.add(member.id());
            }
        }
        if (!evicted.isEmpty()) {
            if (state == GroupState.STABLE || state == GroupState.COMPLETING) {
                prepare(effects);
            }
            maybeBeginGeneration(effects);
        }
        return evicted;
    }

    // ---- what survives ----

    /** Takes over a generation that is written down. Nothing else changes what survives. */
    public void settle(Generation settled) {
        changes++;
        generation = settled.number();
        protocolType = settled.protocolType();
        protocol = settled.protocol();
        leader = settled.leader();
        sinceMs = settled.sinceMs();
        Map<String, Member> before = new HashMap<>(members);
        members.clear();
        for (SettledMember one : settled.members()) {
            Member member = before.get(one.id());
            if (member == null) {
                member = new Member(one, protocol, this);
            }
            member.assign(one.assignment());
            members.put(one.id(), member);
        }
        state = members.isEmpty() ? GroupState.EMPTY : GroupState.STABLE;
    }

    @Override
    public void begin(Effects effects) {
        members.values().forEach(member -> timers.set(member.session(), effects.nowMs() + member.sessionTimeoutMs()));
    }

    @Override
    public void end(Effects effects) {
        promised.values().forEach(timers::cancel);
        promised.clear();
        timers.cancel(rebalance);
        timers.cancel(syncs);
        for (Member member : List.copyOf(members.values())) {
            remove(member, GroupError.UNKNOWN_MEMBER, effects);
        }
    }

    // ---- join ----

    @Override
    public void join(Join.Request request, Reply<Join.Answer> reply, Effects effects) {
        changes++;
        boolean hasId = !request.memberId().isEmpty();
        if (!hasRoomFor(request)) {
            takePromise(request.memberId());
            Optional.ofNullable(members.get(request.memberId())).ifPresent(member -> {
                remove(member, GroupError.GROUP_FULL, effects);
            });
            effects.answer(reply, Join.Answer.refused(GroupError.GROUP_FULL, ""));
        } else if (!hasInCommon(request)) {
            effects.answer(reply, Join.Answer.refused(GroupError.INCONSISTENT_PROTOCOL, request.memberId()));
        } else if (hasId) {
            joinAgain(request, reply, effects);
        } else {
            joinFirst(request, reply, effects);
        }
        maybeBeginGeneration(effects);
    }

    private boolean hasRoomFor(Join.Request request) {
        String memberId = request.memberId();
        // A static member that comes back without its id takes its own place.
        boolean isBack = memberId.isEmpty() && byInstance(request.instanceId()).isPresent();
        if (isBack || members.containsKey(memberId)) {
            return members.size() <= limits.maxMembers();
        }
        int taken = members.size() + promised.size() - (promised.containsKey(memberId) ? 1 : 0);
        return taken < limits.maxMembers();
    }

    /** Whether there is a way of assigning that the new member and all others know. */
    private boolean hasInCommon(Join.Request request) {
        if (request.protocolType().isEmpty() || request.protocols().isEmpty()) {
            return false;
        }
        boolean others = members.size() > (members.containsKey(request.memberId()) ? 1 : 0);
        if (!others) {
            return true;
        }
        return protocolType.equals(request.protocolType())
                && request.protocols().stream()
                        .anyMatch(wanted -> members.values().stream()
                                .filter(member -> !member.id().equals(request.memberId()))
                                .allMatch(member -> knows(member, wanted.name())));
    }

    private static boolean knows(Member member, String protocol) {
        return member.protocols().stream().anyMatch(one -> one.name().equals(protocol));
    }

    private void joinFirst(Join.Request request, Reply<Join.Answer> reply, Effects effects) {
        Optional<Member> before = byInstance(request.instanceId());
        if (before.isPresent()) {
            replace(before.get(), request, reply, effects);
        } else if (request.instanceId().isEmpty() && request.needsMemberId()) {
            // A client whose first answer is lost would else be two members.
            Promise promise = new Promise(request.newMemberId());
            promised.put(request.newMemberId(), promise);
            timers.set(promise, effects.nowMs() + request.sessionTimeoutMs());
            effects.answer(reply, Join.Answer.refused(GroupError.MEMBER_ID_REQUIRED, request.newMemberId()));
        } else {
            add(request.newMemberId(), request, reply, effects);
        }
    }

    private void joinAgain(Join.Request request, Reply<Join.Answer> reply, Effects effects) {
        if (request.instanceId().isEmpty() && takePromise(request.memberId())) {
            add(request.memberId(), request, reply, effects);
            return;
        }
        GroupError fault = faultOf(request.memberId(), request.instanceId());
        if (fault != GroupError.NONE) {
            effects.answer(reply, Join.Answer.refused(fault, request.memberId()));
            return;
        }
        Member member = members.get(request.memberId());
        timers.set(member.session(), effects.nowMs() + member.sessionTimeoutMs());
        switch (state) {
            case PREPARING -> rejoin(member, request, reply, effects);
            case COMPLETING -> {
                if (member.wantsTheSame(request.protocols())) {
                    // Its answer was lost.
                    effects.answer(reply, answerOf(member));
                } else {
                    rejoin(member, request, reply, effects);
                    prepare(effects);
                }
            }
            case STABLE -> {
                // A leader joins again to assign again; it has seen something change.
                if (member.id().equals(leader) || !member.wantsTheSame(request.protocols())) {
                    rejoin(member, request, reply, effects);
                    prepare(effects);
                } else {
                    effects.answer(reply, answerOf(member));
                }
            }
            case EMPTY, RECONCILING ->
                throw new IllegalStateException("a group that is " + state + " has member " + member.id());
        }
    }

    private void add(String memberId, Join.Request request, Reply<Join.Answer> reply, Effects effects) {
        if (members.isEmpty()) {
            protocolType = request.protocolType();
        }
        Member member = new Member(memberId, request, this);
        members.put(memberId, member);
        member.join(reply);
        timers.set(member.session(), effects.nowMs() + NEW_MEMBER_TIMEOUT_MS);
        if (state == GroupState.PREPARING && gathering) {
            gather(effects);
        } else {
            prepare(effects);
        }
    }

    private void rejoin(Member member, Join.Request request, Reply<Join.Answer> reply, Effects effects) {
        // A client that asks twice has lost its first answer; it would not know what to do with it.
        member.takeJoin()
                .ifPresent(lost -> effects.answer(lost, Join.Answer.refused(GroupError.UNKNOWN_MEMBER, member.id())));
        member.update(request);
        member.join(reply);
        timers.cancel(member.session());
    }

    /** A static member comes back without its id: it gets a new one, and with it the place of the old. */
    private void replace(Member before, Join.Request request, Reply<Join.Answer> reply, Effects effects) {
        boolean wasLeader = before.id().equals(leader);
        boolean wantsTheSame = before.wantsTheSame(request.protocols());
        before.takeJoin()
                .ifPresent(old -> effects.answer(old, Join.Answer.refused(GroupError.FENCED_INSTANCE, before.id())));
        before.takeSync().ifPresent(old -> effects.answer(old, Sync.Answer.refused(GroupError.FENCED_INSTANCE)));
        timers.cancel(before.session());
        Member member = new Member(request.newMemberId(), request, this);
        member.assign(before.assignmentBefore());
        member.keepAssignment();
        member.assign(before.assignment());
        member.owesSync(before.owesSync());
        Map<String, Member> all = new LinkedHashMap<>();
        members.forEach(
                (memberId, one) -> all.put(one == before ? member.id() : memberId, one == before ? member : one));
        members.clear();
        members.putAll(all);
        if (wasLeader) {
            leader = member.id();
        }
        timers.set(member.session(), effects.nowMs() + member.sessionTimeoutMs());
        if (state == GroupState.STABLE && wantsTheSame) {
            // Nothing has to move: it goes on where it was. The new id is written down, so that it outlives a restart.
            settleNow(effects, Map.of());
            boolean assigns = wasLeader && !request.skipsAssignment();
            // A leader that does not understand that it need not assign is told of another one.
            effects.answer(reply, assigns ? answerOf(member, before.id(), false) : answerOf(member, leader, wasLeader));
            return;
        }
        member.join(reply);
        timers.cancel(member.session());
        prepare(effects);
    }

    private Join.Answer answerOf(Member member) {
        return answerOf(member, leader, false);
    }

    private Join.Answer answerOf(Member member, String toldLeader, boolean skipAssignment) {
        List<Join.JoinedMember> told = new ArrayList<>();
        if (member.id().equals(toldLeader)) {
            for (Member one : members.values()) {
                told.add(new Join.JoinedMember(one.id(), one.instanceId(), one.metadata(protocol)));
            }
        }
        return new Join.Answer(
                GroupError.NONE, member.id(), generation, protocolType, protocol, toldLeader, skipAssignment, told);
    }

    // ---- rebalance ----

    /** Waits for everybody to join, if the group does not wait already. */
    private void prepare(Effects effects) {
        if (state == GroupState.PREPARING) {
            return;
        }
        if (state == GroupState.COMPLETING) {
            cancelSyncs(effects);
        }
        boolean first = state == GroupState.EMPTY;
        state = GroupState.PREPARING;
        sinceMs = effects.nowMs();
        if (first && limits.initialRebalanceDelayMs() > 0) {
            gathering = true;
            gather(effects);
        } else {
            timers.set(rebalance, effects.nowMs() + longestRebalanceMs());
        }
    }

    /** Each new member of an empty group makes it wait a little longer, but not beyond what the members allow. */
    private void gather(Effects effects) {
        long latestMs = sinceMs + longestRebalanceMs();
        timers.set(rebalance, Math.min(latestMs, effects.nowMs() + limits.initialRebalanceDelayMs()));
    }

    private long longestRebalanceMs() {
        return members.values().stream()
                .mapToLong(Member::rebalanceTimeoutMs)
                .max()
                .orElse(0);
    }

    private void cancelSyncs(Effects effects) {
        timers.cancel(syncs);
        for (Member member : members.values()) {
            // What it had in the generation before is its own still, and a cooperative one goes on reading it.
            member.owesSync(false);
            member.takeSync()
                    .ifPresent(reply -> effects.answer(reply, Sync.Answer.refused(GroupError.REBALANCE_IN_PROGRESS)));
        }
    }

    private void maybeBeginGeneration(Effects effects) {
        if (state == GroupState.PREPARING
                && !gathering
                && promised.isEmpty()
                && members.values().stream().allMatch(Member::isJoining)) {
            beginGeneration(effects);
        }
    }

    /** Everybody who is there is part of the next generation; who is not is a member no more. */
    private void beginGeneration(Effects effects) {
        if (state != GroupState.PREPARING) {
            return;
        }
        for (Member member : List.copyOf(members.values())) {
            // A static member may come back as long as its session lasts.
            if (!member.isJoining() && !member.isStatic()) {
                remove(member, GroupError.UNKNOWN_MEMBER, effects);
            }
        }
        if (!members.isEmpty() && members.values().stream().noneMatch(Member::isJoining)) {
            timers.set(rebalance, effects.nowMs() + longestRebalanceMs());
            return;
        }
        timers.cancel(rebalance);
        generation++;
        if (members.isEmpty()) {
            effects.record(new GroupEvent.Settled(
                    id, new Generation(generation, protocolType, "", "", List.of(), effects.nowMs())));
            return;
        }
        Member oldLeader = members.get(leader);
        if (oldLeader == null || !oldLeader.isJoining()) {
            leader = members.values().stream()
                    .filter(Member::isJoining)
                    .findFirst()
                    .orElseThrow()
                    .id();
        }
        protocol = chooseProtocol();
        state = GroupState.COMPLETING;
        sinceMs = effects.nowMs();
        for (Member member : members.values()) {
            member.keepAssignment();
            member.owesSync(true);
            Optional<Reply<Join.Answer>> reply = member.takeJoin();
            if (reply.isPresent()) {
                timers.set(member.session(), effects.nowMs() + member.sessionTimeoutMs());
                effects.answer(reply.get(), answerOf(member));
            }
        }
        timers.set(syncs, effects.nowMs() + longestRebalanceMs());
    }

    /** Of the ways that all members know, the one that most of them like best. */
    private String chooseProtocol() {
        Collection<Member> all = members.values();
        Map<String, Integer> votes = new LinkedHashMap<>();
        for (Member member : all) {
            member.protocols().stream()
                    .map(Protocol::name)
                    .filter(name -> all.stream().allMatch(one -> knows(one, name)))
                    .findFirst()
                    .ifPresent(name -> votes.merge(name, 1, Integer::sum));
        }
        return votes.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .orElseThrow(() -> new IllegalStateException("the members of group " + id + " have nothing in common"))
                .getKey();
    }

    private void syncsEnded(Effects effects) {
        if (state != GroupState.COMPLETING && state != GroupState.STABLE) {
            return;
        }
        boolean anyLeft = false;
        for (Member member : List.copyOf(members.values())) {
            if (member.owesSync() && !member.isStatic()) {
                remove(member, GroupError.UNKNOWN_MEMBER, effects);
                anyLeft = true;
            }
        }
        if (anyLeft || state == GroupState.COMPLETING) {
            prepare(effects);
            maybeBeginGeneration(effects);
        }
    }

    // ---- sync ----

    @Override
    public void sync(Sync.Request request, Reply<Sync.Answer> reply, Effects effects) {
        changes++;
        GroupError fault = faultOf(request.memberId(), request.instanceId());
        if (fault == GroupError.NONE && request.generation() != generation) {
            fault = GroupError.ILLEGAL_GENERATION;
        }
        boolean differs =
                !request.protocolType().isEmpty() && !request.protocolType().equals(protocolType)
                        || !request.protocol().isEmpty() && !request.protocol().equals(protocol);
        if (fault == GroupError.NONE && differs) {
            fault = GroupError.INCONSISTENT_PROTOCOL;
        }
        if (fault == GroupError.NONE && state == GroupState.PREPARING) {
            fault = GroupError.REBALANCE_IN_PROGRESS;
        }
        if (fault != GroupError.NONE) {
            effects.answer(reply, Sync.Answer.refused(fault));
            return;
        }
        Member member = members.get(request.memberId());
        member.owesSync(false);
        timers.set(member.session(), effects.nowMs() + member.sessionTimeoutMs());
        if (state == GroupState.STABLE) {
            effects.answer(reply, answerToSync(member));
            endSyncsIfAllCame();
            return;
        }
        member.takeSync()
                .ifPresent(lost -> effects.answer(lost, Sync.Answer.refused(GroupError.REBALANCE_IN_PROGRESS)));
        member.sync(reply);
        if (member.id().equals(leader)) {
            settleNow(effects, request.assignments());
            for (Member one : members.values()) {
                one.takeSync().ifPresent(waiting -> {
                    timers.set(one.session(), effects.nowMs() + one.sessionTimeoutMs());
                    effects.answer(waiting, answerToSync(one));
                });
            }
            endSyncsIfAllCame();
        }
    }

    private void endSyncsIfAllCame() {
        if (members.values().stream().noneMatch(Member::owesSync)) {
            timers.cancel(syncs);
        }
    }

    private Sync.Answer answerToSync(Member member) {
        return new Sync.Answer(GroupError.NONE, protocolType, protocol, member.assignment());
    }

    /** Writes down what the members agreed on. Who is not mentioned keeps what it has, or has nothing if it is new. */
    private void settleNow(Effects effects, Map<String, byte[]> assignments) {
        boolean fresh = state == GroupState.COMPLETING;
        List<SettledMember> settled = new ArrayList<>();
        for (Member member : members.values()) {
            byte[] kept = fresh ? Sync.NOTHING : member.assignment();
            settled.add(settled(member, assignments.getOrDefault(member.id(), kept)));
        }
        effects.record(new GroupEvent.Settled(
                id, new Generation(generation, protocolType, protocol, leader, settled, effects.nowMs())));
    }

    // ---- heartbeat and leave ----

    @Override
    public GroupError heartbeat(String memberId, String instanceId, int atGeneration, Effects effects) {
        GroupError fault = faultOf(memberId, instanceId);
        if (fault != GroupError.NONE) {
            return fault;
        }
        if (atGeneration != generation) {
            return GroupError.ILLEGAL_GENERATION;
        }
        Member member = members.get(memberId);
        if (!member.isJoining()) {
            timers.set(member.session(), effects.nowMs() + member.sessionTimeoutMs());
        }
        return state == GroupState.PREPARING ? GroupError.REBALANCE_IN_PROGRESS : GroupError.NONE;
    }

    @Override
    public GroupError leave(String memberId, String instanceId, Effects effects) {
        changes++;
        if (instanceId.isEmpty() && takePromise(memberId)) {
            maybeBeginGeneration(effects);
            return GroupError.NONE;
        }
        Optional<Member> member =
                instanceId.isEmpty() ? Optional.ofNullable(members.get(memberId)) : byInstance(instanceId);
        if (member.isEmpty()) {
            return GroupError.UNKNOWN_MEMBER;
        }
        if (!memberId.isEmpty() && !member.get().id().equals(memberId)) {
            return GroupError.FENCED_INSTANCE;
        }
        removeAndRebalance(member.get(), effects);
        return GroupError.NONE;
    }

    void sessionEnded(Member member, Effects effects) {
        // Who has joined again has no deadline of its own; a new member has, for its client may be gone.
        if (members.get(member.id()) == member) {
            removeAndRebalance(member, effects);
            timedOut();
        }
    }

    private void removeAndRebalance(Member member, Effects effects) {
        remove(member, GroupError.UNKNOWN_MEMBER, effects);
        if (state == GroupState.STABLE || state == GroupState.COMPLETING) {
            prepare(effects);
        }
        maybeBeginGeneration(effects);
    }

    private void remove(Member member, GroupError why, Effects effects) {
        members.remove(member.id());
        timers.cancel(member.session());
        member.takeJoin().ifPresent(reply -> effects.answer(reply, Join.Answer.refused(why, member.id())));
        member.takeSync().ifPresent(reply -> effects.answer(reply, Sync.Answer.refused(why)));
    }

    /** @return whether the id was promised to a member that had not come back with it */
    private boolean takePromise(String memberId) {
        Timers.Timer promise = promised.remove(memberId);
        if (promise != null) {
            timers.cancel(promise);
        }
        return promise != null;
    }

    // ---- commits ----

    @Override
    public GroupError mayCommit(String memberId, String instanceId, int atGeneration, Effects effects) {
        boolean anonymous = atGeneration < 0 && memberId.isEmpty() && instanceId.isEmpty();
        if (atGeneration < 0 && isEmpty()) {
            return GroupError.NONE;
        }
        if (anonymous) {
            return GroupError.UNKNOWN_MEMBER;
        }
        GroupError fault = faultOf(memberId, instanceId);
        if (fault != GroupError.NONE) {
            return fault;
        }
        if (atGeneration != generation) {
            return GroupError.ILLEGAL_GENERATION;
        }
        if (state == GroupState.COMPLETING) {
            return GroupError.REBALANCE_IN_PROGRESS;
        }
        Member member = members.get(memberId);
        if (!member.isJoining()) {
            timers.set(member.session(), effects.nowMs() + member.sessionTimeoutMs());
        }
        return GroupError.NONE;
    }

    // ---- both ----

    private GroupError faultOf(String memberId, String instanceId) {
        if (!instanceId.isEmpty()) {
            Optional<Member> member = byInstance(instanceId);
            if (member.isEmpty()) {
                return GroupError.UNKNOWN_MEMBER;
            }
            return member.get().id().equals(memberId) ? GroupError.NONE : GroupError.FENCED_INSTANCE;
        }
        return members.containsKey(memberId) ? GroupError.NONE : GroupError.UNKNOWN_MEMBER;
    }

    private Optional<Member> byInstance(String instanceId) {
        return instanceId.isEmpty()
                ? Optional.empty()
                : members.values().stream()
                        .filter(member -> member.instanceId().equals(instanceId))
                        .findFirst();
    }
}
