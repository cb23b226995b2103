package io.sluice.groups;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.consumer.Poll;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Members that poll without a connection of their own. */
class PollTest {
    private final Machine machine = new Machine(Machine.limits());
    private final Topic topic = machine.topics.put("t", 4);
    private final List<String> interruptions = new ArrayList<>();

    private Poll.Answer poll(String member, Optional<Poll.Cursor> commit) {
        return poll(member, commit, Poll.NEW);
    }

    private Poll.Answer poll(String member, Optional<Poll.Cursor> commit, long continues) {
        AtomicReference<Poll.Answer> answer = new AtomicReference<>();
        Poll.Request request = new Poll.Request(
                member,
                List.of("t"),
                10_000,
                "client",
                "host",
                commit,
                continues,
                why -> interruptions.add(member + " " + why));
        machine.turn(effects -> machine.shard().poll("g", request, answer::set, effects));
        return answer.get();
    }

    private Poll.Answer poll(String member) {
        return poll(member, Optional.empty());
    }

    private void done(String member, Poll.Answer answer, Set<TopicIdPartition> holding) {
        machine.turn(effects ->
                machine.shard().pollDone("g", new Poll.Done(member, answer.poll(), holding, holding.size()), effects));
    }

    private TopicIdPartition id(int partition) {
        return new TopicIdPartition(topic.id(), partition);
    }

    private static Set<TopicIdPartition> partitions(Poll.Answer answer) {
        Set<TopicIdPartition> all = new HashSet<>();
        answer.partitions().forEach(one -> all.add(one.id()));
        return all;
    }

    private static Optional<Poll.Cursor> cursor(Poll.Answer answer, TopicIdPartition partition, long offset) {
        return Optional.of(new Poll.Cursor(answer.epoch(), Map.of(partition, offset)));
    }

    @Test
    void whatAMemberHoldsIsNotTakenFromItUntilItIsDone() {
        Poll.Answer one = poll("one");
        assertThat(partitions(one)).hasSize(4);
        done("one", one, Set.of(id(0), id(1), id(2), id(3)));
        Poll.Answer two = poll("two");
        assertThat(partitions(two)).isEmpty();
        assertThat(two.waitingFor()).isEqualTo(2);
        assertThat(interruptions).isEmpty();

        // Its cursor is taken, though some of what it is of goes to the other one now.
        Poll.Cursor all = new Poll.Cursor(one.epoch(), Map.of(id(0), 5L, id(1), 6L, id(2), 7L, id(3), 8L));
        Poll.Answer again = poll("one", Optional.of(all));
        assertThat(again.committed().partitions())
                .hasSize(4)
                .allSatisfy((partition, error) -> assertThat(error).isEqualTo(GroupError.NONE));
        assertThat(partitions(again)).hasSize(2);
        assertThat(interruptions).containsExactly("two CHANGED");
        Poll.Answer more = poll("two");
        assertThat(partitions(more)).hasSize(2).doesNotContainAnyElementsOf(partitions(again));
        more.partitions()
                .forEach(part -> assertThat(part.position().orElseThrow().offset())
                        .isEqualTo(5 + part.id().partition()));
    }

    @Test
    void whatAMemberDoesNotHoldIsGivenOnAtOnce() {
        Poll.Answer one = poll("one");
        done("one", one, Set.of(id(3)));
        Poll.Answer two = poll("two");
        assertThat(partitions(two)).hasSize(2).doesNotContain(id(3));
    }

    @Test
    void aPollThatWaitsIsToldOfAnotherMember() {
        poll("one");
        Poll.Answer two = poll("two");
        // It reads all four, and nobody knows whether it has found something.
        assertThat(partitions(two)).isEmpty();
        Poll.Answer again = poll("one");
        assertThat(interruptions).containsExactly("one CHANGED", "two CHANGED");
        assertThat(partitions(again)).hasSize(2);
    }

    @Test
    void aPollThatGoesOnDoesNotEndALaterOne() {
        Poll.Answer first = poll("one");
        Poll.Answer later = poll("one");
        assertThat(poll("one", Optional.empty(), first.poll()).error()).isEqualTo(GroupError.SUPERSEDED);
        assertThat(interruptions).containsExactly("one SUPERSEDED");
        assertThat(poll("one", Optional.empty(), later.poll()).error()).isEqualTo(GroupError.NONE);
    }

