package io.sluice.groups.assign;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.IntSummaryStatistics;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

class UniformAssignorTest {
    @Test
    void partitionsAreDealtOutOneByOne() {
        AssignedGroup group = new AssignedGroup()
                .topic(0, 3)
                .topic(1, 4)
                .member("m1", 0, 1)
                .member("m2", 0, 1)
                .member("m3", 0, 1);

        assertThat(group.assigned("uniform")).isEqualTo(Map.of("m1", "a0 b0 b3", "m2", "a1 b1", "m3", "a2 b2"));
    }

    @Test
    void aMemberWithoutPartitionsHasAnEntry() {
        AssignedGroup group =
                new AssignedGroup().topic(0, 1).member("m1", 0).member("m2", 0).member("m3");

        assertThat(group.assigned("uniform")).isEqualTo(Map.of("m1", "a0", "m2", "", "m3", ""));
    }

    @Test
    void aGroupWithoutMembersHasNoEntries() {
        assertThat(new AssignedGroup().topic(0, 3).assigned("uniform")).isEmpty();
    }

    @Test
    void topicsThatDoNotExistAndTopicsThatNobodyWantsAreIgnored() {
        AssignedGroup group =
                new AssignedGroup().topic(0, 2).topic(1, 2).topic(2, 0).member("m1", 0, 2, 3);

        assertThat(group.assigned("uniform")).isEqualTo(Map.of("m1", "a0 a1"));
    }

    @Test
    void aNewcomerTakesOnlyWhatItGetsAndABitOfEachTopic() {
        AssignedGroup group = new AssignedGroup()
                .topic(0, 2)
                .topic(1, 2)
                .topic(2, 2)
                .member("m1", 0, 1, 2)
                .member("m2", 0, 1, 2);
        assertThat(group.assigned("uniform")).isEqualTo(Map.of("m1", "a0 b0 c0", "m2", "a1 b1 c1"));

        group.member("m3", 0, 1, 2);

        assertThat(group.assigned("uniform")).isEqualTo(Map.of("m1", "a0 c0", "m2", "b1 c1", "m3", "a1 b0"));
    }

    @Test
    void onlyThePartitionsOfWhoLeavesMove() {
        AssignedGroup group =
                new AssignedGroup().topic(0, 7).member("m1", 0).member("m2", 0).member("m3", 0);
        assertThat(group.assigned("uniform")).isEqualTo(Map.of("m1", "a0 a3 a6", "m2", "a1 a4", "m3", "a2 a5"));

        group.leaves("m1");

        assertThat(group.assigned("uniform")).isEqualTo(Map.of("m2", "a0 a1 a4 a6", "m3", "a2 a3 a5"));
    }

    @Test
    void whoHasOneMoreKeepsIt() {
        AssignedGroup group = new AssignedGroup()
                .topic(0, 5)
                .member("m1", 0)
                .member("m2", 0)
                .member("m3", 0)
                .has("m2", "a0 a1")
                .has("m3", "a2 a3")
                .has("m1", "a4");

        assertThat(group.assigned("uniform")).isEqualTo(Map.of("m1", "a4", "m2", "a0 a1", "m3", "a2 a3"));
    }

    @Test
    void morePartitionsMoveNothing() {
        AssignedGroup group = new AssignedGroup().topic(0, 3).member("m1", 0).member("m2", 0);
        assertThat(group.assigned("uniform")).isEqualTo(Map.of("m1", "a0 a2", "m2", "a1"));

        group.topic(0, 6);

        assertThat(group.assigned("uniform")).isEqualTo(Map.of("m1", "a0 a2 a4", "m2", "a1 a3 a5"));
    }

    @Test
    void whatIsGoneIsTakenAway() {
        AssignedGroup group =
                new AssignedGroup().topic(0, 4).topic(1, 2).member("m1", 0, 1).member("m2", 0, 1);
        assertThat(group.assigned("uniform")).isEqualTo(Map.of("m1", "a0 a2 b0", "m2", "a1 a3 b1"));

        group.topic(0, 3).noTopic(1);

        assertThat(group.assigned("uniform")).isEqualTo(Map.of("m1", "a0 a2", "m2", "a1"));
    }

    @Test
    void whoDoesNotWantATopicAnyMoreLosesIt() {
        AssignedGroup group =
                new AssignedGroup().topic(0, 2).topic(1, 2).member("m1", 0, 1).member("m2", 0, 1);
        assertThat(group.assigned("uniform")).isEqualTo(Map.of("m1", "a0 b0", "m2", "a1 b1"));

        group.member("m1", 1);

        assertThat(group.assigned("uniform")).isEqualTo(Map.of("m1", "b0 b1", "m2", "a0 a1"));
    }

    @Test
    void ifTwoClaimAPartitionOneHasIt() {
        AssignedGroup group = new AssignedGroup()
                .topic(0, 2)
                .member("m1", 0)
                .member("m2", 0)
                .has("m1", "a0")
                .has("m2", "a0");

        assertThat(group.assigned("uniform")).isEqualTo(Map.of("m1", "a0", "m2", "a1"));
    }

    @Test
    void whoWantsLessIsFilledByWhoWantsMore() {
        AssignedGroup group =
                new AssignedGroup().topic(0, 10).topic(1, 2).member("m1", 0).member("m2", 0, 1);

        assertThat(group.assigned("uniform")).isEqualTo(Map.of("m1", "a0 a1 a2 a4 a6 a8", "m2", "a3 a5 a7 a9 b0 b1"));
    }

