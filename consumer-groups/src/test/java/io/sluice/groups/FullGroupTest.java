package io.sluice.groups;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.groups.classic.Join;
import io.sluice.groups.classic.Protocol;
import io.sluice.groups.consumer.Heartbeat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** A static member has its place, also in a group that has no other. */
class FullGroupTest {
    private final Machine machine = new Machine(new GroupLimits(100, 600_000, 1, 0, 45_000, 5_000, -1, 100));
    private int ids;

    FullGroupTest() {
        machine.topics.put("t", 4);
    }

    private Join.Answer join(String instance) {
        AtomicReference<Join.Answer> answer = new AtomicReference<>();
        // Version 0: the topic t, and nothing else.
        byte[] wish = {0, 0, 0, 0, 0, 1, 0, 1, 't', -1, -1, -1, -1};
        Join.Request request = new Join.Request(
                "",
                "m-" + ++ids,
                instance,
                "client",
                "/127.0.0.1",
                10_000,
                10_000,
                "consumer",
                List.of(new Protocol("range", wish)),
                true,
                true);
        machine.turn(effects -> machine.shard().join("g", request, answer::set, effects));
        return answer.get();
    }

    private Heartbeat.Answer beat(String member, String instance, int epoch) {
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
                Optional.of(Set.of()),
                "client",
                "/127.0.0.1");
        machine.turn(effects -> machine.shard().consumerHeartbeat("g", request, answer::set, effects));
        return answer.get();
    }

    @Test
    void aClassicMemberComesBack() {
        Join.Answer first = join("host-1");
        assertThat(join("host-2").error()).isEqualTo(GroupError.GROUP_FULL);

        Join.Answer back = join("host-1");

        assertThat(back.error()).isEqualTo(GroupError.NONE);
        assertThat(back.memberId()).isNotEqualTo(first.memberId());
        assertThat(join("host-2").error()).isEqualTo(GroupError.GROUP_FULL);
    }

    @Test
    void aMemberOfTheConsumerProtocolComesBack() {
        assertThat(beat("one", "host-1", Heartbeat.JOIN).assignment().orElseThrow())
                .hasSize(4);
        assertThat(beat("two", "host-2", Heartbeat.JOIN).error()).isEqualTo(GroupError.GROUP_FULL);
        beat("one", "host-1", Heartbeat.LEAVE_FOR_A_WHILE);

        Heartbeat.Answer back = beat("again", "host-1", Heartbeat.JOIN);

        assertThat(back.error()).isEqualTo(GroupError.NONE);
        assertThat(back.assignment().orElseThrow()).hasSize(4);
    }

    @Test
    void aClassicMemberTakesThePlaceThatItHadByTheConsumerProtocol() {
        beat("one", "host-1", Heartbeat.JOIN);
        beat("one", "host-1", Heartbeat.LEAVE_FOR_A_WHILE);
        assertThat(join("host-2").error()).isEqualTo(GroupError.GROUP_FULL);
        assertThat(join("host-1").error()).isEqualTo(GroupError.NONE);
    }
}
