package io.sluice.server.http.restv2;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.sluice.core.Broker;
import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicName;
import io.sluice.server.http.RestProblem;
import java.util.List;
import java.util.Optional;

/**
 * What an instance wants to read: partitions of topics or of a pattern of topics, which its group shares out, or partitions by
 * name, or nothing yet.
 *
 * @param kind which of these
 * @param topics the topics, if they are named
 * @param pattern the pattern, if there is one
 * @param partitions the partitions, if they are named
 */
record Wish(Kind kind, List<String> topics, Optional<Pattern> pattern, List<TopicPartition> partitions) {
    static final Wish NOTHING = new Wish(Kind.NOTHING, List.of(), Optional.empty(), List.of());
    private static final int MAX_PATTERN_CHARS = 4_096;
    private static final int NAME_BYTES = 64;
    private static final int PLACE_BYTES = 256;
    private static final int BYTES_PER_PATTERN_CHAR = 64;

    enum Kind {
        NOTHING,
        TOPICS,
        PATTERN,
        PARTITIONS
    }

    static Wish ofTopics(List<String> topics) {
        return new Wish(Kind.TOPICS, topics.stream().distinct().toList(), Optional.empty(), List.of());
    }

    static Wish ofPartitions(List<TopicPartition> partitions) {
        return new Wish(
                Kind.PARTITIONS,
                List.of(),
                Optional.empty(),
                partitions.stream().distinct().toList());
    }

    /**
     * Topics whose whole name matches.
     *
     * @throws io.sluice.server.http.HttpProblem 422 if the pattern cannot be read
     */
    static Wish ofPattern(String regex) {
        if (regex.length() > MAX_PATTERN_CHARS) {
            throw RestProblem.of(
                    422, "topic_pattern has " + regex.length() + " characters; it may have " + MAX_PATTERN_CHARS + ".");
        }
        try {
            return new Wish(Kind.PATTERN, List.of(), Optional.of(Pattern.compile(regex)), List.of());
        } catch (PatternSyntaxException e) {
            throw RestProblem.of(422, "topic_pattern is not a regular expression of RE2: " + e.getMessage());
        }
    }

    /** How many bytes it takes, and what stands for each of its partitions, about. */
    long bytes() {
        long names =
                topics.stream().mapToLong(name -> NAME_BYTES + name.length()).sum();
        long places = partitions.stream()
                .mapToLong(place -> PLACE_BYTES + place.topic().length())
                .sum();
        return names
                + places
                + pattern.map(one ->
                                (long) BYTES_PER_PATTERN_CHAR * one.pattern().length())
                        .orElse(0L);
    }

    /** Whether the group shares out what is wanted. */
    boolean isShared() {
        return kind == Kind.TOPICS || kind == Kind.PATTERN;
    }

    /** The topics that are wanted now. */
    List<String> topics(Broker broker) {
        return switch (kind) {
            case PATTERN ->
                broker.topics().stream()
                        .map(Topic::name)
                        .filter(name -> !TopicName.isInternal(name)
                                && pattern.orElseThrow().matches(name))
                        .sorted()
                        .toList();
            case PARTITIONS ->
                partitions.stream().map(TopicPartition::topic).distinct().toList();
            default -> topics;
        };
    }
}