    @Test
    void whoLeavesDoesNotWaitAnyLonger() {
        poll("one");
        machine.turn(effects ->
                machine.shard().leave("g", List.of(new GroupShard.Leaving("one", "")), outcomes -> {}, effects));
        assertThat(interruptions).containsExactly("one LEFT");
    }

    @Test
    void whoLeavesAfterAPollIsStillThereIfItHasPolledSince() {
        Poll.Answer before = poll("one");
        Poll.Answer now = poll("one");
        machine.turn(effects -> machine.shard().leave("g", "one", before.poll(), effects));
        assertThat(interruptions).containsExactly("one SUPERSEDED");
        assertThat(poll("one", Optional.empty(), now.poll()).poll()).isGreaterThan(now.poll());

        machine.turn(effects -> machine.shard().leave("g", "one", now.poll() + 1, effects));
        assertThat(interruptions).last().isEqualTo("one LEFT");
        assertThat(partitions(poll("two"))).hasSize(4);
    }

    @Test
    void aCursorOfAGroupOfTheSameNameThatIsNoMoreIsRefused() {
        Poll.Answer before = poll("one");
        done("one", before, Set.of(id(0)));
        leave("one");
        assertRefused(before, poll("one"));
    }

    @Test
    void aCursorOfAGroupThatIsNoMoreIsRefusedAfterARestartThatKnowsNothingOfIt() {
        Poll.Answer before = poll("one");
        done("one", before, Set.of(id(0)));
        poll("two");
        leave("two");
        Poll.Answer last = poll("one");
        leave("one");
        machine.compactAndRestart();
        assertThat(machine.events()).as("the log is empty").isZero();
        machine.pass(5_000);
        Poll.Answer again = poll("one");
        assertRefused(before, again);
        assertRefused(last, again);
    }

    private void leave(String member) {
        machine.turn(effects ->
                machine.shard().leave("g", List.of(new GroupShard.Leaving(member, "")), outcomes -> {}, effects));
    }

    /** What a poll of the group before said must not move the group of now, in which the member has the partition too. */
    private void assertRefused(Poll.Answer before, Poll.Answer now) {
        assertThat(partitions(now)).contains(id(0));
        AtomicReference<Poll.Committed> committed = new AtomicReference<>();
        machine.turn(effects ->
                machine.shard().commit("g", "one", cursor(before, id(0), 5).orElseThrow(), committed::set, effects));
        assertThat(committed.get().partitions())
                .containsOnly(Map.entry(new TopicPartition("t", 0), GroupError.FENCED_MEMBER_EPOCH));
    }

    @Test
    void positionsThatAreMovedFenceWhoReadsThere() {
        Poll.Answer one = poll("one");
        done("one", one, Set.of(id(0), id(1)));
        AtomicReference<GroupShard.Moved> moved = new AtomicReference<>();
        TopicPartition t0 = new TopicPartition("t", 0);
        machine.turn(effects -> machine.shard()
                .seek(
                        "g",
                        Map.of(t0, new CommittedOffset(topic.id(), 100, -1, "", machine.nowMs())),
                        Map.of(),
                        moved::set,
                        effects));
        assertThat(moved.get().evicted()).containsExactly("one");
        Poll.Cursor late = new Poll.Cursor(one.epoch(), Map.of(id(0), 5L, id(1), 6L));
        Poll.Answer again = poll("one", Optional.of(late));
        assertThat(again.committed().partitions())
                .containsEntry(t0, GroupError.FENCED_MEMBER_EPOCH)
                .containsEntry(new TopicPartition("t", 1), GroupError.NONE);
        assertThat(again.partitions().get(0).position().orElseThrow().offset()).isEqualTo(100);
        // What it is told now is its own again.
        assertThat(poll("one", cursor(again, id(0), 101)).committed().partitions())
                .containsEntry(t0, GroupError.NONE);
    }

