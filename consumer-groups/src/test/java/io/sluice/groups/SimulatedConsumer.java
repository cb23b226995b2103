package io.sluice.groups;

import io.sluice.core.TopicPartition;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.consumer.Heartbeat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A client of the consumer protocol as clients are: answers to it may be lost, and it takes its time to give partitions back. */
final class SimulatedConsumer implements SimulatedClient {
    static final int REBALANCE_MS = 20_000;

    private final Machine machine;
    private final String group;
    private final String id;
    private final String instanceId;
    private final List<String> topics;
    private int epoch;
    private Set<TopicIdPartition> owned = Set.of();
    /** What it was told to have, until it has. */
    private Optional<Set<TopicIdPartition>> told = Optional.empty();

    private boolean saysAll = true;
    private boolean losesAnswer;
    private boolean gone;

    SimulatedConsumer(Machine machine, String group, String id, String instanceId, List<String> topics) {
        this.machine = machine;
        this.group = group;
        this.id = id;
        this.instanceId = instanceId;
        this.topics = topics;
    }

    @Override
    public String id() {
        return id;
    }

    /** The epoch that it knows of. */
    int epoch() {
        return epoch;
    }

    @Override
    public Set<TopicIdPartition> reads() {
        return gone ? Set.of() : owned;
    }

    @Override
    public boolean isGone() {
        return gone;
    }

    @Override
    public void crash() {
        gone = true;
    }

    @Override
    public void leave() {
        losesAnswer = false;
        send(instanceId.isEmpty() ? Heartbeat.LEAVE : Heartbeat.LEAVE_FOR_A_WHILE, false);
        gone = true;
    }

    @Override
    public void disconnected() {
        saysAll = true;
    }

    /** @param lot what chance has in store for this turn, 0 to 99 */
    @Override
    public void step(int lot) {
        boolean applied = false;
        if (told.isPresent() && lot < 80) {
            owned = told.get();
            told = Optional.empty();
            applied = true;
        }
        losesAnswer = lot % 10 == 0;
        send(epoch, applied);
    }

    private void send(int atEpoch, boolean saysOwned) {
        boolean all = saysAll || atEpoch == Heartbeat.JOIN;
        Heartbeat.Request request = new Heartbeat.Request(
                id,
                atEpoch,
                instanceId,
                Optional.empty(),
                all ? Optional.of(REBALANCE_MS) : Optional.empty(),
                all ? Optional.of(topics) : Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                all || saysOwned ? Optional.of(owned) : Optional.empty(),
                "client",
                "/127.0.0.1");
        saysAll = false;
        machine.turn(effects -> machine.shard().consumerHeartbeat(group, request, this::answered, effects));
    }

    private void answered(Heartbeat.Answer answer) {
        if (gone) {
            return;
        }
        if (losesAnswer) {
            // It says everything again.
            saysAll = true;
            return;
        }
        switch (answer.error()) {
            case NONE -> {
                epoch = answer.epoch();
                answer.assignment().ifPresent(partitions -> told = Optional.of(partitions));
            }
            case FENCED_MEMBER_EPOCH, UNKNOWN_MEMBER, UNKNOWN_GROUP -> {
                epoch = Heartbeat.JOIN;
                owned = Set.of();
                told = Optional.empty();
            }
            // Another one has taken its place, or has it still.
            case FENCED_INSTANCE, UNRELEASED_INSTANCE -> gone = true;
            default -> throw new AssertionError(id + " was refused: " + answer);
        }
    }

    /** As {@link #commit}, with an epoch that it had once. */
    boolean commitAsBefore(TopicPartition named, TopicIdPartition partition, long offset) {
        int now = epoch;
        epoch = Math.max(0, now - 1);
        try {
            return commit(named, partition, offset);
        } finally {
            epoch = now;
        }
    }

    @Override
    public boolean commit(TopicPartition named, TopicIdPartition partition, long offset) {
        boolean[] taken = new boolean[1];
        Offsets.Commit commit = new Offsets.Commit(
                group,
                id,
                instanceId,
                epoch,
                Map.of(named, new CommittedOffset(partition.topicId(), offset, -1, "", machine.nowMs())));
        machine.turn(effects ->
                machine.shard().commit(commit, all -> taken[0] = all.get(named) == GroupError.NONE, effects));
        return taken[0];
    }
}
