package io.sluice.groups;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.consumer.ConsumerMember;
import io.sluice.groups.consumer.MemberState;
import io.sluice.groups.consumer.MemberState.Standing;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/**
 * Whole lives of a group whose partitions the broker assigns, from a seed: members of all protocols join, leave, crash, pause and
 * commit, answers are lost, partitions are added, topics come and go, positions are moved under them, and the broker starts
 * again at any point. After every step no partition has two owners, no two members process records of the same partition whose
 * commits would both be taken, and positions are where the last commit or move left them; when the noise stops, every partition has
 * one owner.
 */
class ConsumerGroupSimulationTest {
    private static final int LIVES = "long".equals(System.getProperty("proof.budget")) ? 20_000 : 400;
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
        private final List<SimulatedClient> clients = new ArrayList<>();
        private final Map<TopicPartition, Long> committed = new HashMap<>();
        private int names;

        Life(long seed) {
            random = new SplittableRandom(seed);
            machine.topics.put("a", random.nextInt(1, 6));
            machine.topics.put("b", random.nextInt(1, 4));
        }

        void run() {
            for (int step = 0; step < STEPS; step++) {
                step();
                check();
            }
            settleDown();
        }

        private List<SimulatedClient> alive() {
            return clients.stream().filter(client -> !client.isGone()).toList();
        }

        private <T> T one(List<T> from) {
            return from.get(random.nextInt(from.size()));
        }

        private void step() {
            int lot = random.nextInt(100);
            List<SimulatedClient> alive = alive();
            if (lot < 8 && alive.size() < 6) {
                begin();
            } else if (lot < 11 && !alive.isEmpty()) {
                one(alive).crash();
            } else if (lot < 15 && !alive.isEmpty()) {
                one(alive).leave();
            } else if (lot < 18) {
                restart();
            } else if (lot < 21) {
                changeTopics();
            } else if (lot < 24) {
                seek();
            } else if (lot < 35) {
                machine.pass(random.nextInt(1, 15_000));
            } else if (lot < 55 && !alive.isEmpty()) {
                commit(one(alive));
            } else {
                for (SimulatedClient client : alive) {
                    if (random.nextInt(10) < 8) {
                        client.step(random.nextInt(100));
                    }
                }
                machine.pass(random.nextInt(1, 2_000));
            }
        }

        private void begin() {
            String id = "m" + ++names;
            List<String> topics = random.nextInt(4) == 0 ? List.of("a") : List.of("a", "b");
            switch (random.nextInt(6)) {
                case 3, 4 -> clients.add(new SimulatedClassic(machine, GROUP, id, random.nextBoolean(), topics));
                case 0 -> clients.add(new SimulatedPoller(machine, GROUP, id, topics));
                case 1 -> {
                    String instance = "static-" + random.nextInt(2);
                    clients.add(new SimulatedConsumer(machine, GROUP, id, instance, topics));
                }
                default -> clients.add(new SimulatedConsumer(machine, GROUP, id, "", topics));
            }
            clients.get(clients.size() - 1).step(1);
        }

        private void restart() {
            Map<String, GroupShard.Survivor> before = machine.shard().survivors();
            if (random.nextBoolean()) {
                machine.restart();
            } else {
                machine.compactAndRestart();
            }
            assertThat(machine.shard().survivors()).isEqualTo(before);
            clients.forEach(SimulatedClient::disconnected);
        }

        private void changeTopics() {
            Optional<Topic> a = machine.topics.topic("a");
            if (a.isEmpty()) {
                machine.topics.put("a", random.nextInt(1, 6));
            } else if (random.nextInt(4) == 0) {
                machine.topics.delete("a");
                committed.keySet().removeIf(partition -> partition.topic().equals("a"));
            } else {
                machine.topics.put("a", a.get().partitions() + 1);
            }
            machine.turn(effects -> machine.shard().topicsChanged(effects));
        }

        private void seek() {
            Topic topic = machine.topics.topic("b").orElseThrow();
            TopicPartition where = new TopicPartition("b", random.nextInt(topic.partitions()));
            long offset = random.nextInt(1_000_000);
            AtomicReference<GroupShard.Moved> moved = new AtomicReference<>();
            machine.turn(effects -> machine.shard()
                    .seek(
                            GROUP,
                            Map.of(where, new CommittedOffset(topic.id(), offset, -1, "", machine.nowMs())),
                            Map.of(),
                            moved::set,
                            effects));
            assertThat(moved.get().error()).isEqualTo(GroupError.NONE);
            committed.put(where, offset);
            // Whoever read there before does not move it back.
            TopicIdPartition id = new TopicIdPartition(topic.id(), where.partition());
            for (SimulatedClient client : alive()) {
                if (client.reads().contains(id)) {
                    assertThat(client.commit(where, id, 7))
                            .as("%s moved a position back", client.id())
                            .isFalse();
                }
            }
        }

        private void commit(SimulatedClient client) {
            if (client.reads().isEmpty()) {
                return;
            }
            TopicIdPartition partition = one(List.copyOf(client.reads()));
            Optional<Topic> topic = machine.topics.topic(partition.topicId());
            if (topic.isEmpty()) {
                return;
            }
            TopicPartition named = new TopicPartition(topic.get().name(), partition.partition());
            long offset = committed.getOrDefault(named, 0L) + 1;
            if (client instanceof SimulatedConsumer consumer && random.nextInt(5) == 0) {
                assertThat(consumer.commitAsBefore(named, partition, offset))
                        .as("%s moved a position at an old epoch", client.id())
                        .isFalse();
                return;
            }
            boolean known = isMember(client);
            boolean taken = client.commit(named, partition, offset);
            if (taken) {
                assertThat(known)
                        .as("%s is no member and moved a position", client.id())
                        .isTrue();
                committed.put(named, offset);
            }
        }

