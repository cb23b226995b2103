package io.sluice.server.http.records;

import io.sluice.core.engine.Acks;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.topic.Topic;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Locale;

/**
 * Produces the records of a JSON body, or the CloudEvents of one: reads and checks all of it, then appends one batch per partition. A fault
 * anywhere in the body leaves nothing in the log.
 */
final class JsonProduce {
    /** Larger bodies are parsed on a worker thread. */
    static final int MAX_BYTES_ON_LOOP = 64 * 1024;

    private final Loop loop;

    JsonProduce(Loop loop) {
        this.loop = loop;
    }

    /** A body that has been read: its records in batches, ready for the log. */
    private record Parsed(ProduceBatches records, RecordBatch[] batches) {}

    void handle(RoutingContext ctx, ProduceRequest request, Topic topic) {
        request.requirePartitionOf(topic);
        MemoryBudget.Reservation memory = loop.budget.reserve(ctx, 0);
        BodyReader reader =
                new BodyReader(ctx.request(), memory, loop.limits.maxBodyBytes(), JsonProduce.this::tooLarge);
        try {
            var body = reader.read(request.contentLength());
            body.onSuccess(complete -> parse(ctx, request, topic, complete, memory))
                    .onFailure(failure -> refuse(ctx, memory, failure));
        } catch (RuntimeException e) {
            refuse(ctx, memory, e);
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

    private void parse(
            RoutingContext ctx,
            ProduceRequest request,
            Topic topic,
            BodyReader.Body body,
            MemoryBudget.Reservation memory) {
        if (body.length() <= MAX_BYTES_ON_LOOP) {
            Parsed parsed;
            try {
                Partitioner partitioner = request.idempotencyKey().isPresent()
                        ? Partitioner.of(request.idempotencyKey().get(), topic.partitions())
                        : loop.partitioners.of(topic.name(), topic.partitions());
                parsed = parse(loop.parser, partitioner, request, topic, body);
            } catch (RuntimeException e) {
                refuse(ctx, memory, e);
                return;
            }
            append(ctx, request, topic, parsed, memory);
            return;
        }
        Partitioner partitioner = request.idempotencyKey()
                .map(key -> Partitioner.of(key, topic.partitions()))
                .orElseGet(() -> Partitioner.random(topic.partitions()));
        loop.vertx
                .executeBlocking(() -> parse(new RecordParser(), partitioner, request, topic, body), false)
                .onSuccess(parsed -> append(ctx, request, topic, parsed, memory))
                .onFailure(failure -> refuse(ctx, memory, failure));
    }

    private Parsed parse(
            RecordParser parser, Partitioner partitioner, ProduceRequest request, Topic topic, BodyReader.Body body) {
        ProduceBatches records = new ProduceBatches(
                topic,
                partitioner,
                new int[topic.partitions()],
                System.currentTimeMillis(),
                body.length(),
                request.idempotencyKey().isPresent(),
                isEvents(request) ? EventRecords.names(request) : JsonProduce::nameOf);
        if (isEvents(request)) {
            EventRecords.parse(request, body, records);
        } else {
            parser.parseList(body.array(), body.from(), body.from() + body.length(), records);
        }
        CompressionType compression = compressionOf(topic);
        List<BatchDraft> drafts = records.drafts();
        RecordBatch[] batches = new RecordBatch[drafts.size()];
        for (int i = 0; i < batches.length; i++) {
            batches[i] = drafts.get(i).build(compression, loop.codecs, request.idempotencyKey(), topic.name());
        }
        return new Parsed(records, batches);
    }

    private static boolean isEvents(ProduceRequest request) {
        return !request.contentType().equals(ProduceRequest.JSON);
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

    private void append(
            RoutingContext ctx, ProduceRequest request, Topic topic, Parsed parsed, MemoryBudget.Reservation memory) {
        BatchAppends[] appends = new BatchAppends[1];
        appends[0] = new BatchAppends(
                loop, topic.name(), request.acks(), memory, parsed.records().drafts(), parsed.batches(), () -> {
                    memory.close();
                    answer(ctx, request.acks(), parsed.records(), appends[0]);
                });
        if (parsed.batches().length == 0) {
            // Only a batch of events may be empty.
            memory.close();
            answer(ctx, request.acks(), parsed.records(), appends[0]);
            return;
        }
        appends[0].start();
    }

    private void answer(RoutingContext ctx, Acks acks, ProduceBatches records, BatchAppends appends) {
        if (appends.anyFailure().isPresent()) {
            HttpErrors.respond(ctx, ProduceAnswers.failure(records, appends));
            return;
        }
        loop.metrics.produced(records.records());
        if (acks == Acks.NONE) {
            Responses.accepted(ctx.response());
            return;
        }
        loop.output.clear();
        ProduceAnswers.offsets(loop.output, records, appends);
        Responses.json(ctx.response(), loop.output);
    }

    private static void refuse(RoutingContext ctx, MemoryBudget.Reservation memory, Throwable failure) {
        memory.close();
        HttpErrors.respond(ctx, failure);
    }
}
