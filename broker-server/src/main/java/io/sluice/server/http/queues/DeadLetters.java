package io.sluice.server.http.queues;

import io.sluice.core.Broker;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.Topic;
import io.sluice.groups.queue.Afterlife.Letters;
import io.sluice.groups.queue.DeadLetter;
import io.sluice.groups.queue.MessageHeaders;
import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.groups.queue.QueueError;
import io.sluice.groups.queue.StoredMessage;
import io.sluice.server.http.Accept;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.Query;
import io.sluice.server.http.Routes;
import io.sluice.server.http.records.MessageReader;
import io.sluice.server.http.records.MessageReader.Body;
import io.sluice.server.http.records.RecordAccess;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** {@code GET /v1/queues/{queue}/dead-letters}. Safe on any event loop. */
final class DeadLetters {

    private static final Set<String> KNOWN = Set.of("after", "limit", "values", "max_bytes");
    private static final int DEFAULT_PAGE = 50;
    private static final int MAX_PAGE = 1_000;
    private static final int DEFAULT_BYTES = 1024 * 1024;
    private static final MessageId FIRST = new MessageId(0, 0);

    private final Broker broker;
    private final QueueCoordinator queues;
    private final RecordAccess records;

    DeadLetters(Broker broker, QueueCoordinator queues, RecordAccess records) {
        this.broker = broker;
        this.queues = queues;
        this.records = records;
    }

    void mount(Router router) {
        Routes.get(router, "/v1/queues/:queue/dead-letters", this::list);
    }

    private void list(RoutingContext ctx) {
        Accept.require(ctx, "application/json");
        Query query = Query.of(ctx, KNOWN);
        String queue = QueueFields.queue(ctx);
        MessageId from = query.text("after")
                .map(text -> MessageId.parse(text)
                        .orElseThrow(() -> Query.invalid("after", "must be what an answer of this route gave as next")))
                .orElse(FIRST);
        int limit = (int) query.number("limit", DEFAULT_PAGE, 1, MAX_PAGE);
        int maxBytes = (int)
                query.number("max_bytes", DEFAULT_BYTES, 1, records.limits().maxFetchBytes());
        Messages.Shown shown = Messages.Shown.of(query);
        JsonAnswer.here(queues.afterlife().deadLetters(queue, from, limit))
                .compose(letters -> {
                    QueueErrors.require(letters.error(), queue);
                    return page(ctx, letters, shown, maxBytes);
                })
                .onSuccess(page -> {
                    if (!ctx.response().ended() && !ctx.response().closed()) {
                        ctx.response().putHeader("Content-Type", "application/json");
                        ctx.response().end(page);
                    }
                })
                .onFailure(failure -> HttpErrors.respond(ctx, failure));
    }

    private Future<Buffer> page(RoutingContext ctx, Letters letters, Messages.Shown how, int maxBytes) {
        List<MessageId> places =
                letters.letters().stream().map(letter -> letter.message().id()).toList();
        MessageReader reader = new MessageReader(
                        records,
                        records.budget().reserve(ctx, 0),
                        partition -> log(letters, partition),
                        how.values(),
                        maxBytes)
                .only(how.content());
        return reader.read(places).map(bodies -> {
            int shown = places.size() - reader.left().size();
            Optional<MessageId> next = shown < places.size() ? Optional.of(places.get(shown)) : letters.next();
            return document(letters, shown, bodies, next);
        });
    }

    private PartitionLog log(Letters letters, int partition) {
        Topic topic = broker.topic(letters.topic())
                .orElseThrow(() -> QueueErrors.problem(QueueError.QUEUE_DELETED, letters.letterQueue()));
        return broker.partition(new TopicPartition(topic.name(), partition));
    }

    private static Buffer document(Letters letters, int shown, Map<MessageId, Body> bodies, Optional<MessageId> next) {
        Buffer out = Buffer.buffer(256)
                .appendString("{\"dead_letter_queue\":" + JsonText.quoted(letters.letterQueue()) + ",\"messages\":[");
        boolean isFirst = true;
        for (DeadLetter letter : letters.letters().subList(0, shown)) {
            Body body = bodies.get(letter.message().id());
            // What has been trimmed since it was found is not there any more.
            if (body != null) {
                out.appendString(isFirst ? "" : ",").appendBuffer(document(letter, body));
                isFirst = false;
            }
        }
        out.appendString("]");
        next.ifPresent(place -> out.appendString(",\"next\":\"" + place + "\""));
        return out.appendString("}");
    }

    private static Buffer document(DeadLetter letter, Body body) {
        StoredMessage message = letter.message();
        JsonObject origin = new JsonObject().put("queue", text(message, MessageHeaders.QUEUE));
        number(origin, "partition", message, MessageHeaders.PARTITION);
        number(origin, "offset", message, MessageHeaders.OFFSET);
        JsonObject head = new JsonObject()
                .put("id", body.id())
                .put("origin", origin)
                .put("partition", message.id().partition())
                .put("offset", message.id().offset())
                .put("state", Messages.title(letter.standing().state()));
        if (!letter.standing().consumer().isEmpty()) {
            head.put("consumer", letter.standing().consumer());
        }
        number(head, "enqueued_at", message, MessageHeaders.ENQUEUED_AT);
        number(head, "died_at", message, MessageHeaders.DIED_AT);
        head.put("reason", text(message, MessageHeaders.REASON));
        number(head, "deliveries", message, MessageHeaders.DELIVERIES);
        head.put("redrives", message.number(MessageHeaders.REDRIVES).orElse(0))
                .put("attempts", list(message, MessageHeaders.ATTEMPTS));
        if (message.header(MessageHeaders.EARLIER_DEATHS).isPresent()) {
            head.put("earlier_deaths", list(message, MessageHeaders.EARLIER_DEATHS));
        }
        Buffer out = head.toBuffer();
        // Its last brace comes last.
        return out.getBuffer(0, out.length() - 1).appendBytes(body.members());
    }

    private static String text(StoredMessage message, String header) {
        return message.text(header).orElse("");
    }

    private static void number(JsonObject document, String name, StoredMessage message, String header) {
        message.number(header).ifPresent(number -> document.put(name, number));
    }

    /** A list as it was written down; somebody else may have written something else there. */
    private static JsonArray list(StoredMessage message, String header) {
        try {
            return new JsonArray(message.text(header).orElse("[]"));
        } catch (DecodeException e) {
            return new JsonArray();
        }
    }
}
