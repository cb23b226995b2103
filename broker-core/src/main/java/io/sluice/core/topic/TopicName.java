package io.sluice.core.topic;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import java.util.Set;

/** What a topic may be called: Kafka's rules. */
public final class TopicName {
    /** With a dash and a partition number of five digits it still fits the name of a folder. */
    public static final int MAX_CHARS = 249;

    private static final Set<String> INTERNAL = Set.of(
            "__topics",
            "__groups",
            "__alerts",
            // Kafka's own, which its tools leave alone and clients do not expect to write.
            "__consumer_offsets",
            "__transaction_state",
            "__share_group_state",
            "__cluster_metadata");

    private static final String INTERNAL_PREFIX = "__queues";

    private TopicName() {}

    /** Whether a topic of that name belongs to the broker itself. Other names with underscores in front are anybody's. */
    public static boolean isInternal(String name) {
        return INTERNAL.contains(name) || name.startsWith(INTERNAL_PREFIX);
    }

    /**
     * Refuses names that no user's topic may have.
     *
     * @throws BrokerException INVALID_TOPIC, which says what is wrong with it
     */
    public static void requireForUsers(String name) {
        requireValid(name);
        if (isInternal(name)) {
            throw invalid("topic name " + name + " is kept for the broker's own topics");
        }
    }

    /**
     * Refuses names that no topic of the broker's own may have: it would be anybody's.
     *
     * @throws BrokerException INVALID_TOPIC, which says what is wrong with it
     */
    static void requireInternal(String name) {
        requireValid(name);
        if (!isInternal(name)) {
            throw invalid("topic name " + name + " is none of the broker's own topics");
        }
    }

    /**
     * Refuses names that no topic may have.
     *
     * @throws BrokerException INVALID_TOPIC, which says what is wrong with it
     */
    public static void requireValid(String name) {
        if (name.isEmpty()) {
            throw invalid("a topic name must not be empty");
        }
        if (name.length() > MAX_CHARS) {
            throw invalid("a topic name has " + name.length() + " characters, at most " + MAX_CHARS + " are allowed");
        }
        for (int i = 0; i < name.length(); i++) {
            if (!allowed(name.charAt(i))) {
                throw invalid("the topic name has " + shown(name.charAt(i)) + " at position " + i
                        + "; only a-z, A-Z, 0-9, '.', '_' and '-' are allowed");
            }
        }
        if (name.equals(".") || name.equals("..")) {
            throw invalid("a topic name must not be \"" + name + "\"");
        }
    }

    /**
     * What is the same for names that may not exist side by side: metrics in many systems cannot tell '.' from '_', so
     * {@code a.b} and {@code a_b} collide.
     */
    static String unified(String name) {
        return name.replace('.', '_');
    }

    private static boolean allowed(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-';
    }

    private static String shown(char c) {
        return c > ' ' && c < 0x7f ? "'" + c + "'" : String.format("character U+%04X", (int) c);
    }

    private static BrokerException invalid(String message) {
        return new BrokerException(ErrorCode.INVALID_TOPIC, message);
    }
}
