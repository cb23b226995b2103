package io.sluice.groups;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.Broker;
import io.sluice.core.BrokerConfig;
import io.sluice.core.TopicPartition;
import io.sluice.core.topic.NewTopic;
import io.sluice.core.topic.Topic;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many groups over a real log: what was committed is there after a start, and how long the start took is printed. */
class GroupReplayTest {
    private static final boolean LONG = "long".equals(System.getProperty("proof.budget"));
    private static final int GROUPS = LONG ? 10_000 : 500;
    private static final int PARTITIONS = 10;
    private static final int ROUNDS = LONG ? 10 : 3;

    @TempDir
    private Path folder;

    private static GroupConfig config() {
        return new GroupConfig(Machine.limits(), 4, 100_000);
    }

    @Test
    void whatWasCommittedIsThereAfterAStart() throws Exception {
        try (Broker broker = Broker.open(BrokerConfig.at(folder))) {
            Topic topic =
                    broker.createTopic(new NewTopic("t", PARTITIONS, Map.of())).get(30, TimeUnit.SECONDS);
            try (GroupCoordinator groups = started(broker)) {
                long startNs = System.nanoTime();
                for (int round = 1; round <= ROUNDS; round++) {
                    commitAll(groups, topic, round);
                }
                long commits = (long) ROUNDS * GROUPS;
                System.out.printf(
                        "%d commits of %d positions each in %d ms%n",
                        commits, PARTITIONS, (System.nanoTime() - startNs) / 1_000_000);
            }
        }
        try (Broker broker = Broker.open(BrokerConfig.at(folder))) {
            long startNs = System.nanoTime();
            try (GroupCoordinator groups = started(broker)) {
                for (int i = 0; i < GROUPS; i++) {
                    Offsets.Fetched fetched = positions(groups, "group-" + i);
                    assertThat(fetched.positions()).hasSize(PARTITIONS);
                    if (i == 0) {
                        System.out.printf(
                                "the first group is there after %d ms%n", (System.nanoTime() - startNs) / 1_000_000);
                    }
                    int group = i;
                    fetched.positions()
                            .forEach((partition, position) -> assertThat(position.offset())
                                    .isEqualTo(offset(group, partition.partition(), ROUNDS)));
                }
                System.out.printf(
                        "%d groups with %d positions are read after %d ms%n",
                        GROUPS, GROUPS * PARTITIONS, (System.nanoTime() - startNs) / 1_000_000);
            }
        }
    }

    @Test
    void whatWasForgottenIsForgottenAfterAStart() throws Exception {
        TopicPartition kept = new TopicPartition("t", 0);
        TopicPartition forgotten = new TopicPartition("t", 1);
        try (Broker broker = Broker.open(BrokerConfig.at(folder))) {
            Topic topic = broker.createTopic(new NewTopic("t", 2, Map.of())).get(30, TimeUnit.SECONDS);
            CommittedOffset position = new CommittedOffset(topic.id(), 7, -1, "", 0);
            try (GroupCoordinator groups = started(broker)) {
                positions(groups, "g");
                groups.commit(new Offsets.Commit("g", "", "", -1, Map.of(kept, position, forgotten, position)))
                        .get(30, TimeUnit.SECONDS);
                Offsets.Deleted deleted =
                        groups.deletePositions("g", List.of(forgotten)).get(30, TimeUnit.SECONDS);
                assertThat(deleted.error()).isEqualTo(GroupError.NONE);
            }
        }
        try (Broker broker = Broker.open(BrokerConfig.at(folder));
                GroupCoordinator groups = started(broker)) {
            assertThat(positions(groups, "g").positions()).containsOnlyKeys(kept);
        }
    }

    private static GroupCoordinator started(Broker broker) {
        GroupCoordinator groups = new GroupCoordinator(broker.engine(), config(), InstantSource.system());
        groups.start();
        return groups;
    }

    private static long offset(int group, int partition, int round) {
        return group * 1_000L + partition * 100L + round;
    }

    private static void commitAll(GroupCoordinator groups, Topic topic, int round) throws Exception {
        Deque<CompletableFuture<Map<TopicPartition, GroupError>>> underWay = new ArrayDeque<>();
        for (int i = 0; i < GROUPS; i++) {
            Map<TopicPartition, CommittedOffset> positions = new HashMap<>();
            for (int partition = 0; partition < PARTITIONS; partition++) {
                positions.put(
                        new TopicPartition("t", partition),
                        new CommittedOffset(topic.id(), offset(i, partition, round), -1, "", 0));
            }
            CompletableFuture<Map<TopicPartition, GroupError>> answer;
            do {
                answer = groups.commit(new Offsets.Commit("group-" + i, "", "", -1, positions));
                // Until everything has been read for the first time.
            } while (round == 1 && answer.get(30, TimeUnit.SECONDS).containsValue(GroupError.LOADING));
            underWay.add(answer);
            if (underWay.size() == 100) {
                taken(underWay.remove());
            }
        }
        while (!underWay.isEmpty()) {
            taken(underWay.remove());
        }
    }

    private static void taken(CompletableFuture<Map<TopicPartition, GroupError>> answer) throws Exception {
        assertThat(answer.get(30, TimeUnit.SECONDS))
                .hasSize(PARTITIONS)
                .allSatisfy((partition, error) -> assertThat(error).isEqualTo(GroupError.NONE));
    }

    private static Offsets.Fetched positions(GroupCoordinator groups, String group) throws Exception {
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (true) {
            Offsets.Fetched fetched = groups.positions(group, Optional.empty()).get(30, TimeUnit.SECONDS);
            if (fetched.error() == GroupError.NONE) {
                return fetched;
            }
            // The shard is being replayed, or has not been handed to the coordinator yet.
            assertThat(fetched.error()).isIn(GroupError.LOADING, GroupError.NOT_COORDINATOR);
            assertThat(System.nanoTime()).as("still loading").isLessThan(deadlineNs);
        }
    }
}
