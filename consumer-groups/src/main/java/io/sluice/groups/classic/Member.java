package io.sluice.groups.classic;

import io.sluice.groups.Effects;
import io.sluice.groups.MemberSize;
import io.sluice.groups.Timers;
import io.sluice.groups.shard.Reply;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A member of a classic group. */
final class Member {
    private final String id;
    private final String instanceId;
    private final Timers.Timer session;
    private String clientId;
    private String clientHost;
    private int rebalanceTimeoutMs;
    private int sessionTimeoutMs;
    private List<Protocol> protocols;
    private byte[] assignment = Sync.NOTHING;
    /** What it had in the generation before, as far as it is known. */
    private byte[] assignmentBefore = Sync.NOTHING;

    private Optional<Reply<Join.Answer>> joining = Optional.empty();
    private Optional<Reply<Sync.Answer>> syncing = Optional.empty();
    /** Whether the generation waits for its sync. */
    private boolean owesSync;

    Member(String id, Join.Request request, ClassicGroup group) {
        this.id = id;
        this.instanceId = request.instanceId();
        this.session = new Session(group, this);
        update(request);
    }

    Member(Generation.SettledMember settled, String protocol, ClassicGroup group) {
        this.id = settled.id();
        this.instanceId = settled.instanceId();
        this.session = new Session(group, this);
        this.clientId = settled.clientId();
        this.clientHost = settled.clientHost();
        this.rebalanceTimeoutMs = settled.rebalanceTimeoutMs();
        this.sessionTimeoutMs = settled.sessionTimeoutMs();
        this.protocols = List.of(new Protocol(protocol, settled.subscription()));
    }

    /** Ends the membership when the member has been silent for too long. */
    private static final class Session extends Timers.Timer {
        private final ClassicGroup group;
        private final Member member;

        Session(ClassicGroup group, Member member) {
            this.group = group;
            this.member = member;
        }

        @Override
        protected void due(Effects effects) {
            group.sessionEnded(member, effects);
        }
    }

    void update(Join.Request request) {
        clientId = request.clientId();
        clientHost = request.clientHost();
        rebalanceTimeoutMs = request.rebalanceTimeoutMs();
        sessionTimeoutMs = request.sessionTimeoutMs();
        protocols = request.protocols();
    }

    /** Whether it knows the same ways of assigning, and wants the same of each. */
    boolean wantsTheSame(List<Protocol> others) {
        if (protocols.size() != others.size()) {
            return false;
        }
        for (int i = 0; i < protocols.size(); i++) {
            Protocol mine = protocols.get(i);
            Protocol other = others.get(i);
            if (!mine.name().equals(other.name()) || !Arrays.equals(mine.metadata(), other.metadata())) {
                return false;
            }
        }
        return true;
    }

    /** What it tells the leader if a way of assigning is chosen. */
    byte[] metadata(String protocol) {
        return protocols.stream()
                .filter(one -> one.name().equals(protocol))
                .map(Protocol::metadata)
                .findFirst()
                .orElse(Sync.NOTHING);
    }

    /** How much it says of itself. */
    long sizeInBytes() {
        return MemberSize.of(protocols, List.of(), id, instanceId, clientId, clientHost);
    }

    String id() {
        return id;
    }

    String instanceId() {
        return instanceId;
    }

    boolean isStatic() {
        return !instanceId.isEmpty();
    }

    String clientId() {
        return clientId;
    }

    String clientHost() {
        return clientHost;
    }

    int rebalanceTimeoutMs() {
        return rebalanceTimeoutMs;
    }

    int sessionTimeoutMs() {
        return sessionTimeoutMs;
    }

    List<Protocol> protocols() {
        return protocols;
    }

    Timers.Timer session() {
        return session;
    }

    byte[] assignment() {
        return assignment;
    }

    void assign(byte[] now) {
        assignment = now;
    }

    byte[] assignmentBefore() {
        return assignmentBefore;
    }

    /** A generation begins: what it has, it had. */
    void keepAssignment() {
        if (assignment.length > 0) {
            assignmentBefore = assignment;
        }
    }

    boolean isJoining() {
        return joining.isPresent();
    }

    /** Waits for the next generation. A request that waited before gets no answer from here any more. */
    void join(Reply<Join.Answer> reply) {
        joining = Optional.of(reply);
    }

    /** The request that waits for the next generation, which does not wait any more. */
    Optional<Reply<Join.Answer>> takeJoin() {
        Optional<Reply<Join.Answer>> reply = joining;
        joining = Optional.empty();
        return reply;
    }

    void sync(Reply<Sync.Answer> reply) {
        syncing = Optional.of(reply);
    }

    Optional<Reply<Sync.Answer>> takeSync() {
        Optional<Reply<Sync.Answer>> reply = syncing;
        syncing = Optional.empty();
        return reply;
    }

    boolean isSyncing() {
        return syncing.isPresent();
    }

    boolean owesSync() {
        return owesSync;
    }

    void owesSync(boolean owes) {
        owesSync = owes;
    }
}