    @Test
    void aMoveThatMakesRoomForAnotherIsFollowed() {
        // m1 is full of what only m2 wants too, and m2 of what only m3 wants too.
        AssignedGroup group = new AssignedGroup()
                .topic(0, 6)
                .topic(1, 5)
                .member("m1", 0)
                .member("m2", 0, 1)
                .member("m3", 1)
                .has("m1", "a0 a1 a2 a3 a4 a5")
                .has("m2", "b0 b1 b2 b3 b4");

        Map<String, Integer> counts = group.assign("uniform").entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, entry -> entry.getValue().size()));

        assertThat(counts).isEqualTo(Map.of("m1", 4, "m2", 4, "m3", 3));
    }

    @Test
    void stickyAndUniformAreTheSame() {
        AssignedGroup group =
                new AssignedGroup().topic(0, 5).member("m1", 0).member("m2", 0).has("m1", "a0 a1 a2 a3 a4");

        assertThat(Assignors.byName("sticky").orElseThrow().assign(group.input()))
                .isEqualTo(Assignors.byName("uniform").orElseThrow().assign(group.input()));
    }

    @Test
    void assignorsAreFoundByTheirNames() {
        assertThat(Assignors.names()).containsExactly("uniform", "range", "sticky");
        assertThat(Assignors.names())
                .allSatisfy(name ->
                        assertThat(Assignors.byName(name).orElseThrow().name()).isEqualTo(name));
        assertThat(Assignors.byName("Range")).isEmpty();
        assertThat(Assignors.DEFAULT).isEqualTo("uniform");
    }

    @Test
    void aThousandMembersShareTenThousandPartitionsAtOnce() {
        for (int partitionsOfATopic : new int[] {10_000, 100, 1}) {
            AssignedGroup group = new AssignedGroup();
            int topics = 10_000 / partitionsOfATopic;
            IntStream.range(0, topics).forEach(topic -> group.topic(topic, partitionsOfATopic));
            Integer[] all = IntStream.range(0, topics).boxed().toArray(Integer[]::new);
            group.member("m0", all);
            group.assign("uniform");
            Map<String, MemberInput> members = new HashMap<>(group.input().members());
            Set<UUID> subscribed = members.get("m0").subscribed();
            for (int i = 1; i < 1_000; i++) {
                members.put("m" + i, new MemberInput(Optional.empty(), subscribed, Set.of()));
            }
            AssignmentInput input = new AssignmentInput(members, group.input().partitionCounts());

            // The first one has everything: ten stay, everything else moves. A generous bound, for a busy machine.
            Map<String, Set<TopicIdPartition>> assignment =
                    Assertions.assertTimeout(Duration.ofSeconds(5), () -> new UniformAssignor("u").assign(input));

            assertThat(assignment.values())
                    .hasSize(1_000)
                    .allSatisfy(mine -> assertThat(mine).hasSize(10));
        }
    }

    @Test
    void aLongChainOfSubscriptionsComesToRest() {
        // Each member shares one topic with the next, and all partitions but a few are at one end.
        int members = 1_000;
        AssignedGroup group = new AssignedGroup();
        for (int i = 0; i < members; i++) {
            group.topic(i, i == 0 ? 3_000 : 7).member(String.format("m%04d", i), i, Math.max(0, i - 1));
        }
        for (int i = 0; i < members; i++) {
            int topic = i;
            Set<TopicIdPartition> all = IntStream.range(0, topic == 0 ? 3_000 : 7)
                    .mapToObj(partition -> new TopicIdPartition(AssignedGroup.topic(topic), partition))
                    .collect(Collectors.toSet());
            group.remember(Map.of(String.format("m%04d", i), all));
        }

        Map<String, Set<TopicIdPartition>> assignment =
                Assertions.assertTimeout(Duration.ofSeconds(10), () -> group.assign("uniform"));

        IntSummaryStatistics sizes =
                assignment.values().stream().mapToInt(Collection::size).summaryStatistics();
        assertThat(sizes.getSum()).isEqualTo(3_000 + 7 * 999);
        AssignmentLaws.check(group.input(), assignment);
        AssignmentLaws.checkBalance(group.input(), assignment);
    }

    @Test
    void aThousandMembersWhoWantDifferentTopicsAreSharedOutSoonToo() {
        Random random = new Random(1);
        AssignedGroup group = new AssignedGroup();
        IntStream.range(0, 1_000).forEach(topic -> group.topic(topic, 10));
        for (int i = 0; i < 1_000; i++) {
            // Half of them know few topics, half know many, and the first hundred have had all partitions so far.
            int wanted = i < 100 ? 900 : i % 2 == 0 ? 3 : 300;
            group.member(
                    String.format("m%04d", i),
                    random.ints(wanted, 0, 1_000).boxed().distinct().toArray(Integer[]::new));
            if (i == 99) {
                group.assign("uniform");
            }
        }

        AssignmentInput before = group.input();
        Map<String, Set<TopicIdPartition>> assignment =
                Assertions.assertTimeout(Duration.ofSeconds(10), () -> group.assign("uniform"));

        AssignmentLaws.check(before, assignment);
        AssignmentLaws.checkBalance(before, assignment);
    }
}
