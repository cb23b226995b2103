package io.sluice.server.http;

import io.sluice.core.topic.Topic;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;

/**
 * One thing in which a topic is not what a client wants it to be.
 *
 * @param what {@code partitions}, or the name of a setting
 * @param has what the topic has; empty if it follows the default
 * @param wanted what the client wants; empty if it wants the default
 */
record TopicDifference(String what, Optional<String> has, Optional<String> wanted) {
    /**
     * All differences. A partition count that the client leaves open differs from nothing.
     *
     * @param config the settings that the topic shall have of its own, in their canonical text: all of them
     */
    static List<TopicDifference> between(Topic topic, OptionalInt partitions, Map<String, String> config) {
        List<TopicDifference> differences = new ArrayList<>();
        if (partitions.isPresent() && partitions.getAsInt() != topic.partitions()) {
            differences.add(new TopicDifference(
                    "partitions",
                    Optional.of(Integer.toString(topic.partitions())),
                    Optional.of(Integer.toString(partitions.getAsInt()))));
        }
        Map<String, String> overrides = topic.config().overrides();
        TreeSet<String> names = new TreeSet<>(overrides.keySet());
        names.addAll(config.keySet());
        for (String name : names) {
            Optional<String> has = Optional.ofNullable(overrides.get(name));
            Optional<String> wanted = Optional.ofNullable(config.get(name));
            if (!has.equals(wanted)) {
                differences.add(new TopicDifference(name, has, wanted));
            }
        }
        return differences;
    }

    /** The differences as the answer to a client that wanted to create the topic. */
    static HttpProblem problem(Topic topic, List<TopicDifference> differences) {
        List<String> sentences = new ArrayList<>();
        List<Map<String, Object>> members = new ArrayList<>();
        for (TopicDifference difference : differences) {
            String has = difference.has().orElse("the default");
            String wanted = difference.wanted().orElse("the default");
            sentences.add(difference.what() + " is " + has + " and not " + wanted);
            members.add(Map.of("field", difference.what(), "has", has, "wanted", wanted));
        }
        return new HttpProblem(
                        409, "topic_exists", "topic " + topic.name() + " exists: " + String.join("; ", sentences))
                .with("differences", members);
    }
}
