package io.sluice.server.http.records;

import io.sluice.core.topic.Topic;
import io.sluice.groups.queue.Dedup;
import io.sluice.groups.queue.MessageHeaders;
import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.QueueError;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.MemoryBudget;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Sends the messages of one JSON body to a queue. What is no list in JSON leaves nothing in the log; a message that cannot be taken for what
 * it says does not keep the others away. Owned by the request's event loop.
 */
final class MessageProduce extends JsonProduce {
    private static final byte[] BEGIN = JsonOutput.ascii("{\"messages\":[");
    private static final byte[] ID = JsonOutput.ascii("{\"id\":\"");
    private static final byte[] ID_END = JsonOutput.ascii("\"}");
    private static final byte[] DUPLICATE_END = JsonOutput.ascii("\",\"duplicate\":true}");
    private static final byte[] END = JsonOutput.ascii("]}");

    /** A request with more of them is refused as a whole, as what is said of each takes memory. */
    private static final int MAX_FAULTS = 1_000;

    private final MessageParser parsers;
    private final MessageSender.Queues queues;
    private final String queue;
    private final Optional<HttpProblem> refusal;
    /** By place in the request: what was wrong with a message, or null. */
    private final List<HttpProblem> faults = new ArrayList<>();

    private int faulty;
    /** By place in the request: what makes a message the same as others, or null. Empty if nothing does so with any. */
    private final List<String> dedupIds = new ArrayList<>();
    /** By place in the request: which of those that could be taken it is; -1 if it could not. */
    private final List<Integer> taken = new ArrayList<>();
    /** By place in the request: what is known of those with such an id, once it has been asked for. */
    private Map<Integer, Dedup.Entry> known;
    /** How all that could be taken was sorted, once it is known what of it is left out. */
    private ProduceBatches.Cut cut;

    /** One for each event loop. */
    static final class MessageParser {
        final RecordParser onLoop = RecordParser.messages();
    }

    MessageProduce(
            Loop loop,
            MessageSender.Queues queues,
            MessageParser parsers,
            RoutingContext ctx,
            ProduceRequest request,
            Topic topic,
            Optional<HttpProblem> refusal) {
        this(loop, queues, parsers, ProduceReply.of(ctx), loop.budget.reserve(ctx, 0), request, topic, refusal);
    }

    /**
     * @param memory what the body and its batches take; closed here
     * @param refusal why the queue takes no more, if so
     */
    MessageProduce(
            Loop loop,
            MessageSender.Queues queues,
            MessageParser parsers,
            ProduceReply reply,
            MemoryBudget.Reservation memory,
            ProduceRequest request,
            Topic topic,
            Optional<HttpProblem> refusal) {
        super(loop, reply, memory, request, topic);
        this.queues = queues;
        this.queue = topic.name();
        this.parsers = parsers;
        this.refusal = refusal;
    }

    @Override
    Optional<HttpProblem> refusal() {
        return refusal;
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
        return new RecordDraft.Sink() {
            @Override
            public void accept(long index, RecordDraft draft) {
                draft.givenHeaderBytes = draft.headers.sizeInBytes();
                if (draft.wishes != null) {
                    draft.wishes.addTo(draft.headers, nowMs);
                }
                if (known == null) {
                    take(records, index, draft);
                } else {
                    takeAgain(records, (int) index, draft);
                }
            }

            @Override
            public void refused(HttpProblem problem) {
                if (known == null) {
                    remember(null, -1, problem);
                }
            }
        };
    }

    private void take(ProduceBatches records, long index, RecordDraft draft) {
        String dedupId = draft.wishes == null ? null : draft.wishes.dedupId();
        int place = records.records();
        try {
            if (draft.reservedHeader != null) {
                throw reserved(names().of(index, draft.reservedHeader));
            }
            records.accept(index, draft);
        } catch (HttpProblem e) {
            remember(dedupId, -1, e);
            return;
        }
        remember(dedupId, place, null);
    }

    private void remember(String dedupId, int place, HttpProblem fault) {
        dedupIds.add(dedupId);
        taken.add(place);
        faults.add(fault);
        faulty += fault == null ? 0 : 1;
        if (faulty > MAX_FAULTS) {
            HttpProblem first =
                    faults.stream().filter(Objects::nonNull).findFirst().orElseThrow();
            throw new HttpProblem(
                            400,
                            "too_many_faults",
                            "more than " + MAX_FAULTS
                                    + " messages of this request cannot be sent, so none is; the first: "
                                    + first.detail())
                    .with("max_faults", MAX_FAULTS);
        }
    }

    /** Takes only what is to be sent. */
    private void takeAgain(ProduceBatches records, int index, RecordDraft draft) {
        Dedup.Entry entry = known.get(index);
        if (faults.get(index) != null) {
            return;
        }
        if (entry instanceof Dedup.Full full) {
            faults.set(index, tooManyIds(names().of(index, "dedup_id"), full));
        } else if (entry == null || entry instanceof Dedup.Reserved) {
            records.acceptAgain(index, draft, cut, taken.get(index));
        }
    }

    /** Who passes on the headers of a message that it received would make another one of that id, or one that has expired. */
    static HttpProblem reserved(String field) {
        return new HttpProblem(
                        400,
                        "invalid_argument",
                        field + " begins with " + MessageHeaders.PREFIX
                                + ", which is for headers that the broker sets; a message says delay_ms, deliver_at, ttl_ms"
                                + " and dedup_id itself")
                .with("field", field);
    }

