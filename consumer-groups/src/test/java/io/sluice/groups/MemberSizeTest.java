package io.sluice.groups;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.TopicPartition;
import io.sluice.groups.classic.Join;
import io.sluice.groups.classic.Protocol;
import io.sluice.groups.consumer.Heartbeat;
import io.sluice.groups.consumer.Poll;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What members say of themselves must fit into the log, whoever they are. */
class MemberSizeTest {
    private static final int MB = 1024 * 1024;

    private final Machine machine = new Machine(Machine.limits());
    private final List<Join.Answer> joined = new ArrayList<>();
    private int ids;

    MemberSizeTest() {
        machine.topics.put("t", 4);
    }

    private void join(String group, String memberId, int bytes) {
        Join.Request request = new Join.Request(
                memberId,
                "m-" + ++ids,
                "",
                "client",
                "/127.0.0.1",
                10_000,
                10_000,
                "consumer",
                List.of(new Protocol("range", new byte[bytes])),
                false,
                true);
        machine.turn(effects -> machine.shard().join(group, request, joined::add, effects));
    }

    private Heartbeat.Answer beat(String member, int epoch, Optional<List<String>> topics) {
        AtomicReference<Heartbeat.Answer> answer = new AtomicReference<>();
        Heartbeat.Request request = new Heartbeat.Request(
                member,
                epoch,
                "",
                Optional.empty(),
                Optional.of(60_000),
                topics,
                Optional.empty(),
                Optional.empty(),
                Optional.of(Set.of()),
                "client",
                "/127.0.0.1");
        machine.turn(effects -> machine.shard().consumerHeartbeat("g", request, answer::set, effects));
        return answer.get();
    }

    private static List<String> topics(int bytes) {
        int each = 1_000;
        return IntStream.range(0, bytes / 3 / each)
                .mapToObj(i -> String.format("%0" + each + "d", i))
                .toList();
    }

    @Test
    void classicMembersSayOnlySoMuch() {
        join("g", "", 20 * MB);
        String first = joined.remove(0).memberId();
        join("g", "", 13 * MB);
        assertThat(joined.remove(0).error()).isEqualTo(GroupError.TOO_LARGE);
        assertThat(machine.events()).as("nothing is written").isZero();

        // The one that is there may say something else.
        join("g", first, 31 * MB);
        assertThat(joined.remove(0).error()).isEqualTo(GroupError.NONE);
        join("other", "", 33 * MB);
        assertThat(joined.remove(0).error()).isEqualTo(GroupError.TOO_LARGE);
    }

    @Test
    void membersForWhichTheBrokerAssignsSayOnlySoMuch() {
        assertThat(beat("one", Heartbeat.JOIN, Optional.of(topics(20 * MB))).error())
                .isEqualTo(GroupError.NONE);
        Heartbeat.Answer two = beat("two", Heartbeat.JOIN, Optional.of(topics(13 * MB)));
        assertThat(two.error()).isEqualTo(GroupError.TOO_LARGE);
        assertThat(two.message()).contains("33554432");
        assertThat(poll(topics(13 * MB)).error()).isEqualTo(GroupError.TOO_LARGE);
        assertThat(poll(List.of("t")).error()).isEqualTo(GroupError.NONE);

        // Who goes makes room.
        beat("one", Heartbeat.LEAVE, Optional.empty());
        assertThat(beat("two", Heartbeat.JOIN, Optional.of(topics(13 * MB))).error())
                .isEqualTo(GroupError.NONE);
    }

    private Poll.Answer poll(List<String> topics) {
        AtomicReference<Poll.Answer> answer = new AtomicReference<>();
        Poll.Request request =
                new Poll.Request("poller", topics, 10_000, "client", "host", Optional.empty(), Poll.NEW, why -> {});
        machine.turn(effects -> machine.shard().poll("g", request, answer::set, effects));
        return answer.get();
    }

    @Test
    void theNameOfAGroupHasALimitForItIsInEachKey() {
        String name = "g".repeat(40_000);
        join(name, "", 1);
        assertThat(joined.remove(0).error()).isEqualTo(GroupError.INVALID_GROUP);
        AtomicReference<Map<TopicPartition, GroupError>> answer = new AtomicReference<>();
        TopicPartition t0 = new TopicPartition("t", 0);
        CommittedOffset position =
                new CommittedOffset(machine.topics.topic("t").orElseThrow().id(), 1, -1, "", machine.nowMs());
        machine.turn(effects -> machine.shard()
                .commit(new Offsets.Commit(name, "", "", -1, Map.of(t0, position)), answer::set, effects));
        assertThat(answer.get()).containsEntry(t0, GroupError.INVALID_GROUP);
    }
}
