package io.sluice.groups;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.consumer.Heartbeat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of members of the consumer protocol when positions of theirs are moved. */
class EvictionTest {
    private final Machine machine = new Machine(Machine.limits());
    private final Topic topic = machine.topics.put("t", 4);
    private Heartbeat.Answer one;
    private Heartbeat.Answer two;

    @BeforeEach
    void twoMembersShareThePartitions() {
        one = beat("one", "", Heartbeat.JOIN, Set.of());
        two = beat("two", "", Heartbeat.JOIN, Set.of());
        one = beat("one", "", one.epoch(), all());
        one = beat("one", "", one.epoch(), one.assignment().orElseThrow());
        two = beat("two", "", two.epoch(), Set.of());
        assertThat(one.epoch()).isEqualTo(two.epoch());
        assertThat(two.assignment().orElseThrow()).hasSize(2);
    }

    private Set<TopicIdPartition> all() {
        return IntStream.range(0, topic.partitions())
                .mapToObj(partition -> new TopicIdPartition(topic.id(), partition))
                .collect(Collectors.toSet());
    }

    private Heartbeat.Answer beat(String member, String instance, int epoch, Set<TopicIdPartition> owned) {
        AtomicReference<Heartbeat.Answer> answer = new AtomicReference<>();
        Heartbeat.Request request = new Heartbeat.Request(
                member,
                epoch,
                instance,
                Optional.empty(),
                Optional.of(60_000),
                Optional.of(List.of("t")),
                Optional.empty(),
                Optional.empty(),
                Optional.of(owned),
                "client",
                "/127.0.0.1");
        machine.turn(effects -> machine.shard().consumerHeartbeat("g", request, answer::set, effects));
        return answer.get();
    }

    private List<String> seek(TopicIdPartition partition) {
        AtomicReference<GroupShard.Moved> moved = new AtomicReference<>();
        TopicPartition named = new TopicPartition("t", partition.partition());
        machine.turn(effects -> machine.shard()
                .seek(
                        "g",
                        Map.of(named, new CommittedOffset(topic.id(), 7, -1, "", machine.nowMs())),
                        Map.of(),
                        moved::set,
                        effects));
        return moved.get().evicted();
    }

    private GroupError commit(String member, int epoch, TopicIdPartition partition) {
        AtomicReference<Map<TopicPartition, GroupError>> answer = new AtomicReference<>();
        TopicPartition named = new TopicPartition("t", partition.partition());
        CommittedOffset position = new CommittedOffset(topic.id(), 3, -1, "", machine.nowMs());
        machine.turn(effects -> machine.shard()
                .commit(new Offsets.Commit("g", member, "", epoch, Map.of(named, position)), answer::set, effects));
        return answer.get().get(named);
    }

    /** Not all clients join again when they hear that they are unknown; that they are fenced all understand. */
    @Test
    void anEvictedMemberIsToldThatItIsFencedAndGetsTheSameAgain() {
        Set<TopicIdPartition> had = two.assignment().orElseThrow();
        TopicIdPartition moved = had.iterator().next();

        assertThat(seek(moved)).containsExactly("two");

        assertThat(commit("two", two.epoch(), moved)).isEqualTo(GroupError.STALE_MEMBER_EPOCH);
        assertThat(beat("two", "", two.epoch(), had).error()).isEqualTo(GroupError.FENCED_MEMBER_EPOCH);
        Heartbeat.Answer again = beat("two", "", Heartbeat.JOIN, Set.of());
        assertThat(again.assignment()).contains(had);
        assertThat(commit("two", two.epoch(), moved)).isEqualTo(GroupError.STALE_MEMBER_EPOCH);
        assertThat(commit("two", again.epoch(), moved)).isEqualTo(GroupError.NONE);
    }

    @Test
    void othersKeepWhatTheyHave() {
        Set<TopicIdPartition> kept = one.assignment().orElseThrow();
        seek(two.assignment().orElseThrow().iterator().next());

        Heartbeat.Answer next = beat("one", "", one.epoch(), kept);

        assertThat(next.error()).isEqualTo(GroupError.NONE);
        assertThat(next.assignment()).contains(kept);
        assertThat(commit("one", next.epoch(), kept.iterator().next())).isEqualTo(GroupError.NONE);
    }

    @Test
    void anEvictedMemberThatDoesNotComeBackIsGoneWithItsSession() {
        seek(two.assignment().orElseThrow().iterator().next());
        machine.pass(30_000);
        one = beat("one", "", one.epoch(), one.assignment().orElseThrow());
        machine.pass(30_000);

        Heartbeat.Answer next = beat("one", "", one.epoch(), one.assignment().orElseThrow());

        assertThat(next.assignment()).contains(all());
    }

    @Test
    void aRestartDoesNotLetAnEvictedMemberBackIn() {
        Set<TopicIdPartition> had = two.assignment().orElseThrow();
        seek(had.iterator().next());
        machine.restart();

        assertThat(beat("two", "", two.epoch(), had).error()).isEqualTo(GroupError.FENCED_MEMBER_EPOCH);
        assertThat(beat("two", "", Heartbeat.JOIN, Set.of()).assignment()).contains(had);
    }

    /** It reads nothing now, and will ask for its positions when it is back. */
    @Test
    void aStaticMemberThatIsAwayKeepsItsPlace() {
        beat("two", "", Heartbeat.LEAVE, Set.of());
        beat("three", "name", Heartbeat.JOIN, Set.of());
        one = beat("one", "", one.epoch(), one.assignment().orElseThrow());
        Heartbeat.Answer three = beat("three", "name", Heartbeat.JOIN, Set.of());
        assertThat(three.assignment().orElseThrow()).hasSize(2);
        beat("three", "name", Heartbeat.LEAVE_FOR_A_WHILE, Set.of());

        assertThat(seek(three.assignment().orElseThrow().iterator().next())).isEmpty();

        assertThat(beat("four", "name", Heartbeat.JOIN, Set.of()).assignment()).isEqualTo(three.assignment());
    }
}
