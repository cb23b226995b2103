package io.sluice.groups;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import io.sluice.groups.GroupShard.Leaving;
import io.sluice.groups.Rebalance.Reason;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.classic.Join;
import io.sluice.groups.classic.Protocol;
import io.sluice.groups.classic.Sync;
import io.sluice.groups.consumer.Heartbeat;
import io.sluice.groups.consumer.Poll;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What is told of a group's rebalances: when, why, and who was waited for. */
class RebalancesTest {
    private static final int REBALANCE_MS = 30_000;
    private static final int SESSION_MS = 60_000;

    private final Machine machine = new Machine(Machine.limits());
    private final Topic topic = machine.topics.put("t", 2);
    private int ids;

    private List<Rebalance> rebalances() {
        AtomicReference<GroupView> view = new AtomicReference<>();
        machine.turn(effects -> machine.shard().describe("g", view::set, effects));
        return view.get().rebalances();
    }

    private Rebalance last() {
        List<Rebalance> all = rebalances();
        return all.get(all.size() - 1);
    }

    private static List<String> causes(Rebalance rebalance) {
        return rebalance.causes().stream()
                .map(cause -> cause.reason() + " " + cause.member())
                .toList();
    }

    private static List<String> waits(Rebalance rebalance, long nowMs) {
        return rebalance.waits().stream()
                .map(wait -> wait.owed() + " " + wait.member() + " " + wait.durationMs(nowMs)
                        + (wait.untilMs() < 0 ? " so far" : ""))
                .toList();
    }

    // ---- classic members ----

    private AtomicReference<Join.Answer> join(String id) {
        AtomicReference<Join.Answer> answer = new AtomicReference<>();
        Join.Request request = new Join.Request(
                id,
                "m-" + (id.isEmpty() ? ++ids : 0),
                "",
                "client",
                "/host",
                SESSION_MS,
                REBALANCE_MS,
                "consumer",
                List.of(new Protocol("range", new byte[] {1})),
                false,
                true);
        machine.turn(effects -> machine.shard().join("g", request, answer::set, effects));
        return answer;
    }

    private void sync(String id, int generation) {
        Sync.Request request = new Sync.Request(id, "", generation, "consumer", "", Map.of());
        machine.turn(effects -> machine.shard().sync("g", request, answer -> {}, effects));
    }

    private void leave(String id) {
        machine.turn(effects -> machine.shard().leave("g", List.of(new Leaving(id, "")), answers -> {}, effects));
    }

    @Test
    void aRebalanceTellsWhoCameAndWhoWasWaitedFor() {
        join("");
        machine.pass(100);
        sync("m-1", 1);
        Rebalance first = last();
        assertThat(causes(first)).containsExactly("MEMBER_JOINED m-1");
        assertThat(waits(first, 0)).containsExactly("ASSIGN m-1 100");
        assertThat(first.settledAtMs() - first.begunAtMs()).isEqualTo(100);
        assertThat(first.generation()).isEqualTo(1);

        machine.pass(1_000);
        join("");
        machine.pass(3_000);
        Rebalance second = last();
        assertThat(second.isUnderWay()).isTrue();
        assertThat(causes(second)).containsExactly("MEMBER_JOINED m-2");
        assertThat(waits(second, machine.nowMs())).containsExactly("JOIN m-1 3000 so far");

        join("m-1");
        machine.pass(200);
        sync("m-1", 2);
        assertThat(rebalances()).hasSize(2);
        assertThat(last().isUnderWay()).isFalse();
        assertThat(last().generation()).isEqualTo(2);
        assertThat(waits(last(), 0)).containsExactly("JOIN m-1 3000", "ASSIGN m-1 200");
    }

    @Test
    void whoDoesNotComeInTimeIsNamedAsWhoHasExpired() {
        join("");
        sync("m-1", 1);
        join("");
        machine.pass(REBALANCE_MS);
        Rebalance rebalance = last();
        assertThat(causes(rebalance)).containsExactly("MEMBER_JOINED m-2", "MEMBER_EXPIRED m-1");
        assertThat(waits(rebalance, machine.nowMs())).containsExactly("JOIN m-1 30000", "ASSIGN m-2 0 so far");
        sync("m-2", 2);
        assertThat(last().isUnderWay()).isFalse();
    }

    @Test
    void whoLeavesAndWhoIsSilentAreToldApart() {
        join("");
        sync("m-1", 1);
        join("");
        join("m-1");
        sync("m-1", 2);
        leave("m-2");
        assertThat(causes(last())).containsExactly("MEMBER_LEFT m-2");
        join("m-1");
        sync("m-1", 3);

        // Somebody keeps the group alive by a position.
        machine.turn(effects -> machine.shard()
                .commit(
                        new Offsets.Commit(
                                "g",
                                "m-1",
                                "",
                                3,
                                Map.of(
                                        new TopicPartition("t", 0),
                                        new CommittedOffset(topic.id(), 1, -1, "", machine.nowMs()))),
                        outcomes -> {},
                        effects));
        machine.pass(SESSION_MS);
        assertThat(causes(last())).containsExactly("MEMBER_EXPIRED m-1");
        assertThat(last().isUnderWay()).isFalse();
    }