        private GroupView view() {
            AtomicReference<GroupView> group = new AtomicReference<>();
            machine.turn(effects -> machine.shard().describe(GROUP, group::set, effects));
            return group.get();
        }

        private boolean isMember(SimulatedClient client) {
            GroupView group = view();
            return group.consumers().stream()
                            .anyMatch(member -> member.state().id().equals(client.id()))
                    || group.members().stream().anyMatch(member -> member.id().equals(client.id()));
        }

        private void check() {
            GroupView group = view();
            Map<TopicIdPartition, String> owners = new HashMap<>();
            Map<TopicIdPartition, String> targets = new HashMap<>();
            Set<TopicIdPartition> wanted = new HashSet<>();
            for (ConsumerMember one : group.consumers()) {
                MemberState member = one.state();
                Set<TopicIdPartition> has =
                        new HashSet<>(member.standing().assigned().keySet());
                has.addAll(member.standing().revoking().keySet());
                has.forEach(partition -> assertThat(owners.put(partition, member.id()))
                        .as("another owner of %s beside %s", partition, member.id())
                        .isNull());
                member.target()
                        .forEach(partition -> assertThat(targets.put(partition, member.id()))
                                .as("another one that is to have %s beside %s", partition, member.id())
                                .isNull());
                for (String name : member.subscription().topics()) {
                    machine.topics.topic(name).ifPresent(topic -> {
                        for (int i = 0; i < topic.partitions(); i++) {
                            wanted.add(new TopicIdPartition(topic.id(), i));
                        }
                    });
                }
            }
            if (group.type() == GroupView.Type.CONSUMER) {
                assertThat(targets.keySet()).isEqualTo(wanted);
                checkReaders(group);
            }
            AtomicReference<Offsets.Fetched> fetched = new AtomicReference<>();
            machine.turn(effects -> machine.shard().fetch(GROUP, "", -1, Optional.empty(), fetched::set, effects));
            Map<TopicPartition, Long> now = new HashMap<>();
            fetched.get().positions().forEach((partition, position) -> now.put(partition, position.offset()));
            assertThat(now).isEqualTo(committed);
        }

        /** Of all who process records of a partition, at most one is who the broker takes for its owner. */
        private void checkReaders(GroupView group) {
            Map<TopicIdPartition, String> readers = new HashMap<>();
            for (SimulatedClient client : alive()) {
                Optional<MemberState> member = group.consumers().stream()
                        .map(ConsumerMember::state)
                        .filter(state -> state.id().equals(client.id()))
                        .findFirst();
                if (member.isEmpty()
                        || client instanceof SimulatedConsumer consumer && isFenced(member.get(), consumer)) {
                    continue;
                }
                for (TopicIdPartition partition : client.reads()) {
                    if (client instanceof SimulatedPoller poller && !isValid(member.get(), partition, poller.epoch())) {
                        continue;
                    }
                    assertThat(readers.put(partition, client.id()))
                            .as("another reader of %s beside %s", partition, client.id())
                            .isNull();
                }
            }
        }

        /** It will hear with its next heartbeat that it must begin anew, and commits nothing until then. */
        private static boolean isFenced(MemberState member, SimulatedConsumer consumer) {
            Standing standing = member.standing();
            boolean isLate = consumer.epoch() == standing.previousEpoch()
                    && standing.assigned().keySet().containsAll(consumer.reads());
            return consumer.epoch() != standing.epoch() && !isLate;
        }

        private static boolean isValid(MemberState member, TopicIdPartition partition, int epoch) {
            Integer since = member.standing().assigned().get(partition);
            since = since == null ? member.standing().revoking().get(partition) : since;
            return since != null && since <= epoch;
        }

        /** The noise stops: whoever lives goes on as clients do. */
        private void settleDown() {
            if (machine.topics.topic("a").isEmpty()) {
                changeTopics();
            }
            if (alive().isEmpty()) {
                begin();
            }
            for (int i = 0; i < 60; i++) {
                alive().forEach(client -> client.step(1));
                machine.pass(2_000);
                check();
            }
            if (alive().isEmpty()) {
                return;
            }
            GroupView group = view();
            assertThat(group.state()).isEqualTo(GroupState.STABLE);
            if (group.type() == GroupView.Type.CLASSIC) {
                assertThat(alive()).allMatch(client -> client instanceof SimulatedClassic);
                return;
            }
            Map<TopicIdPartition, String> owned = new HashMap<>();
            for (ConsumerMember one : group.consumers()) {
                one.state()
                        .standing()
                        .assigned()
                        .keySet()
                        .forEach(partition -> owned.put(partition, one.state().id()));
                assertThat(alive())
                        .anySatisfy(client ->
                                assertThat(client.id()).isEqualTo(one.state().id()));
            }
            int expected = machine.topics.topics().stream()
                    .filter(topic -> group.consumers().stream()
                            .anyMatch(member ->
                                    member.state().subscription().topics().contains(topic.name())))
                    .mapToInt(Topic::partitions)
                    .sum();
            assertThat(owned).hasSize(expected);
            for (SimulatedClient client : alive()) {
                if (!(client instanceof SimulatedPoller)) {
                    client.reads()
                            .forEach(partition ->
                                    assertThat(owned.get(partition)).isEqualTo(client.id()));
                }
            }
        }
    }
}
