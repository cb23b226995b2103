package io.sluice.server.http.records;

import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.TopicName;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.Query;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.util.Set;

/** {@code DELETE /v1/topics/{topic}/partitions/{partition}/records}: deletes what lies before an offset. */
final class TrimHandler {
    private static final Set<String> PARAMETERS = Set.of("before");
    private static final byte[] LOG_START_OFFSET = JsonOutput.ascii("{\"log_start_offset\":");

    private final Loop loop;

    TrimHandler(Loop loop) {
        this.loop = loop;
    }

    void handle(RoutingContext ctx) {
        try {
            Query query = Query.of(ctx, PARAMETERS);
            String topic = ctx.pathParam("topic");
            TopicName.requireForUsers(topic);
            loop.broker.requireTopic(topic);
            PartitionLog log = loop.broker.partition(topic, FetchRequest.partition(ctx));
            String before = query.text("before")
                    .orElseThrow(() -> Query.invalid("before", "is missing: an offset, or high_watermark"));
            long offset = before.equals("high_watermark")
                    ? log.highWatermark()
                    : Query.number("before", before, 0, Long.MAX_VALUE);
            Future.fromCompletionStage(log.trimBefore(offset), loop.vertx.getOrCreateContext())
                    .onSuccess(start -> {
                        loop.output.clear();
                        loop.output.put(LOG_START_OFFSET).number(start).put('}');
                        Responses.json(ctx.response(), loop.output);
                    })
                    .onFailure(failure -> HttpErrors.respond(ctx, LogReader.explained(failure, log)));
        } catch (RuntimeException e) {
            HttpErrors.respond(ctx, e);
        }
    }
}
