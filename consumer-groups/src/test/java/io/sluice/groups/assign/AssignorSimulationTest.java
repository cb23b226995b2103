package io.sluice.groups.assign;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.IntSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Whole lives of groups from a seed: members join, leave and change their minds, topics come, grow and go. After every step the
 * assignments are what they promise to be.
 */
class AssignorSimulationTest {
    private static final int LIVES = "long".equals(System.getProperty("proof.budget")) ? 20_000 : 400;
    private static final int STEPS = 25;

    @Test
    void assignmentsKeepTheirPromises() {
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

    /** One life of a group, whose members all want the same in every second one. */
    private static final class Life {
        private final Random random;
        private final String assignor;
        private final boolean equalSubscriptions;
        private final AssignedGroup group = new AssignedGroup();
        private final Integer[] subscription;
        private int names;

        Life(long seed) {
            random = new Random(seed);
            assignor = Assignors.names().get(random.nextInt(Assignors.names().size()));
            equalSubscriptions = random.nextBoolean();
            subscription = someTopics();
        }

        void run() {
            for (int step = 0; step < STEPS; step++) {
                step();
            }
        }

        private void step() {
            List<String> ids = group.ids();
            int lot = random.nextInt(10);
            boolean joins = false;
            boolean leaves = false;
            if (ids.isEmpty() || lot < 4) {
                joins = join();
            } else if (lot < 6) {
                group.leaves(one(ids));
                leaves = true;
            } else if (lot < 8) {
                group.topic(random.nextInt(6), random.nextInt(12));
            } else if (lot < 9) {
                group.noTopic(random.nextInt(6));
            } else if (!equalSubscriptions) {
                group.member(one(ids), someTopics());
            }
            AssignmentInput input = group.input();
            Map<String, Set<TopicIdPartition>> assignment = group.assign(assignor);

            AssignmentLaws.check(input, assignment);
            sameWhateverTheOrder(input, assignment);
            nothingChangesWhenNothingChanged(assignment);
            if (!assignor.equals("range")) {
                AssignmentLaws.checkBalance(input, assignment);
                if (equalSubscriptions) {
                    balanced(assignment);
                    assertThat(AssignmentLaws.moves(input, assignment)).isEqualTo(fewestMoves(input));
                }
                if (equalSubscriptions && joins) {
                    assertThat(AssignmentLaws.moves(input, assignment))
                            .isEqualTo(assignment.get("m" + names).size());
                }
                if (equalSubscriptions && leaves) {
                    input.members()
                            .forEach((id, member) ->
                                    assertThat(assignment.get(id)).containsAll(member.current()));
                }
            } else {
                contiguous(assignment);
            }
        }

        /** Whether somebody joined a group that was settled. */
        private boolean join() {
            boolean settled = !group.ids().isEmpty();
            Optional<String> instance =
                    random.nextInt(4) == 0 ? Optional.of("static-" + random.nextInt(1_000)) : Optional.empty();
            group.member("m" + ++names, instance, equalSubscriptions ? subscription : someTopics());
            return settled;
        }

        private Integer[] someTopics() {
            Set<Integer> topics = new HashSet<>();
            int count = random.nextInt(5);
            for (int i = 0; i <= count; i++) {
                topics.add(random.nextInt(6));
            }
            return topics.toArray(Integer[]::new);
        }

        private String one(List<String> from) {
            return from.get(random.nextInt(from.size()));
        }

        private void sameWhateverTheOrder(AssignmentInput input, Map<String, Set<TopicIdPartition>> assignment) {
            Map<String, MemberInput> members = new LinkedHashMap<>();
            shuffled(input.members().keySet()).forEach(id -> {
                MemberInput member = input.members().get(id);
                members.put(
                        id,
                        new MemberInput(
                                member.instanceId(),
                                new LinkedHashSet<>(shuffled(member.subscribed())),
                                new LinkedHashSet<>(shuffled(member.current()))));
            });
            Map<UUID, Integer> counts = new LinkedHashMap<>();
            shuffled(input.partitionCounts().keySet())
                    .forEach(topic -> counts.put(topic, input.partitionCounts().get(topic)));

            assertThat(Assignors.byName(assignor).orElseThrow().assign(new AssignmentInput(members, counts)))
                    .isEqualTo(assignment);
        }

        private <T> List<T> shuffled(Collection<T> all) {
            List<T> list = new ArrayList<>(all);
            Collections.shuffle(list, random);
            return list;
        }

        private void nothingChangesWhenNothingChanged(Map<String, Set<TopicIdPartition>> assignment) {
            assertThat(group.assign(assignor)).isEqualTo(assignment);
        }

        private static void balanced(Map<String, Set<TopicIdPartition>> assignment) {
            IntSummaryStatistics sizes =
                    assignment.values().stream().mapToInt(Set::size).summaryStatistics();
            assertThat(sizes.getMax() - sizes.getMin()).isLessThan(2);
        }

        /** If all want the same: what nobody has must go somewhere, and who has more than the others' share must give. */
        private static int fewestMoves(AssignmentInput input) {
            if (input.members().isEmpty()) {
                return 0;
            }
            Set<UUID> topics = input.members().values().iterator().next().subscribed();
            int partitions = topics.stream()
                    .mapToInt(topic -> input.partitionCounts().getOrDefault(topic, 0))
                    .sum();
            int share = partitions / input.members().size();
            int withOneMore = partitions % input.members().size();
            int kept = 0;
            for (MemberInput member : input.members().values()) {
                int has = (int) member.current().stream()
                        .filter(one -> topics.contains(one.topicId()))
                        .filter(one -> one.partition() < input.partitionCounts().getOrDefault(one.topicId(), 0))
                        .count();
                if (has > share && withOneMore > 0) {
                    kept += share + 1;
                    withOneMore--;
                } else {
                    kept += Math.min(has, share);
                }
            }
            return partitions - kept;
        }

        private static void contiguous(Map<String, Set<TopicIdPartition>> assignment) {
            assignment.values().forEach(partitions -> {
                for (TopicIdPartition partition : partitions) {
                    boolean begins = partitions.stream()
                            .noneMatch(other -> other.topicId().equals(partition.topicId())
                                    && other.partition() < partition.partition());
                    assertThat(begins
                                    || partitions.contains(
                                            new TopicIdPartition(partition.topicId(), partition.partition() - 1)))
                            .as("%s is part of a range", partition)
                            .isTrue();
                }
            });
        }
    }
}
