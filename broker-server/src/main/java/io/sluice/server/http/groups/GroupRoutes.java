package io.sluice.server.http.groups;

import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.core.Broker;
import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupLimits;
import io.sluice.server.http.Accept;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpLimits;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.JsonBody;
import io.sluice.server.http.Query;
import io.sluice.server.http.RouteGroup;
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
 * </pre>
 */
public final class GroupRoutes implements RouteGroup {
    private final Vertx vertx;
    private final Broker broker;
    private final GroupCoordinator groups;
    private final GroupLimits limits;
    private final RecordAccess records;
    private final int maxBodyBytes;
    private final GroupMetrics metrics;
    private final Commits commits;

    /**
     * The routes over a broker and its coordinator.
     *
     * @param records how polls answer with records
     * @param registry where the routes count
     */
    public GroupRoutes(
            Vertx vertx,
            Broker broker,
            GroupCoordinator groups,
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
        this.metrics = new GroupMetrics(registry);
        this.commits = new Commits(broker, groups, metrics, maxBodyBytes, clock);
    }

    @Override
    public void mount(Router router) {
        router.post("/v1/groups/:group/poll").handler(this::poll);
        router.post("/v1/groups/:group/commit").handler(JsonAnswer.answering(commits::commit));
        router.post("/v1/groups/:group/leave").handler(JsonAnswer.answering(commits::leave));
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
