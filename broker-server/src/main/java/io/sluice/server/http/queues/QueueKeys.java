package io.sluice.server.http.queues;

import io.sluice.groups.queue.KeyView;
import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.MessageView;
import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.JsonBody;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.Query;
import io.sluice.server.http.Routes;
import io.sluice.server.http.queues.Messages.Seen;
import io.sluice.server.http.records.MessageReader;
import io.sluice.server.http.records.MessageReader.Body;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Keys of a queue that stand still: {@code GET /v1/queues/{queue}/keys}, and {@code POST …/keys/park} and {@code …/keys/unpark} of one. Safe on
 * any event loop.
 */
final class QueueKeys {
    private static final Set<String> LISTING = Set.of("limit");
    private static final int DEFAULT_PAGE = 100;
    private static final int MAX_PAGE = 1_000;
    /** What is remembered of a queue is written down again and again. */
    private static final int MAX_KEY_BYTES = MessageReader.MAX_KEY_BYTES;

    private static final int MAX_REASON_CHARS = 1_000;

    private static final byte[] NOTHING = new byte[0];
    private static final String KEYS = "/v1/queues/:queue/keys";

    private final QueueCoordinator queues;
    private final Messages messages;
    private final int maxBodyBytes;

    QueueKeys(QueueCoordinator queues, Messages messages, int maxBodyBytes) {
        this.queues = queues;
        this.messages = messages;
        this.maxBodyBytes = maxBodyBytes;
    }

    void mount(Router router) {
        Routes.get(router, KEYS, ctx -> Messages.answer(ctx, this::list));
        router.post(KEYS + "/park").handler(JsonAnswer.answering(ctx -> park(ctx, true)));
        router.post(KEYS + "/unpark").handler(JsonAnswer.answering(ctx -> park(ctx, false)));
    }

    private Future<Buffer> list(RoutingContext ctx) {
        int limit = (int) Query.of(ctx, LISTING).number("limit", DEFAULT_PAGE, 1, MAX_PAGE);
        String queue = QueueFields.queue(ctx);
        return JsonAnswer.here(queues.keys(queue, limit)).compose(keys -> {
            QueueErrors.require(keys.error(), queue);
            List<MessageView> first =
                    keys.keys().stream().flatMap(key -> key.first().stream()).toList();
            return messages.keyed(ctx, queue, first).map(seen -> {
                Map<MessageId, Seen> byId =
                        seen.stream().collect(Collectors.toMap(one -> one.view().id(), Function.identity()));
                Buffer out = Buffer.buffer(256).appendString("{\"count\":" + keys.count() + ",\"keys\":[");
                for (int i = 0; i < keys.keys().size(); i++) {
                    append(out.appendString(i == 0 ? "" : ","), keys.keys().get(i), byId);
                }
                return out.appendString("]}");
            });
        });
    }

    private static void append(Buffer out, KeyView key, Map<MessageId, Seen> messages) {
        Optional<Seen> first = key.first().map(view -> messages.get(view.id()));
        out.appendString("{");
        if (key.parked().isPresent()) {
            JsonObject name = new JsonObject();
            put(name, key.parked().get().bytes());
            String members = name.encode();
            out.appendString(members.substring(1, members.length() - 1)).appendString(",");
        } else {
            byte[] members = first.flatMap(Seen::body).map(Body::members).orElse(NOTHING);
            if (members.length > 1) {
                // Between the comma that comes first and the brace that comes last.
                out.appendBytes(members, 1, members.length - 2).appendString(",");
            }
        }
        key.first()
                .ifPresent(view -> out.appendString("\"first\":")
                        .appendBuffer(first.map(Seen::document)
                                .orElseGet(() -> new JsonObject()
                                        .put("id", view.id().toString())
                                        .toBuffer()))
                        .appendString(","));
        out.appendString("\"behind\":" + key.behind());
        key.parked()
                .ifPresent(parked -> out.appendString(",\"parked\":")
                        .appendBuffer(new JsonObject()
                                .put("since", parked.atMs())
                                .put("reason", parked.reason())
                                .toBuffer()));
        out.appendString("}");
    }

    /** A key as text, if it is any. */
    private static void put(JsonObject document, byte[] key) {
        try {
            document.put(
                    "key",
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(key))
                            .toString());
        } catch (CharacterCodingException e) {
            document.put("key_base64", Base64.getEncoder().encodeToString(key));
        }
    }

    private Future<JsonAnswer> park(RoutingContext ctx, boolean park) {
        Query.refuse(ctx);
        String queue = QueueFields.queue(ctx);
        return JsonBody.read(ctx, maxBodyBytes).compose(fields -> {
            fields.allowOnly(park ? new String[] {"key", "key_base64", "reason"} : new String[] {"key", "key_base64"});
            byte[] key = key(fields);
            String reason = fields.text("reason", MAX_REASON_CHARS).orElse("");
            return JsonAnswer.here(park ? queues.park(queue, key, reason) : queues.unpark(queue, key))
                    .map(error -> {
                        QueueErrors.require(error, queue);
                        JsonObject document = new JsonObject();
                        put(document, key);
                        return JsonAnswer.of(200, document.put("parked", park));
                    });
        });
    }

    private static byte[] key(JsonFields fields) {
        boolean isText = fields.has("key");
        if (isText == fields.has("key_base64")) {
            throw JsonFields.invalid("key", "or key_base64, one of them, is needed");
        }
        byte[] key = isText
                ? fields.requiredText("key", MAX_KEY_BYTES).getBytes(StandardCharsets.UTF_8)
                : decoded(fields.requiredText("key_base64", 2 * MAX_KEY_BYTES));
        if (key.length > MAX_KEY_BYTES) {
            throw JsonFields.invalid(
                    isText ? "key" : "key_base64",
                    "has " + key.length + " bytes; one that is parked may have " + MAX_KEY_BYTES);
        }
        return key;
    }

    private static byte[] decoded(String text) {
        try {
            return Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw JsonFields.invalid("key_base64", "is not base64: " + e.getMessage());
        }
    }
}
