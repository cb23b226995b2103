package io.sluice.server.http.groups;

import io.sluice.core.Broker;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.Topic;
import io.sluice.groups.CommittedOffset;
import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupError;
import io.sluice.groups.GroupShard.Moved;
import io.sluice.groups.GroupSummary;
import io.sluice.groups.GroupView;
import io.sluice.groups.Snapshot;
import io.sluice.server.clients.ClientRegistry;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.Query;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Groups as they are, and what is kept of them: list, describe, delete, snapshots. Safe on any event loop. */
final class GroupAdmin {
    private static final Set<String> PAGING = Set.of("limit", "cursor");
    private static final int DEFAULT_PAGE = 100;
    private static final int MAX_PAGE = 1_000;

    private final Broker broker;
    private final GroupCoordinator groups;
    private final ClientRegistry clients;
    private final GroupDocuments documents;
    private final LagTimes lagTimes;
    private final InstantSource clock;

    GroupAdmin(Broker broker, GroupCoordinator groups, ClientRegistry clients, InstantSource clock) {
        this.broker = broker;
        this.groups = groups;
        this.clients = clients;
        this.lagTimes = new LagTimes(broker);
        this.documents = new GroupDocuments(broker);
        this.clock = clock;
    }

    Future<JsonAnswer> list(RoutingContext ctx) {
        Query query = Query.of(ctx, PAGING);
        int limit = (int) query.number("limit", DEFAULT_PAGE, 1, MAX_PAGE);
        Optional<String> after = query.cursor("cursor");
        return JsonAnswer.here(groups.list(after.orElse(""), limit + 1)).map(listing -> {
            if (listing.error() != GroupError.NONE) {
                throw GroupErrors.problem(listing.error(), "all");
            }
            List<GroupSummary> some = listing.groups();
            JsonArray page = new JsonArray();
            some.stream().limit(limit).forEach(group -> page.add(GroupDocuments.summary(group)));
            JsonObject document = new JsonObject().put("groups", page);
            if (some.size() > limit) {
                document.put("next", Query.toCursor(some.get(limit - 1).id()));
            }
            return JsonAnswer.of(200, document);
        });
    }

    /** A group that there is; fails with its problem else. */
    static Future<GroupView> known(GroupCoordinator groups, String group) {
        return JsonAnswer.here(groups.describe(group)).map(view -> {
            if (view.error() != GroupError.NONE) {
                throw GroupErrors.problem(view.error(), group);
            }
            return view;
        });
    }

    /** All positions of a group. */
    static Future<Map<TopicPartition, CommittedOffset>> positions(GroupCoordinator groups, String group) {
        return JsonAnswer.here(groups.positions(group, Optional.empty())).map(fetched -> {
            if (fetched.error() != GroupError.NONE) {
                throw GroupErrors.problem(fetched.error(), group);
            }
            return fetched.positions();
        });
    }

    Future<JsonAnswer> describe(RoutingContext ctx) {
        Query.refuse(ctx);
        String group = Names.group(ctx);
        return known(groups, group)
                .compose(view -> positions(groups, group)
                        .compose(positions -> lagTimes.of(documents.undone(view, positions))
                                .map(times -> JsonAnswer.of(
                                        200,
                                        documents.description(new GroupDocuments.Facts(
                                                view,
                                                positions,
                                                groups.notices().about(group),
                                                clients.members(group),
                                                times,
                                                clock.millis()))))));
    }

    Future<JsonAnswer> delete(RoutingContext ctx) {
        Query.refuse(ctx);
        String group = Names.group(ctx);
        return JsonAnswer.here(groups.delete(group)).map(outcome -> nothingUnless(outcome, group));
    }

    private static JsonAnswer nothingUnless(GroupError outcome, String group) {
        if (outcome != GroupError.NONE) {
            throw GroupErrors.problem(outcome, group);
        }
        return JsonAnswer.NOTHING;
    }

    // ---- snapshots ----

    Future<JsonAnswer> takeSnapshot(RoutingContext ctx) {
        Query.refuse(ctx);
        String group = Names.group(ctx);
        String name = Names.snapshot(ctx);
        return JsonAnswer.here(groups.takeSnapshot(group, name)).compose(outcome -> {
            nothingUnless(outcome, group);
            return snapshot(group, name).map(taken -> JsonAnswer.of(200, document(name, taken)));
        });
    }

