package io.sluice.server.why;

import io.sluice.groups.Rebalance;
import io.sluice.server.why.GroupSnapshot.Filtered;
import io.sluice.server.why.GroupSnapshot.Member;
import io.sluice.server.why.GroupSnapshot.Position;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Why a group does not move. */
public final class WhyGroup {
    private static final int MAX_NAMED = WhyTopic.MAX_NAMED;

    private final GroupSnapshot group;
    private final Sample before;
    private final long idleMs;
    private final List<Reason> reasons = new ArrayList<>();

    private WhyGroup(GroupSnapshot group, Sample before, long idleMs) {
        this.group = group;
        this.before = before;
        this.idleMs = idleMs;
    }

    /**
     * The reasons, the gravest first.
     *
     * @param before an earlier sample of the group
     * @param idleMs for how long a member must not have asked for records to count as idle
     */
    public static List<Reason> reasons(GroupSnapshot group, BrokerSnapshot broker, Sample before, long idleMs) {
        WhyGroup why = new WhyGroup(group, before, idleMs);
        why.topics();
        why.members();
        why.rebalance();
        why.positions();
        why.held();
        why.idle();
        why.filters();
        WhyBroker.addTo(why.reasons, broker, group.nowMs());
        why.progress();
        why.reasons.sort(Comparator.comparing(Reason::code));
        return why.reasons;
    }

    private void topics() {
        group.positions().stream()
                .map(Position::log)
                .filter(log -> !log.isReadable() && !log.missing())
                .limit(MAX_NAMED)
                .forEach(log -> reasons.add(WhyTopic.offline(log)));
        group.missingTopics().stream()
                .limit(MAX_NAMED)
                .forEach(topic -> reasons.add(
                        new Reason(Reason.Code.TOPIC_MISSING, "there is no topic " + topic, OptionalLong.empty())
                                .culprit("topic", topic)));
    }

    private void members() {
        if (!group.members().isEmpty()) {
            return;
        }
        Optional<Rebalance.Cause> last = group.rebalances().stream()
                .flatMap(rebalance -> rebalance.causes().stream())
                .filter(cause -> cause.reason() == Rebalance.Reason.MEMBER_LEFT
                        || cause.reason() == Rebalance.Reason.MEMBER_EXPIRED)
                .reduce((first, second) -> second);
        Reason reason = new Reason(
                        Reason.Code.NO_MEMBERS,
                        "the group has no members"
                                + last.map(cause -> "; the last, " + cause.member() + ", "
                                                + (cause.reason() == Rebalance.Reason.MEMBER_LEFT
                                                        ? "left "
                                                        : "was silent for too long and was sent away ")
                                                + Words.ago(group.nowMs() - cause.atMs()))
                                        .orElse("")
                                + ", and " + Words.records(group.lag()) + " wait",
                        last.map(cause -> OptionalLong.of(cause.atMs())).orElse(OptionalLong.empty()))
                .detail("lag", group.lag());
        reasons.add(last.filter(cause -> !cause.member().isEmpty())
                .map(cause -> reason.culprit("member", cause.member()))
                .orElse(reason));
    }

    private void rebalance() {
        if (group.rebalances().isEmpty()) {
            return;
        }
        Rebalance last = group.rebalances().get(group.rebalances().size() - 1);
        last.waits().stream()
                .filter(wait -> last.isUnderWay() && wait.untilMs() < 0)
                .limit(MAX_NAMED)
                .forEach(wait -> reasons.add(ofMember(
                                new Reason(
                                        Reason.Code.REBALANCE_WAITING,
                                        "the group waits for member " + wait.member() + " to " + deed(wait.owed())
                                                + ", since " + Words.lasting(group.nowMs() - wait.sinceMs()),
                                        OptionalLong.of(wait.sinceMs())),
                                wait.member())
                        .detail("generation", last.generation())
                        .detail("begun_at", last.begunAtMs())));
    }

    private static String deed(Rebalance.Owed owed) {
        return switch (owed) {
            case JOIN -> "join again";
            case ASSIGN -> "assign the partitions";
            case GIVE_BACK -> "give partitions back";
            case COME -> "come for its partitions";
        };
    }

    private void positions() {
        group.positions().stream()
                .filter(at -> at.log().isReadable() && at.committed().isPresent())
                .filter(at -> at.committed().getAsLong() < at.log().logStartOffset()
                        || at.committed().getAsLong() > at.log().highWatermark())
                .limit(MAX_NAMED)
                .forEach(at -> {
                    long offset = at.committed().getAsLong();
                    boolean deleted = offset < at.log().logStartOffset();
                    reasons.add(ofPartition(
                                    new Reason(
                                            Reason.Code.POSITION_OUT_OF_RANGE,
                                            "the position " + offset + " in " + at.partition()
                                                    + (deleted
                                                            ? " lies before the first record that is left, "
                                                                    + at.log().logStartOffset()
                                                            : " lies behind the end, "
                                                                    + at.log().highWatermark()),
                                            at.committedAtMs()),
                                    at)
                            .detail("offset", offset)
                            .detail("log_start_offset", at.log().logStartOffset())
                            .detail("high_watermark", at.log().highWatermark()));
                });
    }

    private void held() {
        group.members().stream()
                .filter(member -> member.heldRecords() > 0)
                .limit(MAX_NAMED)
                .forEach(member -> reasons.add(ofMember(
                                new Reason(
                                        Reason.Code.RECORD_IN_FLIGHT,
                                        "member " + member.id() + " holds " + Words.records(member.heldRecords())
                                                + " that it has not committed, since "
                                                + Words.lasting(group.nowMs() - member.heldSinceMs()),
                                        OptionalLong.of(member.heldSinceMs())),
                                member.id())
                        .detail("held_records", member.heldRecords())));
    }

