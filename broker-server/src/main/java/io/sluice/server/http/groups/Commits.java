package io.sluice.server.http.groups;

import io.sluice.core.Broker;
import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import io.sluice.groups.CommittedOffset;
import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupError;
import io.sluice.groups.GroupShard.Leaving;
import io.sluice.groups.Offsets;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.consumer.Poll;
import io.sluice.server.http.Caller;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.JsonBody;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.Query;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What members and tools say without asking for records: commit and leave. Safe on any event loop. */
final class Commits {
    private final Broker broker;
    private final GroupCoordinator groups;
    private final GroupMetrics metrics;
    private final int maxBodyBytes;
    private final InstantSource clock;

    Commits(Broker broker, GroupCoordinator groups, GroupMetrics metrics, int maxBodyBytes, InstantSource clock) {
        this.broker = broker;
        this.groups = groups;
        this.metrics = metrics;
        this.maxBodyBytes = maxBodyBytes;
        this.clock = clock;
    }

    Future<JsonAnswer> leave(RoutingContext ctx) {
        Query.refuse(ctx);
        String group = Names.group(ctx);
        return JsonBody.read(ctx, maxBodyBytes).compose(fields -> {
            fields.allowOnly("member");
            String member = fields.requiredText("member", Names.MAX_CHARS);
            return JsonAnswer.here(groups.leave(group, List.of(new Leaving(member, ""))))
                    .map(outcomes -> {
                        GroupError outcome = outcomes.get(0);
                        if (outcome == GroupError.NONE) {
                            Caller.of(ctx).left(group, member);
                        }
                        // Whoever leaves twice has left.
                        if (outcome == GroupError.NONE || outcome == GroupError.UNKNOWN_MEMBER) {
                            return JsonAnswer.NOTHING;
                        }
                        throw GroupErrors.problem(outcome, group);
                    });
        });
    }

    Future<JsonAnswer> commit(RoutingContext ctx) {
        Query.refuse(ctx);
        String group = Names.group(ctx);
        return JsonBody.read(ctx, maxBodyBytes).compose(fields -> {
            fields.allowOnly("member", "cursor", "positions");
            if (!fields.has("positions")) {
                return commitCursor(group, fields);
            }
            if (fields.has("member") || fields.has("cursor")) {
                throw JsonFields.invalid(
                        "positions", "are for groups without members: leave out member and cursor, or positions");
            }
            return commitPositions(group, fields);
        });
    }

    private Future<JsonAnswer> commitCursor(String group, JsonFields fields) {
        String member = fields.requiredText("member", Names.MAX_CHARS);
        fields.required("cursor");
        String text = fields.text("cursor", PollCursor.MAX_CHARS).orElseThrow();
        Optional<Poll.Cursor> cursor = PollCursor.decode(group, member, text);
        return JsonAnswer.here(groups.commit(group, member, cursor.orElse(new Poll.Cursor(0, Map.of()))))
                .map(committed -> {
                    if (committed.error() != GroupError.NONE) {
                        throw GroupErrors.problem(committed.error(), group);
                    }
                    JsonArray results = new JsonArray();
                    cursor.ifPresent(of -> of.offsets().entrySet().stream()
                            .sorted(Map.Entry.comparingByKey())
                            .forEach(entry ->
                                    results.add(result(entry.getKey(), entry.getValue(), committed.partitions()))));
                    return answer(group, results);
                });
    }

    private JsonObject result(TopicIdPartition id, long offset, Map<TopicPartition, GroupError> outcomes) {
        Optional<Topic> topic = broker.topic(id.topicId());
        if (topic.isEmpty()) {
            return new JsonObject()
                    .put("topic", null)
                    .put("partition", id.partition())
                    .put("error", new JsonObject().put("code", "unknown_topic"));
        }
        TopicPartition partition = new TopicPartition(topic.get().name(), id.partition());
        // A group of which nothing is known has no members either.
        return result(partition, offset, outcomes.getOrDefault(partition, GroupError.UNKNOWN_MEMBER));
    }

    private static JsonObject result(TopicPartition partition, long offset, GroupError outcome) {
        JsonObject result = Outcomes.of(partition).put("offset", offset);
        return outcome == GroupError.NONE
                ? result.put("ok", true)
                : result.put("error", new JsonObject().put("code", GroupErrors.code(outcome)));
    }

    private JsonAnswer answer(String group, JsonArray results) {
        long refused = results.stream()
                .filter(result -> ((JsonObject) result).containsKey("error"))
                .count();
        metrics.refused(refused);
        if (refused > 0 && refused == results.size()) {
            throw new HttpProblem(
                            409,
                            "commit_refused",
                            "none of the positions was committed in group " + group + "; results says why")
                    .with("results", results);
        }
        return JsonAnswer.of(200, new JsonObject().put("results", results));
    }

    private Future<JsonAnswer> commitPositions(String group, JsonFields fields) {
        Map<TopicPartition, Long> offsets = PositionMap.of(fields.required("positions"), "positions");
        Map<TopicPartition, CommittedOffset> positions = new HashMap<>();
        offsets.forEach((partition, offset) -> {
            Topic topic = PositionMap.requireKnown(broker, partition);
            PositionMap.requireInRange(broker, partition, offset);
            positions.put(partition, new CommittedOffset(topic.id(), offset, -1, "", clock.millis()));
        });
        return JsonAnswer.here(groups.commit(new Offsets.Commit(group, "", "", -1, positions)))
                .map(outcomes -> {
                    JsonArray results = new JsonArray();
                    offsets.forEach((partition, offset) -> {
                        GroupError outcome = outcomes.get(partition);
                        requireNoMembers(outcome, group);
                        results.add(result(partition, offset, outcome));
                    });
                    return answer(group, results);
                });
    }

    /** Only a group with members asks who commits; and whoever cannot be asked answers for all partitions at once. */
    private static void requireNoMembers(GroupError outcome, String group) {
        switch (outcome) {
            case UNKNOWN_MEMBER, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS ->
                throw GroupErrors.problem(GroupError.GROUP_NOT_EMPTY, group);
            case LOADING, UNAVAILABLE, NOT_COORDINATOR -> throw GroupErrors.problem(outcome, group);
            default -> {
                return;
            }
        }
    }
}