    @Test
    void aLeaderThatJoinsAgainHasAskedForIt() {
        join("");
        sync("m-1", 1);
        join("m-1");
        assertThat(causes(last())).containsExactly("MEMBER_CHANGED m-1");
    }

    @Test
    void heartbeatsAndSecondSyncsAreNoRebalances() {
        join("");
        sync("m-1", 1);
        sync("m-1", 1);
        machine.turn(effects -> machine.shard().heartbeat("g", "m-1", "", 1, outcome -> {}, effects));
        assertThat(rebalances()).hasSize(1);
    }

    @Test
    void onlyTheLatestAreKeptAndEachIsBounded() {
        join("");
        sync("m-1", 1);
        for (int i = 0; i < 30; i++) {
            join("m-1");
            sync("m-1", i + 2);
        }
        assertThat(rebalances()).hasSize(10);
        assertThat(last().generation()).isEqualTo(31);

        for (int i = 0; i < 40; i++) {
            join("");
        }
        assertThat(last().causes()).hasSize(Rebalance.MAX_CAUSES);
        assertThat(last().waits()).hasSize(1);
        join("m-1");
        sync("m-1", 32);
        // Now 41 have to come again.
        join("m-1");
        machine.pass(1);
        assertThat(last().waits()).hasSize(Rebalance.MAX_WAITS);
    }

    @Test
    void afterARestartOnlyWhatGoesOnIsKnown() {
        join("");
        sync("m-1", 1);
        machine.restart();
        assertThat(rebalances()).isEmpty();
        join("");
        assertThat(causes(last())).containsExactly("MEMBER_JOINED m-2");
        assertThat(waits(last(), machine.nowMs())).containsExactly("JOIN m-1 0 so far");
    }

    // ---- members for whom the broker assigns ----

    private void heartbeat(String member, int epoch, Optional<Set<TopicIdPartition>> owned) {
        Heartbeat.Request request = new Heartbeat.Request(
                member,
                epoch,
                "",
                Optional.empty(),
                Optional.of(REBALANCE_MS),
                epoch == Heartbeat.JOIN ? Optional.of(List.of("t")) : Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                owned,
                "client",
                "/host");
        machine.turn(effects -> machine.shard()
                .consumerHeartbeat(
                        "g", request, answer -> assertThat(answer.error()).isEqualTo(GroupError.NONE), effects));
    }

    @Test
    void whoIsSlowToGiveBackIsNamed() {
        heartbeat("a", 0, Optional.of(Set.of()));
        assertThat(causes(last())).containsExactly("MEMBER_JOINED a");
        assertThat(last().isUnderWay()).isFalse();
        int epoch = last().generation();

        heartbeat("b", 0, Optional.of(Set.of()));
        machine.pass(2_000);
        Rebalance rebalance = last();
        assertThat(causes(rebalance)).containsExactly("MEMBER_JOINED b");
        assertThat(waits(rebalance, machine.nowMs())).containsExactly("GIVE_BACK a 2000 so far");

        heartbeat("a", epoch, Optional.empty());
        machine.pass(500);
        assertThat(waits(last(), machine.nowMs())).containsExactly("GIVE_BACK a 2500 so far");
    }

    @Test
    void moreTopicsAreACauseOfTheirOwn() {
        heartbeat("a", 0, Optional.of(Set.of()));
        machine.topics.put("t", 5);
        machine.turn(machine.shard()::topicsChanged);

        assertThat(causes(last())).containsExactly("TOPICS_CHANGED ");
        assertThat(waits(last(), machine.nowMs())).containsExactly("COME a 0 so far");
    }

    @Test
    void aMemberOverHttpThatHoldsRecordsIsWaitedFor() {
        AtomicReference<Poll.Answer> one = poll("one");
        machine.turn(effects -> machine.shard()
                .pollDone(
                        "g",
                        new Poll.Done(
                                "one",
                                one.get().poll(),
                                Set.of(new TopicIdPartition(topic.id(), 0), new TopicIdPartition(topic.id(), 1)),
                                7),
                        effects));
        poll("two");
        machine.pass(4_000);
        assertThat(waits(last(), machine.nowMs())).containsExactly("GIVE_BACK one 4000 so far");

        poll("one");
        assertThat(last().isUnderWay()).isFalse();
        assertThat(waits(last(), 0)).containsExactly("GIVE_BACK one 4000");
    }

    private AtomicReference<Poll.Answer> poll(String member) {
        AtomicReference<Poll.Answer> answer = new AtomicReference<>();
        Poll.Request request =
                new Poll.Request(member, List.of("t"), 45_000, "client", "host", Optional.empty(), Poll.NEW, why -> {});
        machine.turn(effects -> machine.shard().poll("g", request, answer::set, effects));
        return answer;
    }

    @Test
    void positionsThatAreMovedAreACause() {
        poll("one");
        machine.turn(effects -> machine.shard()
                .seek(
                        "g",
                        Map.of(new TopicPartition("t", 0), new CommittedOffset(topic.id(), 0, -1, "", 0)),
                        Map.of(),
                        moved -> {},
                        effects));
        assertThat(last().causes().get(0).reason()).isEqualTo(Reason.POSITIONS_MOVED);
    }
}
