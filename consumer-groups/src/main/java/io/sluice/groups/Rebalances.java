package io.sluice.groups;

import io.sluice.groups.Rebalance.Cause;
import io.sluice.groups.Rebalance.Owed;
import io.sluice.groups.Rebalance.Reason;
import io.sluice.groups.Rebalance.Wait;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The latest rebalances of a group, as they are seen from outside: after each turn that may have changed the members, they are looked
 * at and compared with what they were. Nothing of this survives a restart, and nothing depends on it. For the thread that runs the
 * group's shard.
 */
final class Rebalances {
    private static final int MAX_KEPT = 10;

    private final Deque<Rebalance> ended = new ArrayDeque<>();
    private Optional<UnderWay> present = Optional.empty();

    /** What was seen last. */
    private Set<String> memberIds = Set.of();

    private int generation;
    private Optional<Members> seen = Optional.empty();
    private long changes;

    /** A rebalance that is not settled. */
    private static final class UnderWay {
        private final long begunAtMs;
        private final List<Cause> causes = new ArrayList<>();
        private final Map<String, Wait> open = new HashMap<>();
        private List<Wait> over = new ArrayList<>();

        UnderWay(long begunAtMs) {
            this.begunAtMs = begunAtMs;
        }

        void add(List<Cause> more) {
            more.stream().limit(Rebalance.MAX_CAUSES - causes.size()).forEach(causes::add);
        }

        void waitsFor(Map<String, Owed> owing, long nowMs) {
            open.values().removeIf(wait -> {
                if (owing.get(wait.member()) == wait.owed()) {
                    return false;
                }
                over.add(new Wait(wait.member(), wait.owed(), wait.sinceMs(), nowMs));
                return true;
            });
            if (over.size() > Rebalance.MAX_WAITS) {
                over = longest(over, nowMs);
            }
            owing.forEach((member, owed) -> open.putIfAbsent(member, new Wait(member, owed, nowMs, -1)));
        }

        Rebalance seen(int atGeneration, long settledAtMs, long nowMs) {
            List<Wait> all = new ArrayList<>(open.values());
            all.addAll(over);
            return new Rebalance(atGeneration, begunAtMs, settledAtMs, causes, longest(all, nowMs));
        }

        /** The longest waits, without those that took no time. */
        private static List<Wait> longest(List<Wait> waits, long nowMs) {
            Comparator<Wait> shortestFirst = Comparator.comparingLong(wait -> wait.durationMs(nowMs));
            return new ArrayList<>(waits.stream()
                    .filter(wait -> wait.untilMs() < 0 || wait.durationMs(nowMs) > 0)
                    .sorted(shortestFirst.reversed().thenComparing(Wait::member))
                    .limit(Rebalance.MAX_WAITS)
                    .toList());
        }
    }

    /** The members have been read: what they are now was not brought about by anybody. */
    void begin(Members members, long nowMs) {
        seen = Optional.of(members);
        changes = members.changes();
        memberIds = Set.copyOf(members.ids());
        generation = members.generation();
        if (!members.isSettled()) {
            UnderWay unfinished = new UnderWay(nowMs);
            unfinished.add(List.of(new Cause(Reason.UNFINISHED, "", nowMs)));
            unfinished.waitsFor(members.owing(), nowMs);
            present = Optional.of(unfinished);
        }
    }

    /**
     * Looks at the members after a turn. Costs next to nothing if they have not changed.
     *
     * @param turn what the turn was about: the reason if no member has come or gone, and the way in which members have gone
     * @param by the member that asked for the turn, or empty
     */
    void look(Members members, Reason turn, String by, long nowMs) {
        if (members.changes() == changes && seen.filter(same -> same == members).isPresent()) {
            return;
        }
        seen = Optional.of(members);
        changes = members.changes();
        Set<String> ids = members.ids();
        List<Cause> causes = new ArrayList<>();
        if (!ids.equals(memberIds)) {
            Reason gone = turn == Reason.MEMBER_EXPIRED || turn == Reason.POSITIONS_MOVED ? turn : Reason.MEMBER_LEFT;
            memberIds.stream()
                    .filter(id -> !ids.contains(id))
                    .sorted()
                    .forEach(id -> causes.add(new Cause(gone, id, nowMs)));
            ids.stream()
                    .filter(id -> !memberIds.contains(id))
                    .sorted()
                    .forEach(id -> causes.add(new Cause(Reason.MEMBER_JOINED, id, nowMs)));
            memberIds = Set.copyOf(ids);
        }
        boolean settled = members.isSettled();
        boolean begins = present.isEmpty() && (!settled || members.generation() != generation);
        boolean ofItself = turn == Reason.TOPICS_CHANGED || turn == Reason.POSITIONS_MOVED;
        if (causes.isEmpty() && (begins || ofItself && members.generation() != generation)) {
            causes.add(new Cause(turn, by, nowMs));
        }
        generation = members.generation();
        if (present.isEmpty() && causes.isEmpty()) {
            return;
        }
        UnderWay rebalance = present.orElseGet(() -> new UnderWay(nowMs));
        rebalance.add(causes);
        rebalance.waitsFor(settled ? Map.of() : members.owing(), nowMs);
        if (settled) {
            if (ended.size() == MAX_KEPT) {
                ended.removeFirst();
            }
            ended.addLast(rebalance.seen(generation, nowMs, nowMs));
            present = Optional.empty();
        } else {
            present = Optional.of(rebalance);
        }
    }

    /** The latest rebalances, the oldest first; the last may be under way. */
    List<Rebalance> all(long nowMs) {
        List<Rebalance> all = new ArrayList<>(ended);
        present.ifPresent(rebalance -> all.add(rebalance.seen(generation, -1, nowMs)));
        return all;
    }
}
