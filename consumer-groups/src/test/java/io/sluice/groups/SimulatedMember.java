package io.sluice.groups;

import io.sluice.groups.classic.Join;
import io.sluice.groups.classic.Protocol;
import io.sluice.groups.classic.Sync;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** A client of a group as clients are: it joins, syncs, assigns if it is the leader, beats, and may be gone at any moment. */
final class SimulatedMember {
    static final int SESSION_MS = 10_000;
    static final int REBALANCE_MS = 20_000;

    final String name;
    final String instanceId;
    private final Machine machine;
    private final String group;
    private final int partitions;
    String id = "";
    int generation = -1;
    /** What it has, while it is part of a generation. */
    Set<Integer> assigned = new TreeSet<>();

    boolean owns;
    boolean joining;
    boolean syncing;
    boolean crashed;
    private int attempt;
    private int ids;

    SimulatedMember(Machine machine, String group, String name, String instanceId, int partitions) {
        this.machine = machine;
        this.group = group;
        this.name = name;
        this.instanceId = instanceId;
        this.partitions = partitions;
    }

    boolean isBusy() {
        return joining || syncing;
    }

    void join() {
        joining = true;
        owns = false;
        int mine = ++attempt;
        Join.Request request = new Join.Request(
                id,
                name + "-" + ++ids,
                instanceId,
                name,
                "/127.0.0.1",
                SESSION_MS,
                REBALANCE_MS,
                "consumer",
                List.of(new Protocol("range", name.getBytes(StandardCharsets.UTF_8))),
                true,
                true);
        machine.turn(effects -> machine.shard().join(group, request, answer -> joined(mine, answer), effects));
    }

    private void joined(int ofAttempt, Join.Answer answer) {
        if (crashed || ofAttempt != attempt) {
            return;
        }
        joining = false;
        switch (answer.error()) {
            case NONE -> {
                id = answer.memberId();
                generation = answer.generation();
                sync(answer);
            }
            case MEMBER_ID_REQUIRED -> id = answer.memberId();
            case UNKNOWN_MEMBER -> id = "";
            case FENCED_INSTANCE -> crashed = true;
            default -> throw new AssertionError(name + " was refused: " + answer.error());
        }
    }

    private void sync(Join.Answer joined) {
        syncing = true;
        int mine = ++attempt;
        Map<String, byte[]> assignments = new HashMap<>();
        if (joined.leader().equals(id) && !joined.skipAssignment()) {
            List<String> members = new ArrayList<>();
            joined.members().forEach(member -> members.add(member.id()));
            Map<String, TreeSet<Integer>> parts = new TreeMap<>();
            members.forEach(member -> parts.put(member, new TreeSet<>()));
            for (int i = 0; i < partitions; i++) {
                parts.get(members.get(i % members.size())).add(i);
            }
            parts.forEach((member, part) -> assignments.put(member, encode(part)));
        }
        Sync.Request request = new Sync.Request(id, instanceId, generation, "consumer", "range", assignments);
        machine.turn(effects -> machine.shard().sync(group, request, answer -> synced(mine, answer), effects));
    }

    private void synced(int ofAttempt, Sync.Answer answer) {
        if (crashed || ofAttempt != attempt) {
            return;
        }
        syncing = false;
        switch (answer.error()) {
            case NONE -> {
                assigned = decode(answer.assignment());
                owns = true;
            }
            case UNKNOWN_MEMBER -> id = "";
            case REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION -> {
                // It joins again.
            }
            case FENCED_INSTANCE -> crashed = true;
            default -> throw new AssertionError(name + " could not sync: " + answer.error());
        }
    }

    void heartbeat() {
        machine.turn(effects -> machine.shard()
                .heartbeat(
                        group,
                        id,
                        instanceId,
                        generation,
                        outcome -> {
                            if (crashed || outcome == GroupError.NONE) {
                                return;
                            }
                            if (outcome == GroupError.FENCED_INSTANCE) {
                                crashed = true;
                            }
                            if (outcome == GroupError.UNKNOWN_MEMBER) {
                                id = "";
                            }
                            owns = false;
                        },
                        effects));
    }

    void leave() {
        String mine = id;
        machine.turn(effects ->
                machine.shard().leave(group, List.of(new GroupShard.Leaving(mine, "")), outcomes -> {}, effects));
        crash();
    }

    /** It is gone, and says nothing. */
    void crash() {
        crashed = true;
        owns = false;
        joining = false;
        syncing = false;
    }

    /** Its connection broke with the broker: whatever it waited for will not come. */
    void disconnected() {
        attempt++;
        joining = false;
        syncing = false;
    }

    private static byte[] encode(Set<Integer> part) {
        StringBuilder text = new StringBuilder();
        part.forEach(one -> text.append(one).append(' '));
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static Set<Integer> decode(byte[] assignment) {
        Set<Integer> part = new TreeSet<>();
        for (String one : new String(assignment, StandardCharsets.UTF_8).split(" ")) {
            if (!one.isEmpty()) {
                part.add(Integer.parseInt(one));
            }
        }
        return part;
    }
}
