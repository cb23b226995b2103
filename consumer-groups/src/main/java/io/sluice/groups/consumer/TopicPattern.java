package io.sluice.groups.consumer;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.Optional;
import java.util.regex.Matcher;

/** A pattern of topic names, in RE2's syntax: it takes time in proportion to the name, whatever the pattern is. */
final class TopicPattern {
    private static final int MAX_LENGTH = 4_096;
    /** How long a pattern may be once its repetitions are written out, as the library does: {@code ((a{99}){99}){99}} is long. */
    private static final long MAX_UNROLLED = 10_000;

    private static final java.util.regex.Pattern COUNT = java.util.regex.Pattern.compile("\\{(\\d+)(?:,(\\d*))?}");

    private final Pattern pattern;

    private TopicPattern(Pattern pattern) {
        this.pattern = pattern;
    }

    /** What is wrong with a pattern, if anything is. */
    static Optional<String> fault(String regex) {
        if (regex.length() > MAX_LENGTH) {
            return Optional.of(
                    "SubscribedTopicRegex has " + regex.length() + " characters, " + MAX_LENGTH + " is the limit.");
        }
        if (unrolledLength(regex) > MAX_UNROLLED) {
            return Optional.of("SubscribedTopicRegex `" + regex + "` repeats too much: written out it has more than "
                    + MAX_UNROLLED + " characters.");
        }
        try {
            Pattern.compile(regex);
            return Optional.empty();
        } catch (PatternSyntaxException e) {
            return Optional.of("SubscribedTopicRegex `" + regex + "` is not a valid regular expression: "
                    + e.getDescription() + ".");
        }
    }

    /** How long a pattern is at most once its repetitions are written out. */
    private static long unrolledLength(String regex) {
        long length = regex.length();
        long factor = 1;
        Matcher counts = COUNT.matcher(regex);
        // An empty quotation may stand between a group and its count.
        boolean quotes = regex.contains("\\Q");
        while (counts.find()) {
            long count = Math.max(count(counts.group(1)), count(counts.group(2)));
            if (quotes || counts.start() > 0 && regex.charAt(counts.start() - 1) == ')') {
                // Groups may be in each other.
                factor = Math.min(MAX_UNROLLED, factor * Math.max(1, count));
            } else {
                length += count;
            }
        }
        return Math.multiplyExact(length, factor);
    }

    private static long count(String digits) {
        if (digits == null || digits.isEmpty()) {
            return 1;
        }
        return digits.length() > 5 ? MAX_UNROLLED : Math.min(MAX_UNROLLED, Long.parseLong(digits));
    }

    static TopicPattern of(String regex) {
        return new TopicPattern(Pattern.compile(regex));
    }

    boolean matches(String topic) {
        return pattern.matches(topic);
    }
}
