package io.sluice.server.http.groups;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import io.sluice.groups.CommittedOffset;
import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupError;
import io.sluice.groups.GroupView;
import io.sluice.groups.classic.Generation.SettledMember;
import io.sluice.groups.consumer.ConsumerMember;
import io.sluice.groups.consumer.MemberState;
import io.sluice.server.clients.Client;
import io.sluice.server.clients.ClientRegistry;
import io.sluice.server.clients.ClientRegistry.Membership;
import io.sluice.server.clients.Filtering;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.why.GroupSnapshot;
import io.sluice.server.why.GroupSnapshot.Filtered;
import io.sluice.server.why.GroupSnapshot.Member;
import io.sluice.server.why.GroupSnapshot.Position;
import io.sluice.server.why.PartitionSnapshot;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/** Gathers what there is to be known of a group at one moment. Safe on any event loop. */
public final class GroupFacts {
    private final Broker broker;
    private final GroupCoordinator groups;
    private final ClientRegistry clients;
    private final GroupDocuments documents;
    private final LagTimes lagTimes;
    private final InstantSource clock;

    public GroupFacts(Broker broker, GroupCoordinator groups, ClientRegistry clients, InstantSource clock) {
        this.broker = broker;
        this.groups = groups;
        this.clients = clients;
        this.documents = new GroupDocuments(broker);
        this.lagTimes = new LagTimes(broker);
        this.clock = clock;
    }

    /**
     * The group that a path names.
     *
     * @throws io.sluice.server.http.HttpProblem 400 invalid_group
     */
    public static String named(RoutingContext ctx) {
        return Names.group(ctx);
    }

    /** A group as it is; fails with its problem if there is none. */
    public Future<GroupSnapshot> of(String group) {
        return GroupAdmin.known(groups, group).compose(view -> look(view, fetches(view)));
    }

    /** A group if there is one, without a look at the connections: when Kafka clients fetched last is not told. */
    public Future<Optional<GroupSnapshot>> find(String group) {
        return JsonAnswer.here(groups.describe(group)).compose(view -> {
            if (view.error() == GroupError.UNKNOWN_GROUP) {
                return Future.succeededFuture(Optional.empty());
            }
            return view.error() == GroupError.NONE
                    ? look(view, Map.of()).map(Optional::of)
                    : Future.failedFuture(GroupErrors.problem(view.error(), group));
        });
    }

    private Future<GroupSnapshot> look(GroupView view, Map<String, Long> fetches) {
        return GroupAdmin.positions(groups, view.id())
                .compose(positions -> lagTimes.of(documents.undone(view, positions))
                        .map(times -> snapshot(view, positions, times, fetches)));
    }

    private GroupSnapshot snapshot(
            GroupView view,
            Map<TopicPartition, CommittedOffset> positions,
            Map<TopicPartition, Long> waitingSince,
            Map<String, Long> fetches) {
        Map<String, List<TopicPartition>> holdings = documents.holdings(view);
        Map<TopicPartition, String> owners = new HashMap<>();
        holdings.forEach((member, some) -> some.forEach(partition -> owners.put(partition, member)));
        List<Position> all = new ArrayList<>();
        documents
                .standings(holdings, positions)
                .forEach((partition, position) -> all.add(new Position(
                        partition(partition),
                        position.map(at -> OptionalLong.of(at.offset())).orElse(OptionalLong.empty()),
                        position.map(at -> OptionalLong.of(at.committedAtMs())).orElse(OptionalLong.empty()),
                        owners.getOrDefault(partition, ""),
                        waitingSince.containsKey(partition)
                                ? OptionalLong.of(waitingSince.get(partition))
                                : OptionalLong.empty())));
        return new GroupSnapshot(
                view.id(),
                clock.millis(),
                members(view, holdings, fetches),
                all,
                view.rebalances(),
                missingTopics(view));
    }

    private PartitionSnapshot partition(TopicPartition partition) {
        try {
            PartitionLog log = broker.partition(partition);
            return PartitionSnapshot.readable(partition, log.logStartOffset(), log.highWatermark());
        } catch (BrokerException e) {
            boolean missing = e.code() == ErrorCode.UNKNOWN_TOPIC || e.code() == ErrorCode.UNKNOWN_PARTITION;
            return new PartitionSnapshot(partition, Optional.of(e.getMessage()), missing, 0, 0);
        }
    }

    private List<Member> members(
            GroupView view, Map<String, List<TopicPartition>> holdings, Map<String, Long> fetches) {
        Map<String, Membership> connections = clients.members(view.id());
        List<Member> members = new ArrayList<>();
        for (ConsumerMember member : view.consumers()) {
            MemberState state = member.state();
            OptionalLong lastPollMs = state.kind() == MemberState.Kind.HTTP
                    ? OptionalLong.of(member.lastHeardMs())
                    : lastFetch(
                            fetches, state.client().clientId(), state.client().clientHost());
            members.add(new Member(
                    state.id(),
                    state.client().clientId(),
                    connection(connections, state.id()),
                    lastPollMs,
                    member.heldRecords(),
                    member.heldSinceMs(),
                    holdings.get(state.id()).size(),
                    filtered(connections.get(state.id()))));
        }
        for (SettledMember member : view.members()) {
            members.add(new Member(
                    member.id(),
                    member.clientId(),
                    connection(connections, member.id()),
                    lastFetch(fetches, member.clientId(), member.clientHost()),
                    0,
                    0,
                    holdings.get(member.id()).size(),
                    Optional.empty()));
        }
        return members;
    }

    private static Optional<Filtered> filtered(Membership membership) {
        if (membership == null || membership.filtering().filters().isEmpty()) {
            return Optional.empty();
        }
        Filtering filtering = membership.filtering();
        return Optional.of(
                new Filtered(filtering.filters(), filtering.passed(), filtering.excluded(), filtering.sinceMs()));
    }

    private static OptionalLong connection(Map<String, Membership> connections, String member) {
        Membership membership = connections.get(member);
        return membership == null
                ? OptionalLong.empty()
                : OptionalLong.of(membership.client().id());
    }

    /**
     * When clients of Kafka's protocol last fetched: a member heartbeats by one connection and fetches by others, which have its
     * client id and its host. A page of connections is looked at, and none if no member needs it.
     */
    private Map<String, Long> fetches(GroupView view) {
        Map<String, Long> latest = new HashMap<>();
        boolean needed = !view.members().isEmpty()
                || view.consumers().stream().anyMatch(member -> member.state().kind() != MemberState.Kind.HTTP);
        if (needed) {
            clients.page(0, ClientRegistry.MAX_VISITED, GroupFacts::isFetching)
                    .clients()
                    .forEach(client ->
                            latest.merge(client.clientId() + "@" + client.host(), client.activeAtMs(), Math::max));
        }
        return latest;
    }

    private static boolean isFetching(Client client) {
        return client.protocol() == Client.Protocol.KAFKA
                && !client.fetchedTopics().isEmpty();
    }

    private static OptionalLong lastFetch(Map<String, Long> fetches, String clientId, String host) {
        Long atMs = fetches.get(clientId + "@" + (host.startsWith("/") ? host.substring(1) : host));
        return atMs == null ? OptionalLong.empty() : OptionalLong.of(atMs);
    }

    private List<String> missingTopics(GroupView view) {
        Set<String> wanted = new TreeSet<>();
        view.consumers()
                .forEach(member -> wanted.addAll(member.state().subscription().topics()));
        view.members().forEach(member -> wanted.addAll(GroupDocuments.topics(view, member)));
        wanted.removeIf(topic -> broker.topic(topic).isPresent());
        return List.copyOf(wanted);
    }
}
