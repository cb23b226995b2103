package io.sluice.server.http.push;

import io.sluice.core.Broker;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicName;
import io.sluice.groups.GroupLimits;
import io.sluice.server.http.Query;
import io.sluice.server.http.filter.RecordFilter;
import io.sluice.server.http.records.Values;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;
import java.util.Set;

/**
 * What a stream of events is to be of.
 *
 * @param topic the topic
 * @param from where it begins; for a group, what the client has seen, and where to begin where the group has never been
 * @param filter which records are wanted
 * @param values how keys, values and headers are shown
 * @param group the group whose member the client is to be
 * @param member its name in the group; given one if it has none
 * @param sessionTimeoutMs how long the broker may be away before others take over the member's partitions
 * @param heartbeatMs how long the stream is silent before a sign of life is sent
 */
record EventsRequest(
        Topic topic,
        From from,
        RecordFilter filter,
        Values values,
        Optional<String> group,
        Optional<String> member,
        int sessionTimeoutMs,
        long heartbeatMs) {
    static final int MAX_NAME_CHARS = 255;
    static final int SESSION_TIMEOUT_MS = 45_000;
    private static final Set<String> PARAMETERS =
            Set.of("from", "last_event_id", "filter", "values", "group", "member", "heartbeat_ms");

    /**
     * Reads a request.
     *
     * @throws io.sluice.server.http.HttpProblem 400 or 404, naming the parameter
     */
    static EventsRequest of(RoutingContext ctx, Broker broker, PushLimits limits, GroupLimits groups, long nowMs) {
        Query query = Query.of(ctx, PARAMETERS, Set.of("filter"));
        String name = ctx.pathParam("topic");
        Optional<String> group = name(query, "group");
        if (group.isPresent()) {
            // A group of the broker's own records would write some itself.
            TopicName.requireForUsers(name);
        } else {
            TopicName.requireValid(name);
        }
        Topic topic = broker.requireTopic(name);
        Optional<String> member = name(query, "member");
        if (member.isPresent() && group.isEmpty()) {
            throw Query.invalid("member", "is one of a group: say which");
        }
        Optional<String> header = Optional.ofNullable(ctx.request().getHeader("Last-Event-ID"));
        // Whoever comes back to an address that says where to begin has begun already.
        Optional<String> seen = header.or(() -> query.text("last_event_id")).filter(id -> !id.isEmpty());
        From from;
        if (seen.isPresent()) {
            from = From.cursor(seen.get());
        } else {
            from = query.text("from")
                    .map(text -> From.of(text, nowMs))
                    .orElse(group.isPresent() ? From.EARLIEST : From.LATEST);
        }
        if (group.isPresent() && from.kind() == From.Kind.TIME) {
            throw Query.invalid("from", "must be earliest, latest or a cursor for a group; seek moves it elsewhere");
        }
        return new EventsRequest(
                topic,
                from,
                RecordFilter.parse(query.texts("filter")),
                Values.parse(query.text("values").orElse("")),
                group,
                member,
                sessionTimeoutMs(groups),
                query.number(
                        "heartbeat_ms",
                        limits.heartbeatMs(),
                        PushLimits.MIN_HEARTBEAT_MS,
                        PushLimits.MAX_HEARTBEAT_MS));
    }

    static int sessionTimeoutMs(GroupLimits groups) {
        return Math.max(groups.minSessionTimeoutMs(), Math.min(SESSION_TIMEOUT_MS, groups.maxSessionTimeoutMs()));
    }

    private static Optional<String> name(Query query, String parameter) {
        Optional<String> name = query.text(parameter);
        name.ifPresent(text -> {
            if (text.isEmpty() || text.length() > MAX_NAME_CHARS) {
                throw Query.invalid(
                        parameter, "has " + text.length() + " characters; it may have 1 to " + MAX_NAME_CHARS);
            }
        });
        return name;
    }
}
