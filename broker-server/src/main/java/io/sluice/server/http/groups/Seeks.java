package io.sluice.server.http.groups;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.Broker;
import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicName;
import io.sluice.groups.CommittedOffset;
import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupError;
import io.sluice.groups.GroupView;
import io.sluice.groups.classic.Generation.SettledMember;
import io.sluice.groups.consumer.ConsumerMember;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.JsonBody;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.Query;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Moves running groups to other positions. Safe on any event loop. */
final class Seeks {
    private static final int MAX_TOPICS = 1_000;

    private final Broker broker;
    private final GroupCoordinator groups;
    private final GroupDocuments documents;
    private final int maxBodyBytes;
    private final InstantSource clock;

    Seeks(Broker broker, GroupCoordinator groups, int maxBodyBytes, InstantSource clock) {
        this.broker = broker;
        this.groups = groups;
        this.documents = new GroupDocuments(broker);
        this.maxBodyBytes = maxBodyBytes;
        this.clock = clock;
    }

    Future<JsonAnswer> seek(RoutingContext ctx) {
        Query.refuse(ctx);
        String group = Names.group(ctx);
        return JsonBody.read(ctx, maxBodyBytes).compose(fields -> {
            fields.allowOnly("to", "topics", "partitions");
            SeekTarget target = SeekTarget.of(fields.required("to"), clock.millis());
            return GroupAdmin.positions(groups, group)
                    .compose(before -> whichPartitions(group, fields, target, before)
                            .compose(this::checked)
                            .compose(partitions -> offsets(target, partitions))
                            .compose(to -> JsonAnswer.here(groups.seek(group, to, Map.of()))
                                    .map(moved -> JsonAnswer.of(200, GroupAdmin.moved(group, moved, to, before)))));
        });
    }

    private Future<Set<TopicPartition>> whichPartitions(
            String group, JsonFields fields, SeekTarget target, Map<TopicPartition, CommittedOffset> before) {
        boolean named = fields.has("topics") || fields.has("partitions");
        if (target.kind() == SeekTarget.Kind.OFFSETS) {
            if (named) {
                throw JsonFields.invalid("to", "names partitions itself: leave out topics and partitions");
            }
            return Future.succeededFuture(target.offsets().keySet());
        }
        if (named) {
            Set<TopicPartition> partitions = new LinkedHashSet<>();
            for (String topic : fields.list("topics", MAX_TOPICS)) {
                TopicName.requireForUsers(topic);
                addAll(broker.requireTopic(topic), partitions);
            }
            if (fields.has("partitions")) {
                partitions.addAll(named(fields.required("partitions")));
            }
            return Future.succeededFuture(partitions);
        }
        return JsonAnswer.here(groups.describe(group)).map(view -> {
            if (view.error() != GroupError.NONE) {
                throw GroupErrors.problem(view.error(), group);
            }
            Set<TopicPartition> partitions = new LinkedHashSet<>(before.keySet());
            partitions.addAll(wanted(view));
            return partitions;
        });
    }

    private static void addAll(Topic topic, Set<TopicPartition> partitions) {
        for (int i = 0; i < topic.partitions(); i++) {
            partitions.add(new TopicPartition(topic.name(), i));
        }
    }

    private static List<TopicPartition> named(JsonNode node) {
        if (!node.isObject() || node.isEmpty()) {
            throw JsonFields.invalid("partitions", "must be an object of topics: {\"topic\": [0, 1]}");
        }
        List<TopicPartition> partitions = new ArrayList<>();
        node.properties().forEach(topic -> {
            String where = "partitions." + topic.getKey();
            if (!topic.getValue().isArray()) {
                throw JsonFields.invalid(where, "must be a list of partitions");
            }
            for (JsonNode number : topic.getValue()) {
                if (!number.isIntegralNumber() || !number.canConvertToInt() || number.intValue() < 0) {
                    throw JsonFields.invalid(where, "must be a list of whole numbers from 0");
                }
                partitions.add(new TopicPartition(topic.getKey(), number.intValue()));
            }
        });
        return partitions;
    }

    /** What members of a group have, or want by name. */
    private Set<TopicPartition> wanted(GroupView view) {
        Set<TopicPartition> partitions = new LinkedHashSet<>();
        Set<String> topics = new LinkedHashSet<>();
        for (ConsumerMember member : view.consumers()) {
            topics.addAll(member.state().subscription().topics());
            partitions.addAll(
                    documents.named(member.state().standing().assigned().keySet()));
        }
        for (SettledMember member : view.members()) {
            topics.addAll(GroupDocuments.topics(view, member));
            partitions.addAll(GroupDocuments.assigned(view, member));
        }
        topics.stream()
                .filter(topic -> !TopicName.isInternal(topic))
                .map(broker::topic)
                .flatMap(Optional::stream)
                .forEach(topic -> addAll(topic, partitions));
        // Who assigns among themselves may have what is not there any more.
        partitions.removeIf(partition -> broker.topic(partition.topic())
                .filter(topic -> partition.partition() < topic.partitions())
                .isEmpty());
        return partitions;
    }

    private Future<Set<TopicPartition>> checked(Set<TopicPartition> partitions) {
        if (partitions.size() > PositionMap.MAX_POSITIONS) {
            throw JsonFields.invalid(
                    "to",
                    "would move " + partitions.size() + " positions; at most " + PositionMap.MAX_POSITIONS
                            + " are moved at once: name topics or partitions");
        }
        partitions.forEach(partition -> PositionMap.requireKnown(broker, partition));
        return Future.succeededFuture(partitions);
    }

    private Future<Map<TopicPartition, CommittedOffset>> offsets(SeekTarget target, Set<TopicPartition> partitions) {
        Map<TopicPartition, CommittedOffset> to = new HashMap<>();
        List<Future<Long>> all = new ArrayList<>();
        for (TopicPartition partition : partitions) {
            Topic topic = broker.requireTopic(partition.topic());
            Future<Long> offset;
            if (target.kind() == SeekTarget.Kind.OFFSETS) {
                PositionMap.requireInRange(broker, partition, target.offsets().get(partition));
                offset = Future.succeededFuture(target.offsets().get(partition));
            } else {
                offset = target.in(broker.partition(partition));
            }
            all.add(offset.onSuccess(
                    found -> to.put(partition, new CommittedOffset(topic.id(), found, -1, "", clock.millis()))));
        }
        return Future.all(all).map(done -> to);
    }
}
