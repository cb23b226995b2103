package io.sluice.groups;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import io.sluice.groups.GroupShard.Leaving;
import io.sluice.groups.classic.ConsumerProtocol;
import io.sluice.groups.classic.Join;
import io.sluice.groups.classic.Protocol;
import io.sluice.groups.classic.Sync;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ClassicGroupTest {
    private static final String GROUP = "g";
    private static final int SESSION_MS = 10_000;
    private static final int REBALANCE_MS = 30_000;

    private final Machine machine = new Machine(Machine.limits());
    private int ids;

    @Test
    void aNewMemberGetsItsIdFirstAndJoinsWithIt() {
        Answers<Join.Answer> first = join("", "", true, "range");
        assertThat(first.only().error()).isEqualTo(GroupError.MEMBER_ID_REQUIRED);

        Join.Answer second = join(first.only().memberId(), "", true, "range").only();
        assertThat(second.error()).isEqualTo(GroupError.NONE);
        assertThat(second.generation()).isEqualTo(1);
        assertThat(second.leader()).isEqualTo(second.memberId());
        assertThat(second.members()).hasSize(1);
    }

    @Test
    void anIdThatNobodyComesBackWithIsForgotten() {
        join("", "", true, "range");
        machine.pass(SESSION_MS + 60_000);
        assertThat(view().error()).isEqualTo(GroupError.UNKNOWN_GROUP);
        assertThat(machine.events()).as("nothing of it was written down").isZero();
    }

    @Test
    void theOthersHearOfANewMemberAndAllJoinAgain() {
        Join.Answer a = settled("a");
        Answers<Join.Answer> b = join("", "", false, "range");
        assertThat(b.all).as("it waits for the other").isEmpty();
        assertThat(heartbeat(a)).isEqualTo(GroupError.REBALANCE_IN_PROGRESS);

        Join.Answer again = join(a.memberId(), "", true, "range").only();
        assertThat(again.generation()).isEqualTo(2);
        assertThat(again.leader()).as("the leader stays").isEqualTo(a.memberId());
        assertThat(again.members()).hasSize(2);
        assertThat(b.only().members())
                .as("only the leader is told of the others")
                .isEmpty();
        assertThat(heartbeat(a)).as("its generation is over").isEqualTo(GroupError.ILLEGAL_GENERATION);
    }

    @Test
    void aMemberThatLeavesInTheMiddleOfAJoinCompletesIt() {
        Join.Answer a = settled("a");
        Answers<Join.Answer> b = join("", "", false, "range");
        assertThat(b.all).isEmpty();

        assertThat(leave(a.memberId(), "")).isEqualTo(GroupError.NONE);
        assertThat(b.only().generation()).isEqualTo(2);
        assertThat(b.only().leader()).isEqualTo(b.only().memberId());
    }

    @Test
    void whoDoesNotJoinInTimeIsAMemberNoMore() {
        Join.Answer a = settled("a");
        Answers<Join.Answer> b = join("", "", false, "range");
        for (int i = 0; i < REBALANCE_MS / 5_000; i++) {
            heartbeat(a);
            machine.pass(5_000);
        }
        assertThat(b.only().error()).isEqualTo(GroupError.NONE);
        assertThat(heartbeat(a)).isEqualTo(GroupError.UNKNOWN_MEMBER);
    }

    @Test
    void silenceEndsAMembership() {
        Join.Answer a = settled("a");
        machine.pass(SESSION_MS - 1);
        assertThat(heartbeat(a)).isEqualTo(GroupError.NONE);
        machine.pass(SESSION_MS - 1);
        assertThat(view().members()).hasSize(1);
        machine.pass(2);
        assertThat(heartbeat(a)).isEqualTo(GroupError.UNKNOWN_MEMBER);
    }

    @Test
    void theLeadersAssignmentReachesEverybodyAndSurvivesARestart() {
        Join.Answer a = settled("a");
        Answers<Join.Answer> joinB = join("", "", false, "range");
        join(a.memberId(), "", true, "range");
        String b = joinB.only().memberId();
        Answers<Sync.Answer> syncB = sync(b, 2, Map.of());
        assertThat(syncB.all).as("it waits for the leader").isEmpty();
        Sync.Answer syncA = sync(a.memberId(), 2, Map.of(a.memberId(), bytes("left"), b, bytes("right")))
                .only();
        assertThat(syncA.assignment()).isEqualTo(bytes("left"));
        assertThat(syncB.only().assignment()).isEqualTo(bytes("right"));

        machine.restart();
        assertThat(view().state()).isEqualTo(GroupState.STABLE);
        assertThat(view().generation()).isEqualTo(2);
        assertThat(heartbeat(b, 2)).isEqualTo(GroupError.NONE);
        assertThat(sync(b, 2, Map.of()).only().assignment()).isEqualTo(bytes("right"));
    }

    @Test
    void aStaticMemberThatComesBackKeepsItsPlaceWithoutARebalance() {
        Join.Answer first = join("", "host-1", true, "range").only();
        sync(first.memberId(), 1, Map.of(first.memberId(), bytes("all")));

        Join.Answer back = join("", "host-1", true, "range").only();
        assertThat(back.error()).isEqualTo(GroupError.NONE);
        assertThat(back.generation()).isEqualTo(1);
        assertThat(back.memberId()).isNotEqualTo(first.memberId());
        assertThat(back.skipAssignment()).isTrue();
        Answers<Sync.Answer> sync = new Answers<>();
        machine.turn(effects -> machine.shard()
                .sync(
                        GROUP,
                        new Sync.Request(back.memberId(), "host-1", 1, "consumer", "range", Map.of()),
                        sync,
                        effects));
        assertThat(sync.only().assignment()).isEqualTo(bytes("all"));
        machine.restart();
        assertThat(view().members().get(0).id()).as("the new id survives").isEqualTo(back.memberId());
        assertThat(leave(first.memberId(), "host-1"))
                .as("the old one is fenced")
                .isEqualTo(GroupError.FENCED_INSTANCE);
    }

    @Test
    void whoKnowsNoWayOfAssigningInCommonIsRefused() {
        settled("a");
        assertThat(join("", "", false, "sticky").only().error()).isEqualTo(GroupError.INCONSISTENT_PROTOCOL);
        assertThat(join("", "", false).only().error()).isEqualTo(GroupError.INCONSISTENT_PROTOCOL);
    }

    @Test
    void theWayThatMostLikeBestIsChosen() {
        Join.Answer a = join("", "", false, "range", "sticky").only();
        sync(a.memberId(), 1, Map.of());
        Answers<Join.Answer> b = join("", "", false, "sticky", "range");
        Answers<Join.Answer> c = join("", "", false, "sticky", "range", "other");
        join(a.memberId(), "", true, "range", "sticky");
        assertThat(b.only().protocol()).isEqualTo("sticky");
        assertThat(c.only().protocol()).isEqualTo("sticky");
    }

    @Test
    void aFullGroupTakesNobodyElse() {
        for (int i = 0; i < machine.limits.maxMembers(); i++) {
            join("", "", false, "range");
        }
        assertThat(join("", "", false, "range").only().error()).isEqualTo(GroupError.GROUP_FULL);
    }

    /** A cooperative member gives partitions back, with a commit, after it has heard that it is not to have them. */
    @Test
    void aSeekReachesWhoHasNotGivenBackYet() {
        Topic topic = machine.topics.put("t", 2);
        byte[] both = ConsumerProtocol.assignment(Map.of("t", List.of(0, 1)), 1);
        byte[] first = ConsumerProtocol.assignment(Map.of("t", List.of(0)), 1);
        Join.Answer a = join("", "", false, "range").only();
        sync(a.memberId(), a.generation(), Map.of(a.memberId(), both));
        Answers<Join.Answer> b = join("", "", false, "range");
        a = join(a.memberId(), "", true, "range").only();
        sync(a.memberId(), a.generation(), Map.of(a.memberId(), first));
        sync(b.only().memberId(), a.generation(), Map.of());

        TopicPartition moved = new TopicPartition("t", 1);
        Answers<GroupShard.Moved> seek = new Answers<>();
        CommittedOffset to = new CommittedOffset(topic.id(), 0, -1, "", machine.nowMs());
        machine.turn(effects -> machine.shard().seek(GROUP, Map.of(moved, to), Map.of(), seek, effects));

        assertThat(seek.only().evicted()).containsExactly(a.memberId());
        Answers<Map<TopicPartition, GroupError>> late = new Answers<>();
        CommittedOffset position = new CommittedOffset(topic.id(), 100, -1, "", machine.nowMs());
        Offsets.Commit commit = new Offsets.Commit(GROUP, a.memberId(), "", a.generation(), Map.of(moved, position));
        machine.turn(effects -> machine.shard().commit(commit, late, effects));
        assertThat(late.only()).containsEntry(moved, GroupError.UNKNOWN_MEMBER);
    }

    @Test
    void idsThatNobodyHasComeBackWithTakeRoomBesideMembersOfOtherProtocolsToo() {
        machine.topics.put("t", 1);
        new SimulatedConsumer(machine, GROUP, "consumer", "", List.of("t")).step(1);
        for (int i = 0; i < machine.limits.maxMembers() + 10; i++) {
            SimulatedClassic client = new SimulatedClassic(machine, GROUP, "c" + i, false, List.of("t"));
            try {
                client.step(1);
            } catch (AssertionError refused) {
                assertThat(refused).hasMessageContaining("GROUP_FULL");
                assertThat(i).isEqualTo(machine.limits.maxMembers() - 1);
                return;
            }
        }
        throw new AssertionError("as many ids as anybody asks for");
    }

    @Test
    void aGroupWithMembersIsNotDeleted() {
        Join.Answer a = settled("a");
        Answers<GroupError> refused = new Answers<>();
        machine.turn(effects -> machine.shard().delete(GROUP, refused, effects));
        assertThat(refused.only()).isEqualTo(GroupError.GROUP_NOT_EMPTY);

        leave(a.memberId(), "");
        Answers<GroupError> gone = new Answers<>();
        machine.turn(effects -> machine.shard().delete(GROUP, gone, effects));
        assertThat(gone.only()).as("nothing was left of it").isEqualTo(GroupError.UNKNOWN_GROUP);
    }

    // ---- helpers ----

    private static final class Answers<T> implements io.sluice.groups.shard.Reply<T> {
        private final List<T> all = new ArrayList<>();

        @Override
        public void send(T answer) {
            all.add(answer);
        }

        T only() {
            assertThat(all).hasSize(1);
            return all.get(0);
        }
    }

    private Join.Answer settled(String name) {
        Join.Answer joined = join("", "", false, "range").only();
        sync(joined.memberId(), joined.generation(), Map.of(joined.memberId(), bytes(name)));
        return joined;
    }

    private Answers<Join.Answer> join(String id, String instanceId, boolean needsId, String... protocols) {
        Answers<Join.Answer> answers = new Answers<>();
        List<Protocol> all = new ArrayList<>();
        for (String protocol : protocols) {
            all.add(new Protocol(protocol, bytes("wants everything")));
        }
        Join.Request request = new Join.Request(
                id,
                "m-" + ++ids,
                instanceId,
                "client",
                "/127.0.0.1",
                SESSION_MS,
                REBALANCE_MS,
                "consumer",
                all,
                needsId,
                true);
        machine.turn(effects -> machine.shard().join(GROUP, request, answers, effects));
        return answers;
    }

    private Answers<Sync.Answer> sync(String id, int generation, Map<String, byte[]> assignments) {
        Answers<Sync.Answer> answers = new Answers<>();
        Sync.Request request = new Sync.Request(id, "", generation, "consumer", "", assignments);
        machine.turn(effects -> machine.shard().sync(GROUP, request, answers, effects));
        return answers;
    }

    private GroupError heartbeat(Join.Answer member) {
        return heartbeat(member.memberId(), member.generation());
    }

    private GroupError heartbeat(String id, int generation) {
        Answers<GroupError> answers = new Answers<>();
        machine.turn(effects -> machine.shard().heartbeat(GROUP, id, "", generation, answers, effects));
        return answers.only();
    }

    private GroupError leave(String id, String instanceId) {
        Answers<List<GroupError>> answers = new Answers<>();
        machine.turn(effects -> machine.shard().leave(GROUP, List.of(new Leaving(id, instanceId)), answers, effects));
        return answers.only().get(0);
    }

    private GroupView view() {
        Answers<GroupView> answers = new Answers<>();
        machine.turn(effects -> machine.shard().describe(GROUP, answers, effects));
        return answers.only();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
