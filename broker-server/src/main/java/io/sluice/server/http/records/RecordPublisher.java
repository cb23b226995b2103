package io.sluice.server.http.records;

import io.sluice.core.engine.Acks;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.topic.Topic;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.MemoryBudget;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Appends records that come one by one over a connection that stays open. Owned by an event loop. */
public final class RecordPublisher {
    private static final byte[] EVENT_TYPE = "ce_type".getBytes(StandardCharsets.UTF_8);

    private final Loop loop;

    RecordPublisher(Loop loop) {
        this.loop = loop;
    }

    /** Where a record went. */
    public record Published(int partition, long offset) {}

    /**
     * Appends one record and waits for the topic's flush policy.
     *
     * @param json the record as a JSON object, as produce requests have it
     * @param eventType what kind of event it is, if it is to be said
     * @return fails with what a produce request fails with; faults name the fields of the record
     */
    public Future<Published> publish(String topicName, byte[] json, Optional<String> eventType) {
        return publish(topicName, json, eventType, Optional.empty(), Optional.empty());
    }

    /**
     * As {@link #publish(String, byte[], Optional)}, once for each key.
     *
     * @param idempotencyKey what the request is called by whoever may send it again
     * @param refusal why the topic takes no more, if so: what it has already is answered still
     */
    Future<Published> publish(
            String topicName,
            byte[] json,
            Optional<String> eventType,
            Optional<String> idempotencyKey,
            Optional<HttpProblem> refusal) {
        Topic topic = loop.broker.requireTopic(topicName);
        ProduceBatches records = new ProduceBatches(
                topic,
                idempotencyKey
                        .map(key -> Partitioner.of(key, topic.partitions()))
                        .orElseGet(() -> loop.partitioners.of(topic.name(), topic.partitions())),
                new int[topic.partitions()],
                System.currentTimeMillis(),
                json.length,
                idempotencyKey.isPresent(),
                (index, field) -> field.isEmpty() ? "the record" : field);
        loop.parser.parseOne(json, 0, json.length, 0, (index, draft) -> {
            eventType.ifPresent(type -> {
                byte[] bytes = type.getBytes(StandardCharsets.UTF_8);
                draft.headers.add(EVENT_TYPE, 0, EVENT_TYPE.length, bytes, 0, bytes.length);
            });
            records.accept(index, draft);
        });
        CompressionType compression = JsonProduce.compressionOf(topic);
        BatchDraft draft = records.drafts().get(0);
        RecordBatch batch = draft.build(compression, loop.codecs, idempotencyKey, topic.name());
        MemoryBudget.Reservation memory = loop.budget.reserve(batch.sizeInBytes());
        Promise<Published> published = Promise.promise();
        BatchAppends[] appends = new BatchAppends[1];
        appends[0] = new BatchAppends(
                loop, topic.name(), Acks.COMMITTED, memory, refusal, List.of(draft), new RecordBatch[] {batch}, () -> {
                    memory.close();
                    appends[0]
                            .failure(0)
                            .ifPresentOrElse(
                                    published::fail,
                                    () -> published.complete(new Published(
                                            draft.partition(),
                                            appends[0].appended(0).orElseThrow().baseOffset())));
                    if (appends[0].failure(0).isEmpty()) {
                        loop.metrics.produced(1);
                    }
                });
        appends[0].start();
        return published.future();
    }
}
