package io.sluice.groups.queue;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a message lies, which is also what it is called.
 *
 * @param partition the partition of the queue's topic
 * @param offset its offset there
 */
public record MessageId(int partition, long offset) {
    private static final Pattern TEXT = Pattern.compile("(0|[1-9][0-9]{0,8})-(0|[1-9][0-9]{0,17})");

    /** The id that a text is; empty if it is none. */
    public static Optional<MessageId> parse(String text) {
        Matcher parts = TEXT.matcher(text);
        return parts.matches()
                ? Optional.of(new MessageId(Integer.parseInt(parts.group(1)), Long.parseLong(parts.group(2))))
                : Optional.empty();
    }

    @Override
    public String toString() {
        return partition + "-" + offset;
    }
}
