package io.sluice.server.http.groups;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.Topic;
import io.sluice.groups.CommittedOffset;
import io.sluice.groups.GroupState;
import io.sluice.groups.GroupSummary;
import io.sluice.groups.GroupView;
import io.sluice.groups.Notice;
import io.sluice.groups.Rebalance;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.classic.ConsumerProtocol;
import io.sluice.groups.classic.Generation.SettledMember;
import io.sluice.groups.consumer.ConsumerMember;
import io.sluice.groups.consumer.MemberState;
import io.sluice.server.clients.Client;
import io.sluice.server.clients.ClientRegistry.Membership;
import io.sluice.server.http.HttpErrors;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
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

    static JsonObject summary(GroupSummary group) {
        return summary(group.id(), group.type(), group.state()).put("members", group.members());
    }

    private static JsonObject summary(String id, GroupView.Type type, GroupState state) {
        return new JsonObject()
                .put("id", id)
                .put("type", type.title())
                .put("state", state.name().toLowerCase(Locale.ROOT));
    }

    /**
     * What there is to be told of a group.
     *
     * @param view its members
     * @param positions its positions
     * @param notices what has happened to its positions of itself
     * @param connections the connections by which its members speak
     * @param waitingSince since when the records wait at which the group stands, in ms since the epoch, as far as is known
     * @param nowMs the time
     */
    record Facts(
            GroupView view,
            Map<TopicPartition, CommittedOffset> positions,
            List<Notice> notices,
            Map<String, Membership> connections,
            Map<TopicPartition, Long> waitingSince,
            long nowMs) {}

    /** The partitions of each member, by its id; also those that it has not given back yet. */
    Map<String, List<TopicPartition>> holdings(GroupView group) {
        Map<String, List<TopicPartition>> all = new HashMap<>();
        for (ConsumerMember member : group.consumers()) {
            List<TopicPartition> some =
                    named(member.state().standing().assigned().keySet());
            some.addAll(named(member.state().standing().revoking().keySet()));
            all.put(member.state().id(), some);
        }
        for (SettledMember member : group.members()) {
            all.put(member.id(), assigned(group, member));
        }
        return all;
    }

    /** Where a group stands in each partition that it has a position in, or a member for. */
    Map<TopicPartition, Optional<CommittedOffset>> standings(
            Map<String, List<TopicPartition>> holdings, Map<TopicPartition, CommittedOffset> positions) {
        Map<TopicPartition, Optional<CommittedOffset>> all = new TreeMap<>(BY_NAME);
        holdings.values().forEach(some -> some.forEach(partition -> all.put(partition, Optional.empty())));
        positions.forEach((partition, position) -> all.put(partition, Optional.of(position)));
        return all;
    }

    /** The first offset that the group has not done, of each partition in which there is one. */
    Map<TopicPartition, Long> undone(GroupView view, Map<TopicPartition, CommittedOffset> positions) {
        Map<TopicPartition, Long> undone = new LinkedHashMap<>();
        standings(holdings(view), positions).forEach((partition, position) -> {
            try {
                PartitionLog log = broker.partition(partition);
                long first = log.logStartOffset();
                long from =
                        Math.max(first, position.map(CommittedOffset::offset).orElse(first));
                if (from < log.highWatermark()) {
                    undone.put(partition, from);
                }
            } catch (BrokerException e) {
                // Its document says so.
            }
        });
        return undone;
    }

    JsonObject description(Facts facts) {
        GroupView group = facts.view();
        Map<String, List<TopicPartition>> holdings = holdings(group);
        Map<TopicPartition, String> owners = new HashMap<>();
        holdings.forEach((member, some) -> some.forEach(partition -> owners.put(partition, member)));
        Map<TopicPartition, JsonObject> places = new LinkedHashMap<>();
        standings(holdings, facts.positions())
                .forEach((partition, position) -> places.put(
                        partition, position(partition, position, Optional.ofNullable(owners.get(partition)), facts)));
        JsonArray members = new JsonArray();
        for (ConsumerMember member : group.consumers()) {
            String id = member.state().id();
            JsonObject document = member(
                    member,
                    named(member.state().standing().assigned().keySet()),
                    named(member.state().standing().revoking().keySet()),
                    facts.nowMs());
            members.add(withWork(document, id, holdings.get(id), places, facts));
        }
        for (SettledMember member : group.members()) {
            List<TopicPartition> assigned = holdings.get(member.id());
            members.add(withWork(member(group, member, assigned), member.id(), assigned, places, facts));
        }
        JsonObject document = summary(group.id(), group.type(), group.state())
                .put("generation", group.generation())
                .put("protocol_type", group.protocolType())
                .put("assignor", group.protocol())
                .put("members", members)
                .put("positions", new JsonArray(List.copyOf(places.values())))
                .put("rebalances", rebalances(group.rebalances()));
        if (!facts.notices().isEmpty()) {
            document.put("notices", notices(facts.notices()));
        }
        return document;
    }

    /** Adds how a member is getting on, and by which connection it speaks. */
    private static JsonObject withWork(
            JsonObject document,
            String id,
            List<TopicPartition> assigned,
            Map<TopicPartition, JsonObject> places,
            Facts facts) {
        long lag = 0;
        long lagMs = -1;
        long committedAtMs = -1;
        for (TopicPartition partition : assigned) {
            JsonObject place = places.get(partition);
            lag += place.getLong("lag", 0L);
            lagMs = Math.max(lagMs, place.getLong("lag_ms", -1L));
            committedAtMs = Math.max(committedAtMs, place.getLong("committed_at", -1L));
        }
        document.put("lag", lag);
        if (lagMs >= 0) {
            document.put("lag_ms", lagMs);
        }
        if (committedAtMs >= 0) {
            document.put("committed_at", committedAtMs);
        }
        Membership membership = facts.connections().get(id);
        if (membership != null) {
            Client client = membership.client();
            document.put(
                    "client",
                    new JsonObject()
                            .put("id", client.id())
                            .put("address", client.remote())
                            .put("library", client.softwareName())
                            .put("version", client.softwareVersion())
                            .put("active_at", client.activeAtMs()));
            if (!membership.subscription().filters().isEmpty()) {
                document.put("filters", new JsonArray(membership.subscription().filters()));
            }
        }
        return document;
    }

    private static JsonArray rebalances(List<Rebalance> rebalances) {
        JsonArray all = new JsonArray();
        for (Rebalance rebalance : rebalances) {
            JsonArray causes = new JsonArray();
            rebalance.causes().forEach(cause -> {
                JsonObject document = new JsonObject().put("reason", name(cause.reason()));
                putUnlessEmpty(document, "member", cause.member());
                causes.add(document.put("at", cause.atMs()));
            });
            JsonArray waits = new JsonArray();
            rebalance
                    .waits()
                    .forEach(wait -> waits.add(new JsonObject()
                            .put("member", wait.member())
                            .put("to", name(wait.owed()))
                            .put("since", wait.sinceMs())
                            .put("until", wait.untilMs() < 0 ? null : wait.untilMs())));
            all.add(new JsonObject()
                    .put("generation", rebalance.generation())
                    .put("begun_at", rebalance.begunAtMs())
                    .put("settled_at", rebalance.isUnderWay() ? null : rebalance.settledAtMs())
                    .put("causes", causes)
                    .put("waited_for", waits));
        }
        return all;
    }

    private static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
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

    private JsonObject position(
            TopicPartition partition, Optional<CommittedOffset> position, Optional<String> owner, Facts facts) {
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
            long lag = Math.max(0, end - Math.max(first, from));
            document.put("lag", lag);
            if (lag == 0) {
                document.put("lag_ms", 0);
            } else if (facts.waitingSince().containsKey(partition)) {
                document.put(
                        "lag_ms",
                        Math.max(0, facts.nowMs() - facts.waitingSince().get(partition)));
            }
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
