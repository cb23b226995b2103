package io.sluice.server.http.groups;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.Topic;
import io.sluice.groups.CommittedOffset;
import io.sluice.groups.GroupState;
import io.sluice.groups.GroupView;
import io.sluice.groups.Notice;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.classic.ConsumerProtocol;
import io.sluice.groups.classic.Generation.SettledMember;
import io.sluice.groups.consumer.ConsumerMember;
import io.sluice.groups.consumer.MemberState;
import io.sluice.server.http.HttpErrors;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Groups as JSON. Safe on any thread. */
final class GroupDocuments {
    private static final Comparator<TopicPartition> BY_NAME =
            Comparator.comparing(TopicPartition::topic).thenComparing(TopicPartition::partition);

    private final Broker broker;

    GroupDocuments(Broker broker) {
        this.broker = broker;
    }

    static JsonObject summary(GroupView group) {
        return new JsonObject()
                .put("id", group.id())
                .put("type", group.type().title())
                .put("state", group.state().name().toLowerCase(Locale.ROOT))
                .put("members", group.members().size() + group.consumers().size());
    }

    JsonObject description(
            GroupView group, Map<TopicPartition, CommittedOffset> positions, List<Notice> notices, long nowMs) {
        JsonArray members = new JsonArray();
        Map<TopicPartition, String> owners = new TreeMap<>(BY_NAME);
        for (ConsumerMember member : group.consumers()) {
            List<TopicPartition> assigned =
                    named(member.state().standing().assigned().keySet());
            assigned.forEach(partition -> owners.put(partition, member.state().id()));
            List<TopicPartition> givesBack =
                    named(member.state().standing().revoking().keySet());
            givesBack.forEach(partition -> owners.put(partition, member.state().id()));
            members.add(member(member, assigned, givesBack, nowMs));
        }
        for (SettledMember member : group.members()) {
            List<TopicPartition> assigned = assigned(group, member);
            assigned.forEach(partition -> owners.put(partition, member.id()));
            members.add(member(group, member, assigned));
        }
        Map<TopicPartition, Optional<CommittedOffset>> all = new TreeMap<>(BY_NAME);
        owners.keySet().forEach(partition -> all.put(partition, Optional.empty()));
        positions.forEach((partition, position) -> all.put(partition, Optional.of(position)));
        JsonArray places = new JsonArray();
        all.forEach((partition, position) ->
                places.add(position(partition, position, Optional.ofNullable(owners.get(partition)))));
        JsonObject document = summary(group)
                .put("generation", group.generation())
                .put("protocol_type", group.protocolType())
                .put("assignor", group.protocol())
                .put("members", members)
                .put("positions", places);
        if (!notices.isEmpty()) {
            document.put("notices", notices(notices));
        }
        return document;
    }

    private static JsonArray notices(List<Notice> notices) {
        JsonArray all = new JsonArray();
        notices.forEach(notice -> all.add(Outcomes.of(notice.partition())
                .put("offset", notice.offset())
                .put("reason", notice.reason().code())
                .put("records", notice.records())
                .put("at", notice.atMs())));
        return all;
    }

    private static JsonObject member(
            ConsumerMember member, List<TopicPartition> assigned, List<TopicPartition> givesBack, long nowMs) {
        MemberState state = member.state();
        JsonObject document = new JsonObject()
                .put("id", state.id())
                .put("protocol", state.kind().name().toLowerCase(Locale.ROOT))
                .put("client_id", state.client().clientId())
                .put("host", state.client().clientHost());
        putUnlessEmpty(document, "instance_id", state.client().instanceId());
        document.put("topics", new JsonArray(state.subscription().topics()));
        putUnlessEmpty(document, "topic_pattern", state.subscription().regex());
        document.put("assignment", places(assigned));
        if (!givesBack.isEmpty()) {
            document.put("giving_back", places(givesBack));
        }
        document.put("epoch", state.standing().epoch())
                .put("session_timeout_ms", state.client().sessionTimeoutMs())
                .put("last_heard_ms", Math.max(0, nowMs - member.lastHeardMs()));
        if (member.heldRecords() > 0) {
            document.put("held_records", member.heldRecords()).put("held_since", member.heldSinceMs());
        }
        return document;
    }

