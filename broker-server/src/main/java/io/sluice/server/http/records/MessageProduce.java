package io.sluice.server.http.records;

import io.sluice.core.engine.Appended;
import io.sluice.core.topic.Topic;
import io.sluice.groups.queue.MessageId;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Sends the messages of one JSON body to a queue. A fault of its form leaves nothing in the log; a message that cannot be taken for what it
 * is does not keep the others away. Owned by the request's event loop.
 */
final class MessageProduce extends JsonProduce {
    private static final byte[] BEGIN = JsonOutput.ascii("{\"messages\":[");
    private static final byte[] ID = JsonOutput.ascii("{\"id\":\"");
    private static final byte[] ID_END = JsonOutput.ascii("\"}");
    private static final byte[] END = JsonOutput.ascii("]}");

    private final MessageParser parsers;
    /** By place in the request: what was wrong with a message, or null. */
    private final List<HttpProblem> faults = new ArrayList<>();

    /** One for each event loop. */
    static final class MessageParser {
        final RecordParser onLoop = RecordParser.messages();
    }

    MessageProduce(Loop loop, MessageParser parsers, RoutingContext ctx, ProduceRequest request, Topic topic) {
        super(loop, ctx, request, topic);
        this.parsers = parsers;
    }

    @Override
    RecordParser parser(boolean onLoop) {
        return onLoop ? parsers.onLoop : RecordParser.messages();
    }

    @Override
    ProduceBatches.RecordNames names() {
        return (index, field) -> "messages[" + index + "]" + (field.isEmpty() ? "" : "." + field);
    }

    @Override
    RecordDraft.Sink sink(ProduceBatches records) {
        long nowMs = System.currentTimeMillis();
        faults.clear();
        return (index, draft) -> {
            draft.givenHeaderBytes = draft.headers.sizeInBytes();
            HttpProblem fault = null;
            if (draft.wishes != null) {
                draft.wishes.addTo(draft.headers, nowMs);
            }
            try {
                records.accept(index, draft);
            } catch (HttpProblem e) {
                fault = e;
            }
            faults.add(fault);
        };
    }

    @Override
    void answer(ProduceBatches records, BatchAppends appends) {
        HttpProblem first =
                faults.stream().filter(fault -> fault != null).findFirst().orElse(null);
        boolean nothing = records.records() == 0
                || records.drafts().stream()
                        .allMatch(draft -> appends.failure(draft.ordinal()).isPresent());
        if (nothing) {
            HttpErrors.respond(
                    ctx,
                    first != null
                            ? first
                            : HttpErrors.problem(appends.anyFailure().orElseThrow()));
            return;
        }
        loop.output.clear();
        write(loop.output, records, appends);
        ctx.response().setStatusCode(201);
        Responses.json(ctx.response(), loop.output);
    }

    private void write(JsonOutput out, ProduceBatches records, BatchAppends appends) {
        long[] seen = new long[records.drafts().size()];
        int record = 0;
        int sent = 0;
        out.put(BEGIN);
        for (int i = 0; i < faults.size(); i++) {
            if (i > 0) {
                out.put(',');
            }
            if (faults.get(i) != null) {
                fault(out, faults.get(i));
                continue;
            }
            int batch = records.batchOf(record++);
            Optional<Appended> appended = appends.appended(batch);
            if (appended.isPresent()) {
                sent++;
                id(out, records.drafts().get(batch).partition(), appended.get().baseOffset() + seen[batch]++);
            } else {
                fault(out, HttpErrors.problem(appends.failure(batch).orElseThrow()));
            }
        }
        out.put(END);
        loop.metrics.produced(sent);
    }

    private static void id(JsonOutput out, int partition, long offset) {
        out.put(ID).number(partition).put('-').number(offset).put(ID_END);
    }

    private static void fault(JsonOutput out, HttpProblem fault) {
        JsonObject error = new JsonObject().put("code", fault.code()).put("detail", fault.detail());
        fault.members().forEach(error::put);
        out.put(new JsonObject().put("error", error).toBuffer().getBytes());
    }

    /** Answers with the id of one message. */
    static void answer(Loop loop, RoutingContext ctx, MessageId id) {
        loop.output.clear();
        loop.output.put(BEGIN);
        id(loop.output, id.partition(), id.offset());
        loop.output.put(END);
        ctx.response().setStatusCode(201);
        Responses.json(ctx.response(), loop.output);
    }
}
