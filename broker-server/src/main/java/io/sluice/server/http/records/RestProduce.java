package io.sluice.server.http.records;

import io.sluice.core.engine.Acks;
import io.sluice.core.topic.Topic;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.RestProblem;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.util.HashMap;
import java.util.Map;

/**
 * Produces the records of one body of the REST v2 face. Each record has an outcome of its own: one that its topic does not
 * take does not keep the others from being stored. Owned by the request's event loop.
 */
final class RestProduce extends JsonProduce {
    private static final CharSequence MEDIA_TYPE = HttpHeaders.createOptimized(RestProblem.MEDIA_TYPE);
    private static final byte[] BEGIN = JsonOutput.ascii("{\"offsets\":[");
    private static final byte[] PARTITION = JsonOutput.ascii("{\"partition\":");
    private static final byte[] OFFSET = JsonOutput.ascii(",\"offset\":");
    private static final byte[] ERROR = JsonOutput.ascii("{\"error_code\":");
    private static final byte[] MESSAGE = JsonOutput.ascii(",\"message\":");
    private static final byte[] END = JsonOutput.ascii("]}");

    private final EmbeddedFormat format;
    /** Why a record is not stored, by its place in the request. */
    private final Map<Integer, HttpProblem> faults = new HashMap<>();

    private int taken;

    RestProduce(Loop loop, RoutingContext ctx, ProduceRequest request, Topic topic) {
        super(loop, ctx, request, topic);
        this.format = request.requireFormat();
    }

    @Override
    RecordParser parser(boolean onLoop) {
        return RecordParser.rest(format, request.partition() < 0);
    }

    @Override
    RecordDraft.Sink sink(ProduceBatches records) {
        return (index, draft) -> {
            taken++;
            if (request.partition() >= 0) {
                draft.partition = request.partition();
            }
            try {
                records.accept(index, draft);
            } catch (HttpProblem fault) {
                faults.put((int) index, fault);
            }
        };
    }

    @Override
    void answer(ProduceBatches records, BatchAppends appends) {
        if (request.acks() == Acks.NONE) {
            loop.metrics.produced(records.records());
            reply.end(204);
            return;
        }
        JsonOutput out = loop.output;
        out.clear();
        out.put(BEGIN);
        int[] seen = new int[records.drafts().size()];
        int stored = 0;
        int inBatches = 0;
        for (int i = 0; i < taken; i++) {
            if (i > 0) {
                out.put(',');
            }
            HttpProblem fault = faults.get(i);
            int batch = fault == null ? records.batchOf(inBatches++) : -1;
            if (batch >= 0 && appends.appended(batch).isPresent()) {
                stored++;
                out.put(PARTITION)
                        .number(records.drafts().get(batch).partition())
                        .put(OFFSET)
                        .number(appends.appended(batch).get().baseOffset() + seen[batch]++)
                        .put('}');
            } else {
                HttpProblem problem = fault == null
                        ? HttpErrors.problem(appends.failure(batch).orElseThrow())
                        : fault;
                out.put(ERROR)
                        .number(problem.status())
                        .put(MESSAGE)
                        .string(problem.detail())
                        .put('}');
            }
        }
        out.put(END);
        loop.metrics.produced(stored);
        reply.end(200, MEDIA_TYPE, out);
    }
}
