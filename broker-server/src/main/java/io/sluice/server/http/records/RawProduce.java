package io.sluice.server.http.records;

import io.sluice.core.engine.Acks;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.Headers;
import io.sluice.core.record.IdempotencyKey;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.topic.Topic;
import io.sluice.groups.queue.MessageHeaders;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.MemoryBudget;
import io.sluice.server.http.cloudevents.BinaryEvent;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Produces one record whose value is the request's body, byte by byte. If the length of the body is known, it is
 * received straight into the batch that the log will keep.
 */
final class RawProduce {
    private static final byte[] NO_KEY = new byte[0];
    private static final String RECORD_HEADER = "x-record-";

    private final Loop loop;
    private final Answer answer;

    RawProduce(Loop loop) {
        this(loop, (ctx, partition, offset) -> {
            loop.output.clear();
            ProduceAnswers.offset(loop.output, partition, offset);
            Responses.json(ctx.response(), loop.output);
        });
    }

    /** @param answer says that a record is in the log */
    RawProduce(Loop loop, Answer answer) {
        this.loop = loop;
        this.answer = answer;
    }

    /** Answers a request whose record is where it belongs. */
    interface Answer {
        void send(RoutingContext ctx, int partition, long offset);
    }

    /** One record on its way. The builder has the place of the value if its length was known. */
    private record Value(
            byte[] key,
            int partition,
            Headers headers,
            int givenHeaderBytes,
            MessageWishes wishes,
            long nowMs,
            RecordBatchBuilder builder,
            boolean placed,
            Optional<HttpProblem> refusal) {
        int keyLength() {
            return key == null ? -1 : key.length;
        }
    }

    void handle(RoutingContext ctx, ProduceRequest request, Topic topic) {
        handle(ctx, request, topic, MessageWishes.NONE, Optional.empty());
    }

    /**
     * As {@link #handle(RoutingContext, ProduceRequest, Topic)}, for a message of a queue.
     *
     * @param refusal why the queue takes no more, if so: a message that it has already is answered still
     */
    void handle(
            RoutingContext ctx,
            ProduceRequest request,
            Topic topic,
            MessageWishes wishes,
            Optional<HttpProblem> refusal) {
        long now = System.currentTimeMillis();
        Headers headers = headersOf(ctx);
        Optional<byte[]> eventKey = BinaryEvent.addTo(headers, ctx.request().headers());
        int givenHeaderBytes = headers.sizeInBytes();
        wishes.addTo(headers, now);
        byte[] key = request.key().or(() -> eventKey).orElse(null);
        if (key == null && topic.config().compacted()) {
            throw new HttpProblem(
                            422,
                            "invalid_record",
                            "key is missing; topic " + topic.name() + " is compacted, so every record needs a key")
                    .with("field", "key");
        }
        int maxBytes = topic.config().maxMessageBytes();
        long otherBytes = RecordBatch.HEADER_BYTES + headers.sizeInBytes() + (key == null ? 0 : key.length);
        long limit = maxBytes - otherBytes;
        long length = request.contentLength();
        if (length > limit || limit < 0) {
            throw tooLarge(topic, otherBytes + Math.max(0, length));
        }
        MemoryBudget.Reservation memory = loop.budget.reserve(ctx, Math.max(0, length) + otherBytes);
        try {
            BodyReader reader =
                    new BodyReader(ctx.request(), memory, limit, bytes -> tooLarge(topic, otherBytes + bytes));
            int partition = partitionOf(request, topic, key, Math.max(0, length));
            Future<BodyReader.Body> body;
            Value value;
            if (length > 0 || length == 0 && !request.binaryEvent()) {
                int size = (int) Math.min(
                        Integer.MAX_VALUE - 1024,
                        RecordBatchBuilder.maxSizeOf(key == null ? -1 : key.length, (int) length, headers));
                RecordBatchBuilder builder = new RecordBatchBuilder(size);
                ByteBuffer place = builder.appendReserved(now, key, (int) length, headers);
                if (builder.sizeInBytes() > maxBytes) {
                    throw tooLarge(topic, builder.sizeInBytes());
                }
                value = new Value(key, partition, headers, givenHeaderBytes, wishes, now, builder, true, refusal);
                body = reader.readInto(place.array(), place.arrayOffset());
            } else {
                value = new Value(
                        key,
                        partition,
                        headers,
                        givenHeaderBytes,
                        wishes,
                        now,
                        new RecordBatchBuilder(0),
                        false,
                        refusal);
                body = reader.read(length);
            }
            body.onSuccess(complete -> build(ctx, request, topic, value, complete, memory))
                    .onFailure(failure -> refuse(ctx, memory, failure));
        } catch (RuntimeException e) {
            memory.close();
            throw e;
        }
    }

    private int partitionOf(ProduceRequest request, Topic topic, byte[] key, long bytes) {
        request.requirePartitionOf(topic);
        if (request.partition() >= 0) {
            return request.partition();
        }
        Partitioner partitioner = request.idempotencyKey()
                .map(id -> Partitioner.of(id, topic.partitions()))
                .orElseGet(() -> loop.partitioners.of(topic.name(), topic.partitions()));
        int size = (int) Math.min(Integer.MAX_VALUE, bytes);
        return key == null ? partitioner.choose(NO_KEY, 0, -1, size) : partitioner.choose(key, 0, key.length, size);
    }

