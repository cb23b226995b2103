package io.sluice.groups.assign;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.coordinator.group.api.assignor.ConsumerGroupPartitionAssignor;
import org.apache.kafka.coordinator.group.api.assignor.GroupSpec;
import org.apache.kafka.coordinator.group.api.assignor.MemberAssignment;
import org.apache.kafka.coordinator.group.api.assignor.MemberSubscription;
import org.apache.kafka.coordinator.group.api.assignor.SubscribedTopicDescriber;
import org.apache.kafka.coordinator.group.api.assignor.SubscriptionType;
import org.apache.kafka.coordinator.group.assignor.RangeAssignor;
import org.apache.kafka.coordinator.group.assignor.UniformAssignor;
import org.junit.jupiter.api.Test;

/** Kafka's own server-side assignors as the judges of ours. */
class KafkaAssignorsTest {
    private static final int GROUPS = "long".equals(System.getProperty("proof.budget")) ? 50_000 : 1_000;

    @Test
    void rangesAreKafkas() {
        forEverySeed(random -> {
            AssignmentInput input = randomGroup(random, random.nextBoolean());

            assertThat(Assignors.byName("range").orElseThrow().assign(input))
                    .isEqualTo(byKafka(new RangeAssignor(), input));
        });
    }

    @Test
    void ifAllWantTheSameSizesAreKafkasAndWeMoveNoMore() {
        forEverySeed(random -> {
            AssignmentInput input = randomGroup(random, true);

            Map<String, Set<TopicIdPartition>> ours =
                    Assignors.byName("uniform").orElseThrow().assign(input);
            Map<String, Set<TopicIdPartition>> kafkas = byKafka(new UniformAssignor(), input);

            AssignmentLaws.check(input, kafkas);
            assertThat(sizes(ours)).isEqualTo(sizes(kafkas));
            assertThat(AssignmentLaws.moves(input, ours)).isLessThanOrEqualTo(AssignmentLaws.moves(input, kafkas));
        });
    }

    @Test
    void whatKafkaHasBalancedStaysAsItIs() {
        forEverySeed(random -> {
            AssignmentInput input = randomGroup(random, random.nextBoolean());
            Map<String, Set<TopicIdPartition>> kafkas = byKafka(new UniformAssignor(), input);
            AssignmentLaws.checkBalance(input, kafkas);

            Map<String, MemberInput> settled = new HashMap<>();
            input.members()
                    .forEach((id, member) ->
                            settled.put(id, new MemberInput(member.instanceId(), member.subscribed(), kafkas.get(id))));

            assertThat(Assignors.byName("uniform")
                            .orElseThrow()
                            .assign(new AssignmentInput(settled, input.partitionCounts())))
                    .isEqualTo(kafkas);
        });
    }

    private static void forEverySeed(Consumer<Random> test) {
        String given = System.getProperty("seed", "");
        long from = given.isEmpty() ? Long.getLong("seeds.from", 1) : Long.parseLong(given);
        long end = given.isEmpty() ? from + GROUPS : from + 1;
        for (long seed = from; seed < end; seed++) {
            try {
                test.accept(new Random(seed));
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("repeat with -Dseed=" + seed, e);
            }
        }
    }

    private static List<Integer> sizes(Map<String, Set<TopicIdPartition>> assignment) {
        return assignment.values().stream().map(Set::size).sorted().toList();
    }

    /** A group in the middle of its life: some partitions have an owner, never two, and all that is wanted exists. */
    private static AssignmentInput randomGroup(Random random, boolean equalSubscriptions) {
        Map<UUID, Integer> counts = new HashMap<>();
        int topics = 1 + random.nextInt(5);
        for (int topic = 0; topic < topics; topic++) {
            // Often the same number, so that there is something to cut at the same places.
            counts.put(AssignedGroup.topic(topic), random.nextBoolean() ? 6 : 1 + random.nextInt(12));
        }
        Set<TopicIdPartition> free = new TreeSet<>();
        counts.forEach((topic, count) ->
                IntStream.range(0, count).forEach(partition -> free.add(new TopicIdPartition(topic, partition))));
        Set<UUID> same = someOf(counts.keySet(), random);
        int skew = 1 + random.nextInt(6);
        Map<String, MemberInput> members = new HashMap<>();
        int memberCount = 1 + random.nextInt(8);
        for (int i = 0; i < memberCount; i++) {
            Set<UUID> subscribed = equalSubscriptions ? same : someOf(counts.keySet(), random);
            Set<TopicIdPartition> current = free.stream()
                    .filter(partition -> subscribed.contains(partition.topicId()) && random.nextInt(skew) == 0)
                    .collect(Collectors.toSet());
            free.removeAll(current);
            Optional<String> instance = random.nextInt(3) == 0 ? Optional.of("static-" + (90 - i)) : Optional.empty();
            members.put("m" + i, new MemberInput(instance, subscribed, current));
        }
        return new AssignmentInput(members, counts);
    }

