package io.sluice.groups;

import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.classic.ConsumerProtocol;
import io.sluice.groups.classic.Join;
import io.sluice.groups.classic.Protocol;
import io.sluice.groups.classic.Sync;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;

/**
 * A client of the classic protocol as clients are. An eager one gives everything back before it joins; a cooperative one keeps
 * what it has until it is told to give it back, and then joins again.
 */
final class SimulatedClassic implements SimulatedClient {
    private static final int SESSION_MS = 10_000;
    private static final int REBALANCE_MS = 20_000;

    private final Machine machine;
    private final String group;
    private final String name;
    private final boolean isCooperative;
    private final List<String> topics;
    private String id = "";
    private int generation = -1;
    private Set<TopicPartition> owned = new TreeSet<>();
    /**
     * What it was given, as it was when it was. Names are all that it knows: between the deletion of a topic and its next join
     * it may look into a new one of that name, as with Kafka.
     */
    private Set<TopicIdPartition> given = Set.of();

    private boolean mustJoin = true;
    private Optional<Join.Answer> toSync = Optional.empty();
    private boolean isWaiting;
    private boolean gone;
    private int attempt;
    private int ids;

    SimulatedClassic(Machine machine, String group, String name, boolean isCooperative, List<String> topics) {
        this.machine = machine;
        this.group = group;
        this.name = name;
        this.isCooperative = isCooperative;
        this.topics = topics;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public Set<TopicIdPartition> reads() {
        Set<TopicIdPartition> all = new HashSet<>();
        if (!gone) {
            all.addAll(given);
            all.retainAll(ids(owned));
        }
        return all;
    }

    private Set<TopicIdPartition> ids(Set<TopicPartition> named) {
        Set<TopicIdPartition> all = new HashSet<>();
        named.forEach(partition -> machine.topics
                .topic(partition.topic())
                .ifPresent(topic -> all.add(new TopicIdPartition(topic.id(), partition.partition()))));
        return all;
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
        String mine = id;
        machine.turn(effects ->
                machine.shard().leave(group, List.of(new GroupShard.Leaving(mine, "")), outcomes -> {}, effects));
        gone = true;
    }

    @Override
    public void disconnected() {
        attempt++;
        isWaiting = false;
        toSync = Optional.empty();
        mustJoin = true;
    }

    @Override
    public void step(int lot) {
        if (isWaiting) {
            return;
        }
        Optional<Join.Answer> joined = toSync;
        toSync = Optional.empty();
        if (joined.isPresent()) {
            // Meanwhile others may have done what they wanted.
            sync(joined.get());
        } else if (mustJoin) {
            join();
        } else {
            heartbeat();
        }
    }

    private void lost() {
        id = "";
        generation = -1;
        owned = new TreeSet<>();
        toSync = Optional.empty();
        mustJoin = true;
    }

    private void join() {
        if (!isCooperative) {
            owned = new TreeSet<>();
        }
        isWaiting = true;
        int mine = ++attempt;
        List<org.apache.kafka.common.TopicPartition> keeps = owned.stream()
                .map(one -> new org.apache.kafka.common.TopicPartition(one.topic(), one.partition()))
                .toList();
        ByteBuffer bytes = org.apache.kafka.clients.consumer.internals.ConsumerProtocol.serializeSubscription(
                new Subscription(topics, null, keeps, generation, Optional.empty()));
        byte[] metadata = new byte[bytes.remaining()];
        bytes.get(metadata);
        Join.Request request = new Join.Request(
                id,
                name + "-" + ++ids,
                "",
                name,
                "/127.0.0.1",
                SESSION_MS,
                REBALANCE_MS,
                "consumer",
                List.of(new Protocol("sticky", metadata)),
                true,
                true);
        machine.turn(effects -> machine.shard().join(group, request, answer -> joined(mine, answer), effects));
    }

    private void joined(int ofAttempt, Join.Answer answer) {
        if (gone || ofAttempt != attempt) {
            return;
        }
        isWaiting = false;
        switch (answer.error()) {
            case NONE -> {
                id = answer.memberId();
                generation = answer.generation();
                mustJoin = false;
                toSync = Optional.of(answer);
            }
            case MEMBER_ID_REQUIRED -> id = answer.memberId();
            case UNKNOWN_MEMBER -> lost();
            case REBALANCE_IN_PROGRESS -> mustJoin = true;
            default -> throw new AssertionError(name + " was refused: " + answer.error());
        }
    }

    private void sync(Join.Answer joined) {
        isWaiting = true;
        int mine = ++attempt;
        Map<String, byte[]> assignments =
                joined.leader().equals(id) && !joined.skipAssignment() ? assign(joined.members()) : Map.of();
        Sync.Request request = new Sync.Request(id, "", generation, "consumer", "sticky", assignments);
        machine.turn(effects -> machine.shard().sync(group, request, answer -> synced(mine, answer), effects));
    }

    /** By turns; but nobody gets what another one has and has not given back. */
    private Map<String, byte[]> assign(List<Join.JoinedMember> members) {
        Map<String, ConsumerProtocol.Subscription> wishes = new TreeMap<>();
        Map<TopicPartition, String> owners = new HashMap<>();
        for (Join.JoinedMember member : members) {
            ConsumerProtocol.Subscription wish = ConsumerProtocol.subscription(member.metadata());
            wishes.put(member.id(), wish);
            wish.owned().forEach(partition -> owners.put(partition, member.id()));
        }
        Map<String, Map<String, List<Integer>>> parts = new HashMap<>();
        wishes.keySet().forEach(member -> parts.put(member, new TreeMap<>()));
        int turn = 0;
        for (Topic topic : machine.topics.topics()) {
            List<String> wanting = wishes.entrySet().stream()
                    .filter(entry -> entry.getValue().topics().contains(topic.name()))
                    .map(Map.Entry::getKey)
                    .toList();
            for (int i = 0; i < topic.partitions() && !wanting.isEmpty(); i++) {
                String member = wanting.get(turn++ % wanting.size());
                String owner = owners.get(new TopicPartition(topic.name(), i));
                if (owner == null || owner.equals(member)) {
                    parts.get(member)
                            .computeIfAbsent(topic.name(), name -> new ArrayList<>())
                            .add(i);
                }
            }
        }
        Map<String, byte[]> assignments = new HashMap<>();
        parts.forEach((member, part) -> assignments.put(member, ConsumerProtocol.assignment(part, 1)));
        return assignments;
    }

    private void synced(int ofAttempt, Sync.Answer answer) {
        if (gone || ofAttempt != attempt) {
            return;
        }
        isWaiting = false;
        switch (answer.error()) {
            case NONE -> {
                Set<TopicPartition> now = new TreeSet<>();
                ConsumerProtocol.assignment(answer.assignment())
                        .forEach((topic, some) -> some.forEach(one -> now.add(new TopicPartition(topic, one))));
                mustJoin = !now.containsAll(owned);
                owned = now;
                given = ids(now);
            }
            case UNKNOWN_MEMBER -> lost();
            case REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION -> mustJoin = true;
            default -> throw new AssertionError(name + " could not sync: " + answer.error());
        }
    }

    private void heartbeat() {
        int mine = attempt;
        machine.turn(effects ->
                machine.shard().heartbeat(group, id, "", generation, outcome -> beaten(mine, outcome), effects));
    }

    private void beaten(int ofAttempt, GroupError outcome) {
        if (gone || ofAttempt != attempt) {
            return;
        }
        switch (outcome) {
            case NONE -> {
                // It goes on.
            }
            case REBALANCE_IN_PROGRESS -> mustJoin = true;
            // It is not sure any more that what it has is its own.
            default -> lost();
        }
    }

    @Override
    public boolean commit(TopicPartition named, TopicIdPartition partition, long offset) {
        boolean[] taken = new boolean[1];
        Offsets.Commit commit = new Offsets.Commit(
                group,
                id,
                "",
                generation,
                Map.of(named, new CommittedOffset(partition.topicId(), offset, -1, "", machine.nowMs())));
        machine.turn(effects ->
                machine.shard().commit(commit, all -> taken[0] = all.get(named) == GroupError.NONE, effects));
        return taken[0];
    }
}
