package io.sluice.server.http.groups;

import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.core.Broker;
import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupLimits;
import io.sluice.server.clients.ClientRegistry;
import io.sluice.server.http.Accept;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpLimits;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.JsonBody;
import io.sluice.server.http.Query;
import io.sluice.server.http.RouteGroup;
import io.sluice.server.http.Routes;
import io.sluice.server.http.records.RecordAccess;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;

/**
 * The routes of consumer groups.
 *
 * <pre>
 *  POST /v1/groups/{group}/poll      records for a member, which may commit those of its last poll with it
 *  POST /v1/groups/{group}/commit    positions, of a member by its cursor, or of a group without members
 *  POST /v1/groups/{group}/leave     a member goes at once
 *  POST /v1/groups/{group}/seek      moves positions, whoever reads there
 *  POST /v1/groups/{group}/skip      takes one record out of the way
 *  GET, DELETE /v1/groups[/{group}]  the groups that there are
 *  /v1/groups/{group}/snapshots      positions by name
 * </pre>
 */
public final class GroupRoutes implements RouteGroup {
    private static final String SNAPSHOTS = "/v1/groups/:group/snapshots";

    private final Vertx vertx;
    private final Broker broker;
    private final GroupCoordinator groups;
    private final GroupLimits limits;
    private final RecordAccess records;
    private final int maxBodyBytes;
    private final GroupMetrics metrics;
    private final Commits commits;
    private final Seeks seeks;
    private final Skips skips;
    private final GroupAdmin admin;

    /**
     * The routes over a broker and its coordinator.
     *
     * @param clients who is connected
     * @param records how polls answer with records
     * @param registry where the routes count
     */
    public GroupRoutes(
            Vertx vertx,
            Broker broker,
            GroupCoordinator groups,
            ClientRegistry clients,
            GroupLimits limits,
            RecordAccess records,
            HttpLimits http,
            InstantSource clock,
            MeterRegistry registry) {
        this.vertx = vertx;
        this.broker = broker;
        this.groups = groups;
        this.limits = limits;
        this.records = records;
        this.maxBodyBytes = http.maxBodyBytes();
        this.metrics = new GroupMetrics(groups.notices(), registry);
        this.commits = new Commits(broker, groups, metrics, maxBodyBytes, clock);
        this.seeks = new Seeks(broker, groups, maxBodyBytes, clock);
        this.skips = new Skips(broker, groups, records, maxBodyBytes, clock);
        this.admin = new GroupAdmin(broker, groups, clients, clock);
    }

    @Override
    public void mount(Router router) {
        router.post("/v1/groups/:group/poll").handler(this::poll);
        router.post("/v1/groups/:group/commit").handler(JsonAnswer.answering(commits::commit));
        router.post("/v1/groups/:group/leave").handler(JsonAnswer.answering(commits::leave));
        router.post("/v1/groups/:group/seek").handler(JsonAnswer.answering(seeks::seek));
        router.post("/v1/groups/:group/skip").handler(JsonAnswer.answering(skips::skip));
        Routes.get(router, "/v1/groups", JsonAnswer.answering(admin::list));
        Routes.get(router, "/v1/groups/:group", JsonAnswer.answering(admin::describe));
        router.delete("/v1/groups/:group").handler(JsonAnswer.answering(admin::delete));
        Routes.get(router, SNAPSHOTS, JsonAnswer.answering(admin::listSnapshots));
        router.put(SNAPSHOTS + "/:name").handler(JsonAnswer.answering(admin::takeSnapshot));
        router.delete(SNAPSHOTS + "/:name").handler(JsonAnswer.answering(admin::deleteSnapshot));
        router.post(SNAPSHOTS + "/:name/restore").handler(JsonAnswer.answering(admin::restore));
    }

    private void poll(RoutingContext ctx) {
        Accept.require(ctx, "application/json");
        Query.refuse(ctx);
        String group = Names.group(ctx);
        JsonBody.read(ctx, maxBodyBytes)
                .map(fields -> PollRequest.of(group, fields, records.limits(), limits))
                .onSuccess(request -> new LongPoll(vertx, broker, groups, metrics, records, ctx, request).start())
                .onFailure(failure -> HttpErrors.respond(ctx, failure));
    }
}