    private void idle() {
        group.members().stream()
                .filter(member -> lagOf(member) > 0 && member.lastPollMs().isPresent())
                .filter(member -> group.nowMs() - member.lastPollMs().getAsLong() >= idleMs)
                .limit(MAX_NAMED)
                .forEach(member -> {
                    long ageMs = group.nowMs() - member.lastPollMs().getAsLong();
                    reasons.add(ofMember(
                                    new Reason(
                                            Reason.Code.MEMBERS_IDLE,
                                            "member " + member.id() + " last asked for records " + Words.ago(ageMs)
                                                    + ", and " + Words.records(lagOf(member)) + " wait for it",
                                            member.lastPollMs()),
                                    member.id())
                            .detail("last_poll_age_ms", ageMs)
                            .detail("lag", lagOf(member)));
                });
    }

    private long lagOf(Member member) {
        return group.positions().stream()
                .filter(at -> at.owner().equals(member.id()))
                .mapToLong(Position::lag)
                .sum();
    }

    private void filters() {
        group.members().stream()
                .limit(MAX_NAMED)
                .forEach(member -> member.filtered()
                        .filter(filtered -> filtered.passed() == 0 && filtered.excluded() > 0)
                        .ifPresent(filtered -> reasons.add(excluded(member, filtered))));
    }

    private Reason excluded(Member member, Filtered filtered) {
        return ofMember(
                        new Reason(
                                Reason.Code.FILTER_EXCLUDES_EVERYTHING,
                                "the filter " + String.join(" ", filtered.filters()) + " of member " + member.id()
                                        + " has let nothing pass and has left out "
                                        + Words.records(filtered.excluded()),
                                OptionalLong.of(filtered.sinceMs())),
                        member.id())
                .culprit("filters", filtered.filters())
                .detail("excluded", filtered.excluded());
    }

    /** What becomes of the lag. */
    private void progress() {
        if (group.positions().isEmpty()) {
            return;
        }
        Sample now = group.sample();
        Sample.Rates rates = before.until(now);
        group.members().stream()
                .filter(member -> member.partitions() == 0 && lagOf(member) == 0 && !isRebalancing())
                .limit(MAX_NAMED)
                .forEach(member -> reasons.add(ofMember(
                        new Reason(
                                Reason.Code.MEMBER_WITHOUT_PARTITIONS,
                                "member " + member.id() + " has no partition: others have them all",
                                OptionalLong.empty()),
                        member.id())));
        if (group.lag() == 0) {
            if (group.positions().stream().allMatch(at -> at.log().isReadable())) {
                reasons.add(new Reason(
                                Reason.Code.AT_THE_END,
                                "everything has been read in all of the "
                                        + group.positions().size() + " partitions",
                                lastCommit())
                        .detail("lag", 0L));
            }
            return;
        }
        if (group.members().isEmpty()) {
            return;
        }
        Position worst = worst();
        Reason.Code code = rates.written() > rates.read()
                ? Reason.Code.LAG_GROWING
                : rates.read() > 0 ? Reason.Code.CATCHING_UP : Reason.Code.NOT_COMMITTING;
        String sentence = switch (code) {
            case LAG_GROWING ->
                "more is written than read: " + Words.rate(rates.written()) + " against " + Words.rate(rates.read());
            case CATCHING_UP ->
                "the group gets on by " + Words.rate(rates.read()) + ", and " + Words.rate(rates.written())
                        + " are written";
            default -> "the position does not move";
        };
        Reason reason = ofPartition(
                        new Reason(
                                code,
                                sentence + ", as seen over " + Words.lasting(rates.overMs()) + "; "
                                        + Words.records(group.lag()) + " wait, most of them in " + worst.partition(),
                                code == Reason.Code.NOT_COMMITTING ? worst.committedAtMs() : group.waitingSinceMs()),
                        worst)
                .detail("lag", group.lag())
                .detail("produce_rate", Words.rounded(rates.written()))
                .detail("consume_rate", Words.rounded(rates.read()))
                .detail("measured_ms", rates.overMs());
        reasons.add(reason);
    }

    private boolean isRebalancing() {
        return !group.rebalances().isEmpty()
                && group.rebalances().get(group.rebalances().size() - 1).isUnderWay();
    }

    private Position worst() {
        return group.positions().stream()
                .max(Comparator.comparingLong(Position::lag))
                .orElseThrow();
    }

    private OptionalLong lastCommit() {
        return group.positions().stream()
                .map(Position::committedAtMs)
                .flatMapToLong(OptionalLong::stream)
                .max();
    }

    private Reason ofPartition(Reason reason, Position at) {
        Reason named = reason.culprit("topic", at.partition().topic())
                .culprit("partition", at.partition().partition());
        return at.owner().isEmpty() ? named : ofMember(named, at.owner());
    }

    /** Names a member with its client. */
    private Reason ofMember(Reason reason, String id) {
        Reason named = reason.culprit("member", id);
        Optional<Member> member =
                group.members().stream().filter(one -> one.id().equals(id)).findFirst();
        if (member.isEmpty()) {
            return named;
        }
        Reason withName = member.get().clientId().isEmpty()
                ? named
                : named.culprit("client_id", member.get().clientId());
        return member.get().connection().isPresent()
                ? withName.culprit("client", member.get().connection().getAsLong())
                : withName;
    }
}
