package io.sluice.server.why;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.TopicPartition;
import io.sluice.server.why.GroupSnapshot.Filtered;
import io.sluice.server.why.GroupSnapshot.Member;
import io.sluice.server.why.GroupSnapshot.Position;
import io.sluice.server.why.Reason.Code;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class WhyGroupTest {
    private static final TopicPartition P = new TopicPartition("t", 0);
    private static final BrokerSnapshot WELL = new BrokerSnapshot(false, 100, 10, Optional.empty());
    private static final long NOW_MS = 100_000;
    private static final long IDLE_MS = 30_000;

    private static Member member(long lastPollMs, Optional<Filtered> filtered) {
        return new Member("m", "worker", OptionalLong.of(7), OptionalLong.of(lastPollMs), 0, 0, 1, filtered);
    }

    private static GroupSnapshot group(long offset, long end, Member... members) {
        Position position = new Position(
                PartitionSnapshot.readable(P, 10, end),
                OptionalLong.of(offset),
                OptionalLong.of(50_000),
                members.length == 0 ? "" : "m",
                OptionalLong.of(40_000));
        return new GroupSnapshot("g", NOW_MS, List.of(members), List.of(position), List.of(), List.of());
    }

    private static Sample before(long offset, long end) {
        return new Sample(NOW_MS - 2_000, Map.of(P, new Sample.Offsets(end, offset)));
    }

    private static List<Reason> why(GroupSnapshot group, Sample before) {
        return WhyGroup.reasons(group, WELL, before, IDLE_MS);
    }

    @Test
    void whatIsWrittenAndReadDecidesWhetherTheLagGrows() {
        Reason growing = why(group(20, 100, member(NOW_MS, Optional.empty())), before(10, 60))
                .get(0);
        assertThat(growing.code()).isEqualTo(Code.LAG_GROWING);
        assertThat(growing.details())
                .containsEntry("produce_rate", 20.0)
                .containsEntry("consume_rate", 5.0)
                .containsEntry("lag", 80L);
        assertThat(growing.culprit()).containsEntry("member", "m").containsEntry("partition", 0);
        assertThat(growing.culprit()).containsEntry("client", 7L).containsEntry("client_id", "worker");
        assertThat(growing.sinceMs()).hasValue(40_000);

        assertThat(why(group(20, 100, member(NOW_MS, Optional.empty())), before(10, 100))
                        .get(0)
                        .code())
                .isEqualTo(Code.CATCHING_UP);
        assertThat(why(group(20, 100, member(NOW_MS, Optional.empty())), before(20, 100))
                        .get(0)
                        .code())
                .isEqualTo(Code.NOT_COMMITTING);
        assertThat(why(group(100, 100, member(NOW_MS, Optional.empty())), before(20, 90)))
                .extracting(Reason::code)
                .containsExactly(Code.AT_THE_END);
    }

    @Test
    void aMemberIsIdleFromTheBoundOnAndOnlyIfSomethingWaits() {
        assertThat(why(group(20, 100, member(NOW_MS - IDLE_MS, Optional.empty())), before(20, 100)))
                .extracting(Reason::code)
                .containsExactly(Code.MEMBERS_IDLE, Code.NOT_COMMITTING);
        assertThat(why(group(20, 100, member(NOW_MS - IDLE_MS + 1, Optional.empty())), before(20, 100)))
                .extracting(Reason::code)
                .containsExactly(Code.NOT_COMMITTING);
        assertThat(why(group(100, 100, member(0, Optional.empty())), before(20, 100)))
                .extracting(Reason::code)
                .containsExactly(Code.AT_THE_END);
    }

    @Test
    void aFilterThatLetsNothingThroughIsNamedWithItsMember() {
        Filtered nothing = new Filtered(List.of("type=CREATE"), 0, 90, 60_000);
        Reason reason = why(group(100, 100, member(NOW_MS, Optional.of(nothing))), before(100, 100))
                .get(0);
        assertThat(reason.code()).isEqualTo(Code.FILTER_EXCLUDES_EVERYTHING);
        assertThat(reason.culprit()).containsEntry("member", "m").containsEntry("filters", List.of("type=CREATE"));
        assertThat(reason.sinceMs()).hasValue(60_000);

        Filtered some = new Filtered(List.of("type=CREATE"), 1, 90, 60_000);
        assertThat(why(group(100, 100, member(NOW_MS, Optional.of(some))), before(100, 100)))
                .extracting(Reason::code)
                .containsExactly(Code.AT_THE_END);
    }

    @Test
    void aPositionIsOutOfRangeOnBothSides() {
        assertThat(why(group(9, 10, member(NOW_MS, Optional.empty())), before(10, 10))
                        .get(0)
                        .details())
                .containsEntry("offset", 9L)
                .containsEntry("log_start_offset", 10L);
        assertThat(why(group(11, 10, member(NOW_MS, Optional.empty())), before(10, 10))
                        .get(0)
                        .code())
                .isEqualTo(Code.POSITION_OUT_OF_RANGE);
        assertThat(why(group(10, 10, member(NOW_MS, Optional.empty())), before(10, 10)))
                .extracting(Reason::code)
                .containsExactly(Code.AT_THE_END);
    }

    @Test
    void reasonsComeInTheOrderOfTheirGravity() {
        BrokerSnapshot low = new BrokerSnapshot(
                true, 5, 10, Optional.of(new BrokerSnapshot.Overload(1, NOW_MS, 3, "10.0.0.1", "POST /x", "full")));
        List<Reason> reasons = WhyGroup.reasons(group(20, 100), low, before(20, 100), IDLE_MS);

        assertThat(reasons).extracting(Reason::code).containsExactly(Code.NO_MEMBERS, Code.DISK_LOW, Code.OVERLOADED);
        assertThat(reasons.get(1).culprit()).containsEntry("setting", "log.min.free.bytes");
        assertThat(reasons.get(2).culprit()).containsEntry("client", "10.0.0.1");
    }
}
