package io.sluice.server.http.records;

import io.sluice.core.topic.Topic;
import io.sluice.server.http.cloudevents.EventParser;
import io.vertx.ext.web.RoutingContext;

/** Produces the CloudEvents of one body, one event or a batch, as records in the binary mode of Kafka's binding. */
final class EventProduce extends JsonProduce {
    private final boolean batch;

    EventProduce(Loop loop, RoutingContext ctx, ProduceRequest request, Topic topic) {
        super(loop, ctx, request, topic);
        request.requirePartitionOf(topic);
        this.batch = request.contentType().equals(ProduceRequest.EVENTS);
    }

    @Override
    void read(RecordParser unused, BodyReader.Body body, ProduceBatches records) {
        RecordDraft draft = new RecordDraft();
        EventParser parser = new EventParser(draft.headers);
        EventParser.Sink events = (index, eventKey, value, from, length) -> {
            draft.value(value, from, length);
            draft.partition = request.partition();
            byte[] key = request.key().or(() -> eventKey).orElse(null);
            if (key == null) {
                draft.key(value, 0, -1);
            } else {
                draft.key(key, 0, key.length);
            }
            records.accept(index, draft);
        };
        int end = body.from() + body.length();
        if (batch) {
            parser.parseBatch(body.array(), body.from(), end, events);
        } else {
            parser.parseOne(body.array(), body.from(), end, events);
        }
    }

    /** The key of an event is an extension. */
    @Override
    ProduceBatches.RecordNames names() {
        return (index, field) -> {
            String name = field.equals("key") ? "partitionkey" : field;
            if (!batch) {
                return name.isEmpty() ? "the event" : name;
            }
            return "events[" + index + "]" + (name.isEmpty() ? "" : "." + name);
        };
    }
}