    private static JsonObject document(String name, Snapshot snapshot) {
        return new JsonObject()
                .put("name", name)
                .put("taken_at", snapshot.takenAtMs())
                .put("positions", GroupDocuments.offsets(snapshot.positions()));
    }

    private Future<Map<String, Snapshot>> snapshots(String group) {
        return JsonAnswer.here(groups.snapshots(group)).map(all -> {
            if (all.error() != GroupError.NONE) {
                throw GroupErrors.problem(all.error(), group);
            }
            return all.byName();
        });
    }

    private Future<Snapshot> snapshot(String group, String name) {
        return snapshots(group).map(all -> {
            if (!all.containsKey(name)) {
                throw GroupErrors.problem(GroupError.UNKNOWN_SNAPSHOT, group);
            }
            return all.get(name);
        });
    }

    Future<JsonAnswer> listSnapshots(RoutingContext ctx) {
        Query.refuse(ctx);
        String group = Names.group(ctx);
        return known(groups, group).compose(view -> snapshots(group)).map(all -> {
            JsonArray list = new JsonArray();
            new TreeMap<>(all).forEach((name, snapshot) -> list.add(document(name, snapshot)));
            return JsonAnswer.of(200, new JsonObject().put("snapshots", list));
        });
    }

    Future<JsonAnswer> deleteSnapshot(RoutingContext ctx) {
        Query.refuse(ctx);
        String group = Names.group(ctx);
        return JsonAnswer.here(groups.deleteSnapshot(group, Names.snapshot(ctx)))
                .map(outcome -> nothingUnless(outcome, group));
    }

    /** Moves a group to where it stood, as far as the topics are still those. */
    Future<JsonAnswer> restore(RoutingContext ctx) {
        Query.refuse(ctx);
        String group = Names.group(ctx);
        String name = Names.snapshot(ctx);
        return snapshot(group, name)
                .compose(snapshot -> positions(groups, group).compose(before -> {
                    Map<TopicPartition, CommittedOffset> to = new HashMap<>();
                    JsonArray gone = new JsonArray();
                    JsonArray lost = new JsonArray();
                    snapshot.positions().forEach((partition, position) -> {
                        Optional<Topic> topic = broker.topic(position.topicId())
                                .filter(same -> same.name().equals(partition.topic())
                                        && partition.partition() < same.partitions());
                        if (topic.isEmpty()) {
                            gone.add(Outcomes.of(partition));
                            return;
                        }
                        PartitionLog log = broker.partition(partition);
                        long offset = Math.max(log.logStartOffset(), Math.min(position.offset(), log.highWatermark()));
                        if (offset != position.offset()) {
                            lost.add(Outcomes.of(partition)
                                    .put("from", position.offset())
                                    .put("to", offset));
                        }
                        to.put(
                                partition,
                                new CommittedOffset(
                                        position.topicId(),
                                        offset,
                                        position.leaderEpoch(),
                                        position.metadata(),
                                        clock.millis()));
                    });
                    return JsonAnswer.here(groups.seek(group, to, Map.of())).map(moved -> {
                        JsonObject document = moved(group, moved, to, before);
                        if (!gone.isEmpty()) {
                            document.put("gone", gone);
                        }
                        if (!lost.isEmpty()) {
                            document.put("lost", lost);
                        }
                        return JsonAnswer.of(200, document);
                    });
                }));
    }

    /** What came of moving positions; throws its problem if nothing was moved. */
    static JsonObject moved(
            String group,
            Moved moved,
            Map<TopicPartition, CommittedOffset> to,
            Map<TopicPartition, CommittedOffset> before) {
        if (moved.error() != GroupError.NONE) {
            throw GroupErrors.problem(moved.error(), group);
        }
        JsonArray positions = new JsonArray();
        to.keySet().stream()
                .sorted(Comparator.comparing(TopicPartition::topic).thenComparing(TopicPartition::partition))
                .forEach(partition -> positions.add(Outcomes.of(partition)
                        .put("offset", to.get(partition).offset())
                        .put(
                                "previous",
                                before.containsKey(partition)
                                        ? before.get(partition).offset()
                                        : null)));
        return new JsonObject().put("positions", positions).put("evicted", new JsonArray(moved.evicted()));
    }
}
