package io.sluice.groups;

import io.sluice.core.TopicPartition;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.consumer.Poll;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A client over HTTP: it polls, has records of some of its partitions or of none, and polls again, or does not. */
final class SimulatedPoller implements SimulatedClient {
    static final int SESSION_MS = 10_000;

    private final Machine machine;
    private final String group;
    private final String id;
    private final List<String> topics;
    private Set<TopicIdPartition> holds = Set.of();
    private int epoch = -1;
    private int polls;
    private boolean gone;

    SimulatedPoller(Machine machine, String group, String id, List<String> topics) {
        this.machine = machine;
        this.group = group;
        this.id = id;
        this.topics = topics;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public Set<TopicIdPartition> reads() {
        return gone ? Set.of() : holds;
    }

    /** The epoch of its cursor. */
    int epoch() {
        return epoch;
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
        machine.turn(effects ->
                machine.shard().leave(group, List.of(new GroupShard.Leaving(id, "")), outcomes -> {}, effects));
        gone = true;
    }

    @Override
    public void disconnected() {
        // It has no connection that could break.
    }

    @Override
    public void step(int lot) {
        holds = Set.of();
        int mine = ++polls;
        Poll.Request request = new Poll.Request(
                id, topics, SESSION_MS, "client", "/127.0.0.1", Optional.empty(), Poll.NEW, interruption -> {});
        machine.turn(effects -> machine.shard().poll(group, request, answer -> answered(mine, answer, lot), effects));
    }

    private void answered(int poll, Poll.Answer answer, int lot) {
        if (gone || poll != polls) {
            return;
        }
        if (answer.error() != GroupError.NONE) {
            throw new AssertionError(id + " was refused: " + answer);
        }
        epoch = answer.epoch();
        Set<TopicIdPartition> found = new HashSet<>();
        for (Poll.Readable one : answer.partitions()) {
            if ((one.id().partition() + lot) % 3 != 0) {
                found.add(one.id());
            }
        }
        holds = found;
        Poll.Done done = new Poll.Done(id, answer.poll(), found, found.size());
        machine.turn(effects -> machine.shard().pollDone(group, done, effects));
    }

    @Override
    public boolean commit(TopicPartition named, TopicIdPartition partition, long offset) {
        boolean[] taken = new boolean[1];
        Poll.Cursor cursor = new Poll.Cursor(epoch, Map.of(partition, offset));
        machine.turn(effects -> machine.shard()
                .commit(
                        group,
                        id,
                        cursor,
                        committed -> taken[0] = committed.partitions().get(named) == GroupError.NONE,
                        effects));
        holds = Set.of();
        return taken[0];
    }
}