    private GroupError seekIf(long expected, long to) {
        AtomicReference<GroupShard.Moved> moved = new AtomicReference<>();
        TopicPartition t0 = new TopicPartition("t", 0);
        machine.turn(effects -> machine.shard()
                .seek(
                        "g",
                        Map.of(t0, new CommittedOffset(topic.id(), to, -1, "", machine.nowMs())),
                        Map.of(t0, expected),
                        moved::set,
                        effects));
        return moved.get().error();
    }

    @Test
    void aPositionIsMovedOnlyFromWhereItIsExpected() {
        assertThat(seekIf(0, 7)).isEqualTo(GroupError.POSITION_HAS_MOVED);
        assertThat(seekIf(GroupShard.NOWHERE, 1)).isEqualTo(GroupError.NONE);
        assertThat(seekIf(GroupShard.NOWHERE, 7)).isEqualTo(GroupError.POSITION_HAS_MOVED);
        assertThat(seekIf(1, 2)).isEqualTo(GroupError.NONE);
        assertThat(seekIf(1, 7)).isEqualTo(GroupError.POSITION_HAS_MOVED);
    }

    @Test
    void aCursorOutlivesARestart() {
        Poll.Answer one = poll("one");
        Poll.Answer two = poll("two");
        done("two", two, Set.of());
        one = poll("one");
        done("one", one, partitions(one));
        TopicIdPartition held = one.partitions().get(0).id();
        machine.compactAndRestart();
        Poll.Answer other = poll("two");
        assertThat(partitions(other)).hasSize(2).doesNotContain(held);
        assertThat(poll("one", cursor(one, held, 9)).committed().partitions())
                .containsEntry(new TopicPartition("t", held.partition()), GroupError.NONE);
    }

    @Test
    void afterARestartAMemberIsTakenToHoldAllThatItHad() {
        Poll.Answer one = poll("one");
        done("one", one, partitions(one));
        machine.restart();

        Poll.Answer two = poll("two");

        assertThat(partitions(two)).isEmpty();
        assertThat(two.waitingFor()).isEqualTo(2);
        assertThat(poll("one", cursor(one, id(0), 9)).committed().partitions())
                .containsEntry(new TopicPartition("t", 0), GroupError.NONE);
    }

    @Test
    void whoIsSilentForTooLongLosesWhatItHas() {
        Poll.Answer one = poll("one");
        done("one", one, partitions(one));
        for (int i = 0; i < 4; i++) {
            Poll.Answer two = poll("two");
            done("two", two, partitions(two));
            machine.pass(3_000);
        }
        assertThat(partitions(poll("two"))).hasSize(4);
        assertThat(poll("one", cursor(one, id(0), 3)).committed().partitions())
                .containsEntry(new TopicPartition("t", 0), GroupError.FENCED_MEMBER_EPOCH);
    }

    @Test
    void whoTakesALongAnswerIsNotSilent() {
        Poll.Answer one = poll("one");
        for (int i = 0; i < 5; i++) {
            machine.pass(6_000);
            machine.turn(effects -> machine.shard().pollGoesOn("g", "one", one.poll(), effects));
        }
        done("one", one, partitions(one));
        // Who has been answered is not kept alive by that poll.
        machine.pass(6_000);
        machine.turn(effects -> machine.shard().pollGoesOn("g", "one", one.poll(), effects));
        assertThat(poll("one", cursor(one, id(0), 3)).committed().partitions())
                .containsEntry(new TopicPartition("t", 0), GroupError.NONE);
        Poll.Answer again = poll("one");
        done("one", again, partitions(again));
        machine.pass(6_000);
        machine.turn(effects -> machine.shard().pollGoesOn("g", "one", again.poll(), effects));
        machine.pass(6_000);
        assertThat(poll("one", cursor(again, id(0), 4)).committed().partitions())
                .containsEntry(new TopicPartition("t", 0), GroupError.FENCED_MEMBER_EPOCH);
    }

    @Test
    void theNameOfAMemberOfAnotherProtocolIsRefused() {
        new SimulatedConsumer(machine, "g", "taken", "", List.of("t")).step(1);
        assertThat(poll("taken").error()).isEqualTo(GroupError.MEMBER_OF_OTHER_PROTOCOL);
        assertThat(partitions(poll("free"))).isEmpty();
    }
}