    private static JsonObject member(GroupView group, SettledMember member, List<TopicPartition> assigned) {
        JsonObject document = new JsonObject()
                .put("id", member.id())
                .put("protocol", "classic")
                .put("client_id", member.clientId())
                .put("host", member.clientHost());
        putUnlessEmpty(document, "instance_id", member.instanceId());
        return document.put("topics", new JsonArray(topics(group, member)))
                .put("assignment", places(assigned))
                .put("session_timeout_ms", member.sessionTimeoutMs());
    }

    private static void putUnlessEmpty(JsonObject document, String name, String text) {
        if (!text.isEmpty()) {
            document.put(name, text);
        }
    }

    /** The topics that a member of the classic protocol wants, if it is a consumer and says so readably. */
    static List<String> topics(GroupView group, SettledMember member) {
        if (!group.protocolType().equals("consumer") || member.subscription().length == 0) {
            return List.of();
        }
        try {
            return ConsumerProtocol.subscription(member.subscription()).topics();
        } catch (IllegalArgumentException e) {
            // What clients write there is their own affair.
            return List.of();
        }
    }

    /** The partitions that a member of the classic protocol has, as far as can be read. */
    static List<TopicPartition> assigned(GroupView group, SettledMember member) {
        List<TopicPartition> all = new ArrayList<>();
        if (group.protocolType().equals("consumer")
                && group.state() == GroupState.STABLE
                && member.assignment().length > 0) {
            try {
                ConsumerProtocol.assignment(member.assignment())
                        .forEach((topic, partitions) ->
                                partitions.forEach(partition -> all.add(new TopicPartition(topic, partition))));
            } catch (IllegalArgumentException e) {
                return List.of();
            }
        }
        return all;
    }

    /** Partitions by the names that their topics have; those of topics that are no more have none. */
    List<TopicPartition> named(Collection<TopicIdPartition> partitions) {
        List<TopicPartition> all = new ArrayList<>();
        for (TopicIdPartition partition : partitions) {
            broker.topic(partition.topicId())
                    .map(Topic::name)
                    .ifPresent(name -> all.add(new TopicPartition(name, partition.partition())));
        }
        return all;
    }

    private static JsonArray places(List<TopicPartition> partitions) {
        JsonArray all = new JsonArray();
        partitions.stream().sorted(BY_NAME).forEach(partition -> all.add(Outcomes.of(partition)));
        return all;
    }

    private JsonObject position(TopicPartition partition, Optional<CommittedOffset> position, Optional<String> owner) {
        JsonObject document = Outcomes.of(partition)
                .put("offset", position.map(CommittedOffset::offset).orElse(null));
        position.ifPresent(at -> document.put("committed_at", at.committedAtMs()));
        position.map(CommittedOffset::metadata).ifPresent(text -> putUnlessEmpty(document, "metadata", text));
        try {
            PartitionLog log = broker.partition(partition);
            long first = log.logStartOffset();
            long end = log.highWatermark();
            document.put("log_start_offset", first).put("high_watermark", end);
            long from = position.map(CommittedOffset::offset).orElse(first);
            document.put("lag", Math.max(0, end - Math.max(first, from)));
            if (from < first) {
                document.put("data_gone", true);
            }
        } catch (BrokerException e) {
            document.put(
                    "error", new JsonObject().put("code", HttpErrors.problem(e).code()));
        }
        owner.ifPresent(member -> document.put("owner", member));
        return document;
    }

    /** Offsets by topic and partition, as {@code seek} takes them. */
    static JsonObject offsets(Map<TopicPartition, CommittedOffset> positions) {
        JsonObject topics = new JsonObject();
        Map<TopicPartition, CommittedOffset> sorted = new TreeMap<>(BY_NAME);
        sorted.putAll(positions);
        sorted.forEach((partition, position) -> {
            if (!topics.containsKey(partition.topic())) {
                topics.put(partition.topic(), new JsonObject());
            }
            topics.getJsonObject(partition.topic()).put(Integer.toString(partition.partition()), position.offset());
        });
        return topics;
    }
}
