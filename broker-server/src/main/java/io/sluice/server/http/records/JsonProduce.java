package io.sluice.server.http.records;

import io.sluice.core.engine.Acks;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.topic.Topic;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.MemoryBudget;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Produces the records of one JSON body: reads and checks all of it, then appends one batch per partition. A fault
 * anywhere in the body leaves nothing in the log. Another face differs in what it overrides. Owned by the request's event
 * loop; a large body is parsed by a worker.
 */
class JsonProduce {
    /** Larger bodies are parsed on a worker thread. */
    static final int MAX_BYTES_ON_LOOP = 64 * 1024;

    final Loop loop;
    final ProduceReply reply;
    final ProduceRequest request;
    private final Topic topic;
    private final MemoryBudget.Reservation memory;

    JsonProduce(Loop loop, RoutingContext ctx, ProduceRequest request, Topic topic) {
        this(loop, ProduceReply.of(ctx), loop.budget.reserve(ctx, 0), request, topic);
    }

    /** @param memory what the body and its batches take; closed here */
    JsonProduce(Loop loop, ProduceReply reply, MemoryBudget.Reservation memory, ProduceRequest request, Topic topic) {
        this.loop = loop;
        this.reply = reply;
        this.request = request;
        this.topic = topic;
        this.memory = memory;
    }

    /** A body that has been read: its records in batches, ready for the log. */
    record Parsed(ProduceBatches records, RecordBatch[] batches) {}

    // ---- what is of one face ----

    /** Reads the body; for use by one thread at a time. */
    RecordParser parser(boolean onLoop) {
        return onLoop ? loop.parser : new RecordParser();
    }

    /** How faults name a record and a field of it. */
    ProduceBatches.RecordNames names() {
        return JsonProduce::nameOf;
    }

    /** Reads the records of the body; on a worker, if it is large. */
    void read(RecordParser parser, BodyReader.Body body, ProduceBatches records) {
        parser.parseList(body.array(), body.from(), body.from() + body.length(), sink(records));
    }

    /** Takes the records that are read. */
    RecordDraft.Sink sink(ProduceBatches records) {
        return records;
    }

    /** Why nothing may be added, if so: what is in the log already is answered still. */
    Optional<HttpProblem> refusal() {
        return Optional.empty();
    }

    /** Everything has an outcome. */
    void answer(ProduceBatches records, BatchAppends appends) {
        if (appends.anyFailure().isPresent()) {
            reply.refuse(ProduceAnswers.failure(records, appends));
            return;
        }
        loop.metrics.produced(records.records());
        if (request.acks() == Acks.NONE) {
            reply.end(202);
            return;
        }
        loop.output.clear();
        ProduceAnswers.offsets(loop.output, records, appends);
        reply.end(200, Responses.JSON, loop.output);
    }

    /**
     * The body has been read, and its records may be appended.
     *
     * @param again reads the body once more, with what is known now
     */
    void proceed(Parsed parsed, Runnable again) {
        append(parsed);
    }

    // ---- what is of all ----

    final void start(HttpServerRequest http) {
        BodyReader reader = new BodyReader(http, memory, loop.limits.maxBodyBytes(), this::tooLarge);
        try {
            reader.read(request.contentLength()).onSuccess(this::parse).onFailure(this::refuse);
        } catch (RuntimeException e) {
            refuse(e);
        }
    }

    private HttpProblem tooLarge(long bytes) {
        return new HttpProblem(
                        413,
                        "body_too_large",
                        "a JSON body of " + bytes + " bytes or more, http.max.produce.bytes is "
                                + loop.limits.maxBodyBytes())
                .with("max_body_bytes", loop.limits.maxBodyBytes());
    }

    final void parse(BodyReader.Body body) {
        if (body.length() <= MAX_BYTES_ON_LOOP) {
            Parsed parsed;
            try {
                Partitioner partitioner = request.idempotencyKey().isPresent()
                        ? Partitioner.of(request.idempotencyKey().get(), topic.partitions())
                        : loop.partitioners.of(topic.name(), topic.partitions());
                parsed = parse(parser(true), partitioner, body);
            } catch (RuntimeException e) {
                refuse(e);
                return;
            }
            proceed(parsed, () -> parse(body));
            return;
        }
        Partitioner partitioner = request.idempotencyKey()
                .map(key -> Partitioner.of(key, topic.partitions()))
                .orElseGet(() -> Partitioner.random(topic.partitions()));
        loop.vertx
                .executeBlocking(() -> parse(parser(false), partitioner, body), false)
                .onSuccess(parsed -> proceed(parsed, () -> parse(body)))
                .onFailure(this::refuse);
    }

    private Parsed parse(RecordParser parser, Partitioner partitioner, BodyReader.Body body) {
        ProduceBatches records = new ProduceBatches(
                topic,
                partitioner,
                new int[topic.partitions()],
                System.currentTimeMillis(),
                body.length(),
                request.idempotencyKey().isPresent(),
                names());
        read(parser, body, records);
        CompressionType compression = compressionOf(topic);
        List<BatchDraft> drafts = records.drafts();
        RecordBatch[] batches = new RecordBatch[drafts.size()];
        for (int i = 0; i < batches.length; i++) {
            batches[i] = drafts.get(i).build(compression, loop.codecs, request.idempotencyKey(), topic.name());
        }
        return new Parsed(records, batches);
    }

    private static String nameOf(long index, String field) {
        return "records[" + index + "]" + (field.isEmpty() ? "" : "." + field);
    }

    /** How batches that are built here are compressed: as the topic says, if it says. */
    static CompressionType compressionOf(Topic topic) {
        String type = topic.config().compressionType();
        return switch (type) {
            case "producer", "uncompressed", "none" -> CompressionType.NONE;
            default -> CompressionType.valueOf(type.toUpperCase(Locale.ROOT));
        };
    }

    final void append(Parsed parsed) {
        BatchAppends[] appends = new BatchAppends[1];
        appends[0] = new BatchAppends(
                loop,
                topic.name(),
                request.acks(),
                memory,
                refusal(),
                parsed.records().drafts(),
                parsed.batches(),
                () -> {
                    memory.close();
                    answer(parsed.records(), appends[0]);
                });
        if (parsed.batches().length == 0) {
            // A batch of events may be empty, and one of messages that are all there already or are refused.
            memory.close();
            answer(parsed.records(), appends[0]);
            return;
        }
        appends[0].start();
    }

    final void refuse(Throwable failure) {
        memory.close();
        reply.refuse(failure);
    }
}