    static HttpProblem tooManyIds(String field, Dedup.Full full) {
        return new HttpProblem(
                        429,
                        "too_many_dedup_ids",
                        field + " cannot be remembered: " + full.limit()
                                + " ids are within their windows of deduplication, which is the most that can be")
                .with("field", field)
                .retryAfterMs(1_000);
    }

    @Override
    void proceed(Parsed parsed, Runnable again) {
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i < dedupIds.size(); i++) {
            if (dedupIds.get(i) != null && faults.get(i) == null) {
                places.add(i);
            }
        }
        if (known != null || places.isEmpty()) {
            append(parsed);
            return;
        }
        Future.fromCompletionStage(
                        queues.reserve(queue, places.stream().map(dedupIds::get).toList()),
                        loop.vertx.getOrCreateContext())
                .onSuccess(answer -> reserved(parsed.records().cut(), places, answer, again))
                .onFailure(this::refuse);
    }

    private void reserved(ProduceBatches.Cut all, List<Integer> places, Dedup.Answer answer, Runnable again) {
        if (answer.error() != QueueError.NONE) {
            refuse(queues.problem(answer.error(), queue));
            return;
        }
        cut = all;
        known = new HashMap<>();
        for (int i = 0; i < places.size(); i++) {
            Dedup.Entry entry = answer.entries().get(i);
            known.put(
                    places.get(i),
                    entry instanceof Dedup.Repeats same ? new Dedup.Repeats(places.get(same.entry())) : entry);
        }
        if (!reply.isOpen()) {
            release();
            return;
        }
        // However the request ends: what is confirmed by then stays so.
        reply.whenEnded(this::release);
        again.run();
    }

    private void release() {
        known.values().forEach(entry -> {
            if (entry instanceof Dedup.Reserved reserved) {
                reserved.reservation().released();
            }
        });
    }

    @Override
    void answer(ProduceBatches records, BatchAppends appends) {
        Object[] results = results(records, appends);
        int sent = 0;
        int there = 0;
        for (Object result : results) {
            sent += result instanceof MessageId ? 1 : 0;
            there += result instanceof Dedup.Sent ? 1 : 0;
        }
        loop.metrics.produced(sent);
        if (sent + there == 0) {
            // What is only too much may be taken later, whatever is wrong with the rest.
            reply.refuse(
                    refusal.filter(Arrays.asList(results)::contains).orElseGet(() -> ofAll((HttpProblem) results[0])));
            return;
        }
        loop.output.clear();
        loop.output.put(BEGIN);
        for (int i = 0; i < results.length; i++) {
            if (i > 0) {
                loop.output.put(',');
            }
            if (results[i] instanceof HttpProblem fault) {
                fault(loop.output, fault);
            } else if (results[i] instanceof Dedup.Sent same) {
                id(loop.output, same.id(), true);
            } else {
                id(loop.output, (MessageId) results[i], false);
            }
        }
        loop.output.put(END);
        reply.end(sent > 0 ? 201 : 200, Responses.JSON, loop.output);
    }

    /** The problem with the first message, and what is wrong with each if that is of the messages. */
    private HttpProblem ofAll(HttpProblem first) {
        if (faults.contains(null)) {
            return first;
        }
        return first.with(
                "messages",
                faults.stream()
                        .map(fault -> Map.of("error", fault.error().getMap()))
                        .toList());
    }

    /** What became of each message: its id, that it was there already, or the problem with it. */
    private Object[] results(ProduceBatches records, BatchAppends appends) {
        Object[] results = new Object[faults.size()];
        long[] seen = new long[records.drafts().size()];
        for (int i = 0; i < results.length; i++) {
            Dedup.Entry entry = known == null ? null : known.get(i);
            if (faults.get(i) != null) {
                results[i] = faults.get(i);
                continue;
            }
            if (entry instanceof Dedup.Repeats same) {
                Object first = results[same.entry()];
                results[i] = first instanceof MessageId id ? new Dedup.Sent(id) : first;
                continue;
            }
            int batch = known == null
                    ? records.batchOf(taken.get(i))
                    : records.batchLike(cut.batchOfRecord()[taken.get(i)]);
            Optional<MessageId> next = batch < 0
                    ? Optional.empty()
                    : appends.appended(batch)
                            .map(there -> new MessageId(
                                    records.drafts().get(batch).partition(), there.baseOffset() + seen[batch]));
            if (entry instanceof Dedup.Sent sent && !next.equals(Optional.of(sent.id()))) {
                results[i] = sent;
                continue;
            }
            // If this request is a repeated one, what is known now was sent with its batch then.
            next.ifPresent(id -> seen[batch]++);
            results[i] = next.<Object>map(id -> id)
                    .orElseGet(() -> HttpErrors.problem(appends.failure(batch).orElseThrow()));
            if (entry instanceof Dedup.Reserved reserved) {
                next.ifPresent(reserved.reservation()::confirmed);
            }
        }
        return results;
    }

    private static void id(JsonOutput out, MessageId id, boolean duplicate) {
        out.put(ID).number(id.partition()).put('-').number(id.offset()).put(duplicate ? DUPLICATE_END : ID_END);
    }

    private static void fault(JsonOutput out, HttpProblem fault) {
        out.put(new JsonObject().put("error", fault.error()).toBuffer().getBytes());
    }

    /**
     * Answers with the id of one message.
     *
     * @param duplicate whether it was there already
     */
    static void answer(Loop loop, RoutingContext ctx, MessageId id, boolean duplicate) {
        loop.output.clear();
        loop.output.put(BEGIN);
        id(loop.output, id, duplicate);
        loop.output.put(END);
        ctx.response().setStatusCode(duplicate ? 200 : 201);
        Responses.json(ctx.response(), loop.output);
    }
}