    /**
     * Refuses headers of a message of a queue that only the broker may set.
     *
     * @throws HttpProblem 400
     */
    static void refuseReserved(RoutingContext ctx) {
        String reserved = RECORD_HEADER + MessageHeaders.PREFIX;
        for (Map.Entry<String, String> header : ctx.request().headers()) {
            if (header.getKey().toLowerCase(Locale.ROOT).startsWith(reserved)) {
                throw MessageProduce.reserved(header.getKey());
            }
        }
    }

    private static Headers headersOf(RoutingContext ctx) {
        Headers headers = new Headers();
        for (Map.Entry<String, String> header : ctx.request().headers()) {
            String name = header.getKey();
            String lower = name.toLowerCase(Locale.ROOT);
            if (lower.startsWith(RECORD_HEADER) && name.length() > RECORD_HEADER.length()) {
                add(headers, name.substring(RECORD_HEADER.length()), header.getValue());
            } else if (lower.equals("content-type")) {
                add(headers, lower, header.getValue());
            }
        }
        return headers;
    }

    /** The characters of HTTP headers are bytes, and kept as those. */
    private static void add(Headers headers, String name, String value) {
        headers.add(name, value.getBytes(StandardCharsets.ISO_8859_1));
    }

    private HttpProblem tooLarge(Topic topic, long bytes) {
        int limit = topic.config().maxMessageBytes();
        return new HttpProblem(
                        413,
                        "record_too_large",
                        "the record takes " + bytes
                                + " bytes or more with its batch header, max.message.bytes of topic " + topic.name()
                                + " is " + limit)
                .with("max_message_bytes", limit);
    }

    private void build(
            RoutingContext ctx,
            ProduceRequest request,
            Topic topic,
            Value value,
            BodyReader.Body body,
            MemoryBudget.Reservation memory) {
        CompressionType compression = JsonProduce.compressionOf(topic);
        if (body.length() <= JsonProduce.MAX_BYTES_ON_LOOP && compression == CompressionType.NONE) {
            try {
                append(ctx, request, topic, value, batch(request, topic, value, body, compression), memory);
            } catch (RuntimeException e) {
                refuse(ctx, memory, e);
            }
            return;
        }
        loop.vertx
                .executeBlocking(() -> batch(request, topic, value, body, compression), false)
                .onSuccess(batch -> append(ctx, request, topic, value, batch, memory))
                .onFailure(failure -> refuse(ctx, memory, failure));
    }

    private RecordBatch batch(
            ProduceRequest request, Topic topic, Value value, BodyReader.Body body, CompressionType compression) {
        RecordBatchBuilder builder = value.builder();
        // An event without data is a record without value, says Kafka's binding.
        int length = body.length() == 0 && request.binaryEvent() ? -1 : body.length();
        if (!value.placed()) {
            builder = new RecordBatchBuilder((int) Math.min(
                    Integer.MAX_VALUE - 1024,
                    RecordBatchBuilder.maxSizeOf(value.keyLength(), length, value.headers())));
            builder.append(
                    value.nowMs(),
                    value.key(),
                    0,
                    value.keyLength(),
                    body.array(),
                    body.from(),
                    length,
                    value.headers());
            if (builder.sizeInBytes() > topic.config().maxMessageBytes()) {
                throw tooLarge(topic, builder.sizeInBytes());
            }
        }
        if (request.idempotencyKey().isPresent()) {
            Fingerprint fingerprint = new Fingerprint();
            fingerprint.add(
                    value.wishes() == MessageWishes.NONE ? -1 : value.wishes().hashCode(),
                    value.key(),
                    0,
                    value.keyLength(),
                    body.array(),
                    body.from(),
                    length,
                    value.headers(),
                    value.givenHeaderBytes());
            IdempotencyKey id = IdempotencyKey.of(request.idempotencyKey().get(), topic.name(), 0);
            builder.producer(id.producerId(), fingerprint.producerEpoch(), id.baseSequence());
        }
        return compression == CompressionType.NONE ? builder.build() : builder.build(compression, loop.codecs);
    }

    private void append(
            RoutingContext ctx,
            ProduceRequest request,
            Topic topic,
            Value value,
            RecordBatch batch,
            MemoryBudget.Reservation memory) {
        memory.hold();
        Future.fromCompletionStage(
                        loop.append(
                                topic.name(), value.partition(), batch, request.acks(), memory::letGo, value.refusal()),
                        loop.vertx.getOrCreateContext())
                .onComplete(result -> {
                    memory.close();
                    if (result.failed()) {
                        HttpErrors.respond(ctx, result.cause());
                        return;
                    }
                    loop.metrics.produced(1);
                    if (request.acks() == Acks.NONE) {
                        Responses.accepted(ctx.response());
                        return;
                    }
                    answer.send(ctx, value.partition(), result.result().baseOffset());
                });
    }

    private static void refuse(RoutingContext ctx, MemoryBudget.Reservation memory, Throwable failure) {
        memory.close();
        HttpErrors.respond(ctx, failure);
    }
}
