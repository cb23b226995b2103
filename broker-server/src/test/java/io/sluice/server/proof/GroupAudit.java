package io.sluice.server.proof;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a {@link GroupJournal} as it grows, and fails at the first line that must not be there:
 *
 * <ul>
 *   <li>a record below a position that had been committed before, which the group had done with
 *   <li>a commit of what nobody has done
 *   <li>a number at two places, or two numbers at one
 * </ul>
 *
 * For use by one thread.
 */
final class GroupAudit {
    /** How long what a killed member had may stand still: the six seconds of its session, and the rebalance after it. */
    private static final long KILL_LASTS_MS = 8_000;

    private static final long NEVER_MS = -KILL_LASTS_MS - 1;

    private final Path journal;
    private final List<Part> parts = new ArrayList<>();
    private final BitSet numbers = new BitSet();
    private final Pause groupPause = new Pause();
    private final Map<String, Integer> doneBy = new HashMap<>();
    private long at;
    private int done;
    private int sent;
    private int undone;
    private int repeats;
    /** Since when the broker is away, or -1. */
    private long brokerAwaySinceMs = -1;

    private long brokerBackMs = NEVER_MS;
    private final List<Away> brokerAways = new ArrayList<>();
    private long memberKilledMs = NEVER_MS;

    /** What happened while something stood still; the first that fits. */
    enum Cause {
        /** The broker was away. */
        BROKER_KILLED,
        /** A member was killed, and its session had to end. */
        MEMBER_KILLED,
        /** Members came or left in order, or nobody did. */
        NO_KILL
    }

    /** A time from a kill of the broker until it was ready again. */
    private record Away(long fromMs, long toMs) {
        long ms() {
            return toMs - fromMs;
        }

        long msWithin(long firstMs, long lastMs) {
            return Math.max(0, Math.min(toMs, lastMs) - Math.max(fromMs, firstMs));
        }
    }

    /** What is known of one partition. */
    private final class Part {
        /** The number at each offset, or -1. */
        private long[] numbers = new long[0];

        private final BitSet sent = new BitSet();
        private final BitSet done = new BitSet();
        private final Pause pause = new Pause();
        private long committed;
        /** How many were sent that nobody has done. */
        private int undone;
    }

    /** How long something stood still. */
    private final class Pause {
        private long sinceMs = -1;
        private final Map<Cause, Long> longestMs = new EnumMap<>(Cause.class);
        private long longestWithBrokerMs;

        private void lagsAt(long nowMs) {
            if (sinceMs < 0) {
                sinceMs = nowMs;
            }
        }

        private void movesAt(long nowMs, boolean stillLags) {
            if (sinceMs >= 0) {
                Cause cause = causeSince(sinceMs);
                longestMs.merge(cause, nowMs - sinceMs, Math::max);
                if (cause == Cause.BROKER_KILLED) {
                    longestWithBrokerMs = Math.max(longestWithBrokerMs, nowMs - sinceMs - awayMs(sinceMs, nowMs));
                }
            }
            sinceMs = stillLags ? nowMs : -1;
        }

        private long longestMs(Cause cause) {
            return longestMs.getOrDefault(cause, 0L);
        }
    }

    private long awayMs(long firstMs, long lastMs) {
        long before = brokerAways.stream()
                .mapToLong(away -> away.msWithin(firstMs, lastMs))
                .sum();
        return brokerAwaySinceMs < 0 ? before : before + new Away(brokerAwaySinceMs, lastMs).msWithin(firstMs, lastMs);
    }

    private Cause causeSince(long ms) {
        if (brokerAwaySinceMs >= 0 || brokerBackMs >= ms) {
            return Cause.BROKER_KILLED;
        }
        return memberKilledMs + KILL_LASTS_MS >= ms ? Cause.MEMBER_KILLED : Cause.NO_KILL;
    }

    GroupAudit(Path journal, int partitions) {
        this.journal = journal;
        for (int i = 0; i < partitions; i++) {
            parts.add(new Part());
        }
    }

    /** Reads on to the last whole line. */
    void read() {
        try (RandomAccessFile file = new RandomAccessFile(journal.toFile(), "r")) {
            file.seek(at);
            byte[] bytes = new byte[(int) Math.min(file.length() - at, 1 << 26)];
            file.readFully(bytes);
            int from = 0;
            for (int i = 0; i < bytes.length; i++) {
                if (bytes[i] == '\n') {
                    line(new String(bytes, from, i - from, StandardCharsets.UTF_8));
                    from = i + 1;
                }
            }
            at += from;
        } catch (IOException e) {
            throw new AssertionError("the journal cannot be read", e);
        }
    }

