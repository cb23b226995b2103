package io.sluice.groups.consumer;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.Optional;

/** A pattern of topic names, in RE2's syntax: it takes time in proportion to the name, whatever the pattern is. */
final class TopicPattern {
    private static final int MAX_LENGTH = 4_096;

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
        try {
            Pattern.compile(regex);
            return Optional.empty();
        } catch (PatternSyntaxException e) {
            return Optional.of("SubscribedTopicRegex `" + regex + "` is not a valid regular expression: "
                    + e.getDescription() + ".");
        }
    }

    static TopicPattern of(String regex) {
        return new TopicPattern(Pattern.compile(regex));
    }

    boolean matches(String topic) {
        return pattern.matches(topic);
    }
}
