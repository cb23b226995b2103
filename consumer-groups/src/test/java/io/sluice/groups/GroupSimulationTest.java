package io.sluice.groups;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.TopicPartition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/**
 * Whole lives of a group from a seed: members join, leave, crash, pause and commit, and the broker starts again at any point.
 * After every step no partition has two owners in the same generation, commits of old generations are refused, and what was
 * committed is there; when the noise stops, the group converges and every partition has an owner.
 */
class GroupSimulationTest {
    private static final int LIVES = "long".equals(System.getProperty("proof.budget")) ? 20_000 : 600;
    private static final int STEPS = 150;
    private static final String GROUP = "g";

    @Test
    void aGroupNeverContradictsItselfAndConverges() {
        String given = System.getProperty("seed", "");
        if (!given.isEmpty()) {
            new Life(Long.parseLong(given)).run();
            return;
        }
        long from = Long.getLong("seeds.from", 1);
        for (long seed = from; seed < from + LIVES; seed++) {
            try {
                new Life(seed).run();
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("repeat with -Dseed=" + seed, e);
            }
        }
    }

    /** One life. */
    private static final class Life {
        private final SplittableRandom random;
        private final Machine machine = new Machine(Machine.limits());
        private final int partitions;
        private final UUID topic;
        private final List<SimulatedMember> members = new ArrayList<>();
        private final Map<TopicPartition, Long> committed = new HashMap<>();
        /** By generation and partition: who had it. */
        private final Map<Integer, Map<Integer, String>> owners = new HashMap<>();

        private int lastGeneration;
        private int names;

        Life(long seed) {
            random = new SplittableRandom(seed);
            partitions = random.nextInt(1, 8);
            topic = machine.topics.put("t", partitions).id();
        }

        void run() {
            for (int step = 0; step < STEPS; step++) {
                step();
                check();
            }
            settleDown();
        }

        private void step() {
            int lot = random.nextInt(100);
            List<SimulatedMember> alive =
                    members.stream().filter(member -> !member.crashed).toList();
            if (lot < 10 && alive.size() < 6) {
                begin();
            } else if (lot < 14 && !alive.isEmpty()) {
                one(alive).crash();
            } else if (lot < 18 && !alive.isEmpty()) {
                one(alive).leave();
            } else if (lot < 22) {
                Map<String, GroupShard.Survivor> before = machine.shard().survivors();
                if (random.nextBoolean()) {
                    machine.restart();
                } else {
                    machine.compactAndRestart();
                }
                assertThat(machine.shard().survivors()).isEqualTo(before);
                members.forEach(SimulatedMember::disconnected);
            } else if (lot < 35) {
                machine.pass(random.nextInt(1, 15_000));
            } else if (lot < 60 && !alive.isEmpty()) {
                commit(one(alive));
            } else {
                alive.forEach(this::goOn);
                machine.pass(random.nextInt(1, 2_000));
            }
        }

        private void begin() {
            String name = "m" + ++names;
            boolean isStatic = random.nextInt(4) == 0;
            // A static member may come back under its name, or take the place of one that still lives.
            String instance = isStatic ? "static-" + random.nextInt(3) : "";
            SimulatedMember member = new SimulatedMember(machine, GROUP, name, instance, partitions);
            members.add(member);
            member.join();
        }

        private void goOn(SimulatedMember member) {
            if (member.crashed || member.isBusy()) {
                return;
            }
            if (!member.owns) {
                member.join();
            } else if (random.nextInt(10) < 9) {
                member.heartbeat();
            }
        }

        private void commit(SimulatedMember member) {
            if (member.id.isEmpty() || member.generation < 0) {
                return;
            }
            int partition = random.nextInt(partitions);
            TopicPartition where = new TopicPartition("t", partition);
            long offset = committed.getOrDefault(where, 0L) + 1;
            boolean old = random.nextInt(5) == 0;
            int generation = old ? member.generation - 1 : member.generation;
            AtomicReference<GroupError> outcome = new AtomicReference<>();
            Offsets.Commit commit = new Offsets.Commit(
                    GROUP,
                    member.id,
                    member.instanceId,
                    generation,
                    Map.of(where, new CommittedOffset(topic, offset, -1, "", machine.nowMs())));
            machine.turn(effects -> machine.shard().commit(commit, all -> outcome.set(all.get(where)), effects));
            assertThat(outcome.get()).as("every commit is answered").isNotNull();
            if (outcome.get() == GroupError.NONE) {
                AtomicReference<GroupView> group = new AtomicReference<>();
                machine.turn(effects -> machine.shard().describe(GROUP, group::set, effects));
                assertThat(generation)
                        .as("a commit of another generation was taken")
                        .isEqualTo(group.get().generation());
                committed.put(where, offset);
            }
        }

        private SimulatedMember one(List<SimulatedMember> from) {
            return from.get(random.nextInt(from.size()));
        }

        private void check() {
            AtomicReference<GroupView> group = new AtomicReference<>();
            machine.turn(effects -> machine.shard().describe(GROUP, group::set, effects));
            if (group.get().generation() < lastGeneration) {
                // Nothing was left of it; the next group of the name counts from the beginning.
                owners.clear();
            }
            lastGeneration = group.get().generation();
            for (SimulatedMember member : members) {
                // Who is a member no more and has not heard of it is fenced when it commits.
                boolean isMember =
                        group.get().members().stream().anyMatch(one -> one.id().equals(member.id));
                if (!member.owns
                        || !isMember
                        || member.generation != group.get().generation()) {
                    continue;
                }
                Map<Integer, String> taken = owners.computeIfAbsent(member.generation, number -> new HashMap<>());
                for (int partition : member.assigned) {
                    String key = member.instanceId.isEmpty() ? member.name : member.instanceId;
                    String other = taken.putIfAbsent(partition, key);
                    assertThat(other == null || other.equals(key))
                            .as(
                                    "partition %d of generation %d belongs to %s and %s",
                                    partition, member.generation, other, key)
                            .isTrue();
                }
            }
            AtomicReference<Offsets.Fetched> fetched = new AtomicReference<>();
            machine.turn(
                    effects -> machine.shard().fetch(GROUP, "", -1, java.util.Optional.empty(), fetched::set, effects));
            Map<TopicPartition, Long> now = new HashMap<>();
            fetched.get().positions().forEach((partition, position) -> now.put(partition, position.offset()));
            assertThat(now).isEqualTo(committed);
        }

        /** The noise stops: whoever lives goes on as clients do. */
        private void settleDown() {
            if (members.stream().allMatch(member -> member.crashed)) {
                begin();
            }
            for (int i = 0; i < 100; i++) {
                for (SimulatedMember member : members) {
                    if (member.crashed || member.isBusy()) {
                        continue;
                    }
                    if (member.owns) {
                        member.heartbeat();
                    } else {
                        member.join();
                    }
                }
                machine.pass(2_000);
                check();
            }
            Map<Integer, String> owned = new HashMap<>();
            for (SimulatedMember member : members) {
                if (member.crashed) {
                    continue;
                }
                assertThat(member.owns).as("%s has its assignment", member.name).isTrue();
                member.assigned.forEach(partition -> assertThat(owned.put(partition, member.name))
                        .as("partition %d has one owner", partition)
                        .isNull());
            }
            if (members.stream().anyMatch(member -> !member.crashed)) {
                assertThat(owned).hasSize(partitions);
            }
        }
    }
}
