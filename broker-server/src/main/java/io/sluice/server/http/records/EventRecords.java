package io.sluice.server.http.records;

import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.cloudevents.EventParser;

/** Makes records of the CloudEvents that a body holds. */
final class EventRecords {
    private EventRecords() {}

    /**
     * Reads one event or a batch, as the request's content type says.
     *
     * @throws HttpProblem as {@link EventParser} and the sink
     */
    static void parse(ProduceRequest request, BodyReader.Body body, RecordDraft.Sink sink) {
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
            sink.accept(index, draft);
        };
        int end = body.from() + body.length();
        if (request.contentType().equals(ProduceRequest.EVENTS)) {
            parser.parseBatch(body.array(), body.from(), end, events);
        } else {
            parser.parseOne(body.array(), body.from(), end, events);
        }
    }

    /** How faults name an event and what of it; its key is an extension. */
    static ProduceBatches.RecordNames names(ProduceRequest request) {
        boolean batch = request.contentType().equals(ProduceRequest.EVENTS);
        return (index, field) -> {
            String name = field.equals("key") ? "partitionkey" : field;
            if (!batch) {
                return name.isEmpty() ? "the event" : name;
            }
            return "events[" + index + "]" + (name.isEmpty() ? "" : "." + name);
        };
    }
}
