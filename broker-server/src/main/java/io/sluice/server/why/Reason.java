package io.sluice.server.why;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/**
 * One reason why something does not move, or what it does instead.
 *
 * @param code which
 * @param message a sentence for people
 * @param sinceMs since when, in ms since the epoch, if that is known
 * @param culprit whom or what it is about: some of {@code partition}, {@code topic}, {@code member}, {@code client}, {@code setting},
 *     {@code consumers}, {@code messages}
 * @param details numbers behind the sentence
 * @param isWrong whether somebody should do something about it
 */
public record Reason(
        Code code,
        String message,
        OptionalLong sinceMs,
        Map<String, Object> culprit,
        Map<String, Object> details,
        boolean isWrong) {
    public Reason {
        culprit = Map.copyOf(culprit);
        details = Map.copyOf(details);
    }

    Reason(Code code, String message, OptionalLong sinceMs) {
        this(code, message, sinceMs, Map.of(), Map.of(), code.wrong);
    }

    /** As this one, naming one more that it is about. */
    Reason culprit(String kind, Object name) {
        return new Reason(code, message, sinceMs, with(culprit, kind, name), details, isWrong);
    }

    /** As this one, with one more number. */
    Reason detail(String name, Object value) {
        return new Reason(code, message, sinceMs, culprit, with(details, name, value), isWrong);
    }

    /** As this one, which passes by itself. */
    Reason harmless() {
        return new Reason(code, message, sinceMs, culprit, details, false);
    }

    private static Map<String, Object> with(Map<String, Object> some, String name, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(some);
        more.put(name, value);
        return more;
    }

    /** The reasons there are, in the order in which they are told: first those that are wrong, then the others. */
    public enum Code {
        /** Of a topic: none of its partitions can be read. */
        NO_READABLE_PARTITIONS(true),
        /** A partition is closed until somebody acts. */
        PARTITION_OFFLINE(true),
        /** A topic that is to be read is not there. */
        TOPIC_MISSING(true),
        /** Nobody reads. */
        NO_MEMBERS(true),
        /** A member has not done yet what all others wait for. */
        REBALANCE_WAITING(true),
        /** The position is outside of the log. */
        POSITION_OUT_OF_RANGE(true),
        /** Records that a member was given are not committed. */
        RECORD_IN_FLIGHT(true),
        /** A member has not asked for records for some time. */
        MEMBERS_IDLE(true),
        /** Nothing passes what a member has asked to be left out. */
        FILTER_EXCLUDES_EVERYTHING(true),
        /** More comes than is read. */
        LAG_GROWING(true),
        /** The position stays, though there is something to read. */
        NOT_COMMITTING(true),
        /** Of a queue: its state is being read. */
        QUEUE_LOADING(true),
        /** Of a queue: a part of its log cannot be read. */
        LOG_UNREADABLE(true),
        /** Of a queue: somebody has paused it. */
        QUEUE_PAUSED(true),
        /** Of a queue: messages could be received, and nobody asks for them. */
        NO_CONSUMERS(true),
        /** Of a queue: as many messages are under way as may be. */
        IN_FLIGHT_LIMIT(true),
        /** Of a queue: what has been delivered and is not finished takes all the memory there is for it. */
        MEMORY_FULL(true),
        /** A message of the same key has to be finished first. */
        KEY_BLOCKED(true),
        /** Somebody has set messages of a key aside. */
        KEY_PARKED(true),
        /** Of a queue: many deliveries come to nothing. */
        CONSUMERS_FAILING(true),
        /** Messages become too old before anybody takes them. */
        MESSAGES_EXPIRE(true),
        /** Dead messages do not get to their queue. */
        DEAD_LETTERS_WAIT(true),
        /** Of a queue: no more messages are taken. */
        QUEUE_FULL(true),
        /** Writes are refused: the disk is low. */
        DISK_LOW(true),
        /** Requests are refused, or were a moment ago: a queue is full. */
        OVERLOADED(true),
        /** Consumers have the message, or all that there are. */
        LEASED(false),
        /** The message is not due, or none of them is. */
        DELAYED(false),
        /** A message will be delivered when it is its turn. */
        WAITING(false),
        /** Of a queue: messages are done. */
        WORKING(false),
        /** The message is finished, or all are. */
        FINISHED(false),
        /** Nothing is written. */
        NO_TRAFFIC(false),
        /** Records are written. */
        MOVING(false),
        /** A topic that nobody who is connected reads. */
        NO_READERS(false),
        /** A member has nothing to read: there are fewer partitions than members. */
        MEMBER_WITHOUT_PARTITIONS(false),
        /** The reader gets on, and comes nearer to the end. */
        CATCHING_UP(false),
        /** Everything has been read. */
        AT_THE_END(false);

        /** Whether somebody should do something about it, unless that is known better of one. */
        private final boolean wrong;

        Code(boolean wrong) {
            this.wrong = wrong;
        }

        /** Its stable name. */
        public String title() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