    /** Takes in one line. */
    void line(String line) {
        String[] words = line.split(" ");
        long timeMs = Long.parseLong(words[0]);
        switch (words[2]) {
            case "sent" ->
                sent(timeMs, Integer.parseInt(words[3]), Integer.parseInt(words[4]), Integer.parseInt(words[5]), line);
            case "did" -> {
                doneBy.merge(words[1], 1, Integer::sum);
                did(timeMs, Integer.parseInt(words[3]), Integer.parseInt(words[4]), Integer.parseInt(words[5]), line);
            }
            case "committed" -> committed(Integer.parseInt(words[3]), Integer.parseInt(words[4]), line);
            case GroupJournal.KILLS -> kills(timeMs, words[3]);
            case GroupJournal.HAS_AGAIN -> {
                brokerAways.add(new Away(brokerAwaySinceMs, timeMs));
                brokerAwaySinceMs = -1;
                brokerBackMs = timeMs;
            }
            default -> {
                // For whoever reads the journal.
            }
        }
    }

    private void kills(long timeMs, String whom) {
        if (whom.equals(GroupJournal.BROKER)) {
            brokerAwaySinceMs = timeMs;
        } else {
            memberKilledMs = timeMs;
        }
    }

    private void sent(long timeMs, int partition, int offset, int number, String line) {
        Part part = parts.get(partition);
        place(part, offset, number, line);
        part.sent.set(offset);
        sent++;
        if (!part.done.get(offset)) {
            part.undone++;
            undone++;
            part.pause.lagsAt(timeMs);
            groupPause.lagsAt(timeMs);
        }
    }

    private void did(long timeMs, int partition, int offset, int number, String line) {
        Part part = parts.get(partition);
        if (offset < part.committed) {
            throw new AssertionError("was committed up to " + part.committed + " before: " + line);
        }
        place(part, offset, number, line);
        if (part.done.get(offset)) {
            repeats++;
            return;
        }
        part.done.set(offset);
        done++;
        if (part.sent.get(offset)) {
            part.undone--;
            undone--;
        }
        part.pause.movesAt(timeMs, part.undone > 0);
        groupPause.movesAt(timeMs, undone > 0);
    }

    private void committed(int partition, int next, String line) {
        Part part = parts.get(partition);
        int missing = part.done.nextClearBit(0);
        if (missing < next) {
            throw new AssertionError("nobody has done the record at " + missing + ": " + line);
        }
        // Two who report at the same time may do so in either order.
        part.committed = Math.max(part.committed, next);
    }

    private void place(Part part, int offset, int number, String line) {
        if (offset >= part.numbers.length) {
            int before = part.numbers.length;
            part.numbers = Arrays.copyOf(part.numbers, Math.max(64, 2 * offset));
            Arrays.fill(part.numbers, before, part.numbers.length, -1);
        }
        if (part.numbers[offset] < 0 && !numbers.get(number)) {
            part.numbers[offset] = number;
            numbers.set(number);
        } else if (part.numbers[offset] != number) {
            throw new AssertionError("number " + part.numbers[offset] + " was there, or this one elsewhere: " + line);
        }
    }

    /** How many records have been acknowledged. */
    int sent() {
        return sent;
    }

    /** How many records have been done, each counted once. */
    int done() {
        return done;
    }

    /** How often a record was done that had been done. */
    int repeats() {
        return repeats;
    }

    /** Whether the group has been told that all it was sent is committed. */
    boolean isCommitted() {
        return parts.stream().allMatch(part -> part.committed >= part.sent.length());
    }

    /** How many records a member has done, once or again. */
    int doneBy(String member) {
        return doneBy.getOrDefault(member, 0);
    }

    /** Where a partition ends, as far as is known. */
    long end(int partition) {
        return parts.get(partition).sent.length();
    }

    /** How long at most records were there and nobody did any, in ms. */
    long longestPauseMs(Cause cause) {
        return groupPause.longestMs(cause);
    }

    /** How long at most a partition had records and nobody did any of them, in ms. */
    long longestPartitionPauseMs(Cause cause) {
        return parts.stream()
                .mapToLong(part -> part.pause.longestMs(cause))
                .max()
                .orElse(0);
    }

    /** How long the broker was away at most, from its kill until it was ready, in ms. */
    long longestAwayMs() {
        return brokerAways.stream().mapToLong(Away::ms).max().orElse(0);
    }

    /** How long at most nobody did any of the records around a kill of the broker, without the time it was away, in ms. */
    long longestPauseBesideAwayMs() {
        return groupPause.longestWithBrokerMs;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(done + " of " + sent + " records done, " + repeats + " again, by "
                + doneBy.size() + " members; longest pauses of the group and of a partition:");
        for (Cause cause : Cause.values()) {
            text.append(" ")
                    .append(cause)
                    .append(" ")
                    .append(longestPauseMs(cause))
                    .append(" and ")
                    .append(longestPartitionPauseMs(cause))
                    .append(" ms");
        }
        return text.append("; the broker was away for ")
                .append(longestAwayMs())
                .append(" ms at most, and the group's longest pause beside that was ")
                .append(longestPauseBesideAwayMs())
                .append(" ms")
                .toString();
    }
}
