package io.sluice.groups;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import io.sluice.groups.consumer.Poll;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** How long positions live, and what is said when they end. */
class PositionsTest {
    private static final TopicPartition T0 = new TopicPartition("t", 0);
    private static final TopicPartition T1 = new TopicPartition("t", 1);
    private static final long MINUTE = 60_000;

    private Machine machine = new Machine(Machine.limits());
    private Topic topic = machine.topics.put("t", 2);

    private void commit(TopicPartition partition, long offset) {
        commit(partition, offset, "");
    }

    private void commit(TopicPartition partition, long offset, String metadata) {
        AtomicReference<Map<TopicPartition, GroupError>> answer = new AtomicReference<>();
        CommittedOffset position = new CommittedOffset(topic.id(), offset, -1, metadata, machine.nowMs());
        machine.turn(effects -> machine.shard()
                .commit(new Offsets.Commit("g", "", "", -1, Map.of(partition, position)), answer::set, effects));
        assertThat(answer.get()).containsEntry(partition, GroupError.NONE);
    }

    private Map<TopicPartition, CommittedOffset> positions() {
        AtomicReference<Offsets.Fetched> fetched = new AtomicReference<>();
        machine.turn(effects -> machine.shard().fetch("g", "", -1, Optional.empty(), fetched::set, effects));
        return fetched.get().positions();
    }

    private List<Notice.Reason> reasons() {
        return machine.notices.stream().map(Notice::reason).toList();
    }

    @Test
    void aPositionLivesAsLongAsNobodySaysOtherwise() {
        commit(T0, 5);
        machine.pass(1_000 * 24 * 60 * MINUTE);
        assertThat(positions()).containsKey(T0);
        assertThat(machine.notices).isEmpty();
    }

    @Test
    void itIsSaidOnceThatWhatAPositionPointsToIsGone() {
        commit(T0, 5);
        commit(T1, 50);
        machine.topics.trim(T0, 20);
        machine.topics.trim(T1, 20);
        machine.pass(10 * MINUTE);
        assertThat(machine.notices).singleElement().satisfies(notice -> {
            assertThat(notice.reason()).isEqualTo(Notice.Reason.DATA_GONE);
            assertThat(notice.partition()).isEqualTo(T0);
            assertThat(notice.offset()).isEqualTo(5);
            assertThat(notice.records()).isEqualTo(15);
        });
        assertThat(positions()).containsOnlyKeys(T0, T1);
        // A new position whose data is gone is another matter.
        commit(T0, 6);
        machine.pass(10 * MINUTE);
        assertThat(reasons()).containsExactly(Notice.Reason.DATA_GONE, Notice.Reason.DATA_GONE);
    }

    @Test
    void positionsOfADeletedTopicGoAndThatIsSaid() {
        commit(T0, 5);
        machine.topics.delete("t");
        machine.turn(effects -> machine.shard().topicsChanged(effects));
        assertThat(positions()).isEmpty();
        assertThat(reasons()).containsExactly(Notice.Reason.TOPIC_DELETED);
    }

    @Test
    void aTopicThatWasDeletedWhileTheBrokerWasDownTakesItsPositionsAlong() {
        commit(T0, 5);
        machine.topics.delete("t");
        topic = machine.topics.put("t", 2);
        machine.restart();
        assertThat(positions()).isEmpty();
        assertThat(reasons()).containsExactly(Notice.Reason.TOPIC_DELETED);
        commit(T0, 1);
        assertThat(positions().get(T0).offset()).isEqualTo(1);
    }

    @Test
    void aNewTopicOfAnOldNameBeginsWithoutPositionsAtOnce() {
        commit(T0, 5);
        Topic old = topic;
        machine.topics.delete("t");
        topic = machine.topics.put("t", 2);
        // Nobody has told the coordinator yet.
        assertThat(positions()).isEmpty();
        AtomicReference<Map<TopicPartition, GroupError>> late = new AtomicReference<>();
        CommittedOffset ofOld = new CommittedOffset(old.id(), 6, -1, "", machine.nowMs());
        machine.turn(effects ->
                machine.shard().commit(new Offsets.Commit("g", "", "", -1, Map.of(T0, ofOld)), late::set, effects));
        assertThat(late.get()).containsEntry(T0, GroupError.UNKNOWN_PARTITION);
        AtomicReference<Poll.Answer> polled = new AtomicReference<>();
        machine.turn(effects -> machine.shard()
                .poll(
                        "g",
                        new Poll.Request(
                                "m", List.of("t"), 10_000, "", "", Optional.empty(), Poll.NEW, interruption -> {}),
                        polled::set,
                        effects));
        assertThat(polled.get().partitions())
                .hasSize(2)
                .allMatch(readable -> readable.position().isEmpty());
    }

    @Test
    void aPolicyDropsPositionsOfGroupsThatHaveHadNoMembersForLong() {
        GroupLimits all = Machine.limits();
        machine = new Machine(new GroupLimits(
                all.minSessionTimeoutMs(),
                all.maxSessionTimeoutMs(),
                all.maxMembers(),
                all.initialRebalanceDelayMs(),
                all.consumerSessionTimeoutMs(),
                all.consumerHeartbeatIntervalMs(),
                60 * MINUTE,
                all.maxMetadataBytes()));
        topic = machine.topics.put("t", 2);
        SimulatedConsumer member = new SimulatedConsumer(machine, "g", "m", "", List.of("t"));
        commit(T0, 5);
        for (int i = 0; i < 300; i++) {
            member.step(1);
            machine.pass(MINUTE / 2);
        }
        assertThat(positions()).as("it has members").containsKey(T0);
        member.leave();
        machine.pass(30 * MINUTE);
        commit(T1, 7);
        machine.pass(45 * MINUTE);
        assertThat(positions()).containsOnlyKeys(T1);
        machine.pass(30 * MINUTE);
        assertThat(positions()).isEmpty();
        assertThat(reasons()).containsExactly(Notice.Reason.EXPIRED, Notice.Reason.EXPIRED);
    }

    @Test
    void aSnapshotThatWouldNotFitIntoTheLogIsRefused() {
        int longest = 1024 * 1024;
        machine = new Machine(new GroupLimits(100, 600_000, 50, 0, 45_000, 5_000, -1, longest));
        topic = machine.topics.put("t", 64);
        String metadata = "m".repeat(longest);
        for (int i = 0; i < 31; i++) {
            commit(new TopicPartition("t", i), i, metadata);
        }
        assertThat(snapshot("fits")).isEqualTo(GroupError.NONE);
        commit(new TopicPartition("t", 31), 31, metadata);

        int before = machine.events();
        assertThat(snapshot("large")).isEqualTo(GroupError.TOO_LARGE);
        assertThat(machine.events()).as("nothing is written").isEqualTo(before);
        machine.restart();
        AtomicReference<Snapshots> known = new AtomicReference<>();
        machine.turn(effects -> machine.shard().snapshots("g", known::set, effects));
        assertThat(known.get().byName()).containsOnlyKeys("fits");
    }

    private GroupError snapshot(String name) {
        AtomicReference<GroupError> answer = new AtomicReference<>();
        machine.turn(effects -> machine.shard().takeSnapshot("g", name, answer::set, effects));
        return answer.get();
    }
}
