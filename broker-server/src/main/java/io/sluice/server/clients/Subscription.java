package io.sluice.server.clients;

import java.util.List;

/**
 * What a client reads of its own accord, as a member of a group or as a consumer of a queue, as far as it has said so.
 *
 * @param queue the queue, or empty
 * @param group the group, or empty
 * @param member the member of the group or the consumer of the queue that the client is, or empty
 * @param topics the topics, at most {@link #MAX_TOPICS} of them
 * @param filters the filters that a record must pass, as the client wrote them
 */
public record Subscription(String queue, String group, String member, List<String> topics, List<String> filters) {
    /** How many topics are remembered. */
    public static final int MAX_TOPICS = 100;

    public Subscription {
        topics = topics.stream().limit(MAX_TOPICS).toList();
        filters = List.copyOf(filters);
    }

    /** To topics, of a group or of none. */
    public Subscription(String group, String member, List<String> topics, List<String> filters) {
        this("", group, member, topics, filters);
    }

    /** To a queue. */
    public static Subscription ofQueue(String queue, String consumer) {
        return new Subscription(queue, "", consumer, List.of(queue), List.of());
    }

    /** Whether it is to these topics, as far as they are remembered, with these filters. */
    boolean asks(List<String> otherTopics, List<String> otherFilters) {
        return topics.equals(otherTopics.subList(0, Math.min(otherTopics.size(), MAX_TOPICS)))
                && filters.equals(otherFilters);
    }

    boolean is(String otherGroup, String otherMember) {
        return queue.isEmpty() && group.equals(otherGroup) && member.equals(otherMember);
    }
}