    private static Set<UUID> someOf(Set<UUID> topics, Random random) {
        List<UUID> sorted = topics.stream().sorted().toList();
        Set<UUID> some =
                sorted.stream().filter(topic -> random.nextInt(3) > 0).collect(Collectors.toCollection(HashSet::new));
        some.add(sorted.get(random.nextInt(sorted.size())));
        return some;
    }

    private static Map<String, Set<TopicIdPartition>> byKafka(
            ConsumerGroupPartitionAssignor assignor, AssignmentInput input) {
        Map<String, MemberAssignment> assigned = assignor.assign(
                        new Spec(input), new Describer(input.partitionCounts()))
                .members();
        Map<String, Set<TopicIdPartition>> read = new HashMap<>();
        input.members().keySet().forEach(id -> read.put(id, new HashSet<>()));
        assigned.forEach((id, member) -> member.partitions()
                .forEach((topic, partitions) -> partitions.forEach(
                        partition -> read.get(id).add(new TopicIdPartition(ours(topic), partition)))));
        return read;
    }

    private static Uuid kafkas(UUID id) {
        return new Uuid(id.getMostSignificantBits(), id.getLeastSignificantBits());
    }

    private static UUID ours(Uuid id) {
        return new UUID(id.getMostSignificantBits(), id.getLeastSignificantBits());
    }

    /** Our input, as Kafka's assignors want it. */
    private record Spec(AssignmentInput input) implements GroupSpec {
        @Override
        public Collection<String> memberIds() {
            return new TreeMap<>(input.members()).keySet();
        }

        @Override
        public SubscriptionType subscriptionType() {
            long different = input.members().values().stream()
                    .map(MemberInput::subscribed)
                    .distinct()
                    .count();
            return different <= 1 ? SubscriptionType.HOMOGENEOUS : SubscriptionType.HETEROGENEOUS;
        }

        @Override
        public boolean isPartitionAssigned(Uuid topicId, int partition) {
            return input.members().values().stream()
                    .anyMatch(member -> member.current().contains(new TopicIdPartition(ours(topicId), partition)));
        }

        @Override
        public boolean isPartitionAssignable(Uuid topicId, int partition) {
            return true;
        }

        @Override
        public MemberSubscription memberSubscription(String id) {
            return new Member(input.members().get(id));
        }

        @Override
        public MemberAssignment memberAssignment(String id) {
            return new Member(input.members().get(id));
        }
    }

    private record Member(MemberInput input) implements MemberSubscription, MemberAssignment {
        @Override
        public Optional<String> rackId() {
            return Optional.empty();
        }

        @Override
        public Optional<String> instanceId() {
            return input.instanceId();
        }

        @Override
        public Set<Uuid> subscribedTopicIds() {
            return input.subscribed().stream().map(KafkaAssignorsTest::kafkas).collect(Collectors.toSet());
        }

        /** Unmodifiable, as Kafka's assignors insist. */
        @Override
        public Map<Uuid, Set<Integer>> partitions() {
            Map<Uuid, Set<Integer>> partitions = new HashMap<>();
            input.current()
                    .forEach(one -> partitions
                            .computeIfAbsent(kafkas(one.topicId()), any -> new HashSet<>())
                            .add(one.partition()));
            return Collections.unmodifiableMap(partitions);
        }
    }

    private record Describer(Map<UUID, Integer> counts) implements SubscribedTopicDescriber {
        @Override
        public int numPartitions(Uuid topicId) {
            return counts.getOrDefault(ours(topicId), -1);
        }

        @Override
        public Set<String> racksForPartition(Uuid topicId, int partition) {
            return Set.of();
        }
    }
}
