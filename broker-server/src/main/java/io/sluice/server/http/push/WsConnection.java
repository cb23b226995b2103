package io.sluice.server.http.push;

import io.sluice.groups.GroupLimits;
import io.sluice.server.clients.Client;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.MemoryBudget;
import io.sluice.server.http.OpenStream;
import io.sluice.server.http.SocketMessages;
import io.sluice.server.http.records.RecordPublisher;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.json.JsonObject;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * One WebSocket: takes messages, each a JSON object with an {@code op}, and sends those of its subscriptions. They have their turns: a
 * record that goes out in several frames is not broken by another. Owned by the connection's event loop.
 */
final class WsConnection implements OpenStream, PushLoop.Ticking {
    /** What a message to publish says besides its record. */
    private static final List<String> PUBLISH = List.of("op", "id", "topic", "type");

    private static final List<String> RECORD = List.of(
            "key", "key_base64", "value", "value_base64", "headers", "headers_base64", "partition", "timestamp");
    /** How many answers may wait for a client that asks and does not listen. */
    private static final int MAX_BEHIND = 1_000;
    /** After so many silent heartbeats, pings included, the other end is taken for gone. */
    private static final int SILENT_HEARTBEATS = 3;

    final PushLoop loop;
    ServerWebSocket socket;
    final InstantSource clock;
    final GroupLimits groupLimits;
    final String clientId;
    final Client client;

    private final RecordPublisher publisher;
    private final SocketMessages messages;
    private final Map<String, WsSubscription> subscriptions = new LinkedHashMap<>();
    /** Those that have a piece to send and wait for the one that is sending. */
    private final ArrayDeque<WsSubscription> waiting = new ArrayDeque<>();
    /** Pieces that were being made when another subscription began to send. */
    private final ArrayDeque<Runnable> parked = new ArrayDeque<>();
    /** The one that is sending; it keeps its turn to the end of a record. */
    private Optional<WsSubscription> sending = Optional.empty();

    /** Answers that wait for the end of a record. */
    private final ArrayDeque<JsonObject> behind = new ArrayDeque<>();
    /** Answers that were written since the client last took any. */
    private int unsent;

    /** How many records and acknowledgements are on their way into a log. */
    private int underWay;

    private long heardNs = System.nanoTime();
    private long pingedNs = heardNs;
    private boolean closed;
    /** Sends the close frame. */
    private Runnable goodbye = () -> SocketMessages.close(socket, SocketMessages.NORMAL, "");

    WsConnection(
            PushLoop loop,
            RecordPublisher publisher,
            GroupLimits groupLimits,
            InstantSource clock,
            String clientId,
            Client client,
            MemoryBudget memory) {
        this.loop = loop;
        this.publisher = publisher;
        this.groupLimits = groupLimits;
        this.clock = clock;
        this.clientId = clientId;
        this.client = client;
        this.messages = new SocketMessages(memory);
    }

    /** @param upgraded the socket, which is this connection's from now on */
    void start(ServerWebSocket upgraded) {
        socket = upgraded;
        socket.closeHandler(nothing -> {
            messages.close();
            end();
        });
        socket.exceptionHandler(this::broken);
        SocketMessages.beforeClose(socket, byClient -> {
            if (closed) {
                goodbye.run();
            } else if (byClient) {
                close(SocketMessages.NORMAL, "");
            } else {
                stop();
            }
        });
        socket.pongHandler(pong -> heard());
        messages.read(
                socket,
                this::message,
                () -> refuse(new HttpProblem(
                        400,
                        "invalid_message",
                        "messages are JSON objects in text frames, and this was a binary one")));
        loop.add(this);
    }

    /** The other end has gone, or what it sends is no message, or too large for one. */
    private void broken(Throwable failure) {
        close(SocketMessages.codeOf(failure), "this cannot be read: " + failure.getMessage());
    }

    @Override
    public boolean received(int bytes) {
        boolean isRead = messages.received(bytes);
        if (!isRead) {
            close(SocketMessages.TRY_AGAIN_LATER, "requests in flight take all the memory that they may");
        }
        return isRead;
    }

    private void heard() {
        heardNs = System.nanoTime();
    }

    // ---- messages ----

    private void message(String text) {
        heard();
        Optional<String> id = Optional.empty();
        try {
            JsonFields fields = Members.outside(text, RECORD);
            id = fields.text("id", EventsRequest.MAX_NAME_CHARS);
            String op = fields.requiredText("op", EventsRequest.MAX_NAME_CHARS);
            switch (op) {
                case "subscribe" -> subscribe(fields);
                case "unsubscribe" -> unsubscribe(fields);
                case "publish" -> publish(id, fields, text);
                case "ack" -> acknowledge(fields);
                case "ping" -> send(new JsonObject().put("op", "pong").put("id", id.orElse(null)));
                default ->
                    throw JsonFields.invalid(
                            "op", "is \"" + op + "\", not subscribe, unsubscribe, publish, ack or ping");
            }
        } catch (RuntimeException e) {
            refuse(id, e);
        }
    }

    private void subscribe(JsonFields fields) {
        WsSubscription.Wish wish = WsSubscription.Wish.of(fields, this);
        if (subscriptions.containsKey(wish.id())) {
            throw JsonFields.invalid("id", "is that of a subscription already: " + wish.id());
        }
        if (subscriptions.size() >= loop.limits.maxSubscriptions()) {
            throw new HttpProblem(
                    429,
                    "too_many_subscriptions",
                    "the connection has all the " + loop.limits.maxSubscriptions() + " subscriptions it may have");
        }
        WsSubscription subscription = new WsSubscription(this, wish);
        subscriptions.put(wish.id(), subscription);
        subscription.start();
    }

    private WsSubscription subscription(JsonFields fields) {
        String id = fields.requiredText("id", EventsRequest.MAX_NAME_CHARS);
        WsSubscription subscription = subscriptions.get(id);
        if (subscription == null) {
            throw new HttpProblem(404, "unknown_subscription", "there is no subscription " + id).with("field", "id");
        }
        return subscription;
    }

    private void unsubscribe(JsonFields fields) {
        fields.allowOnly("op", "id");
        WsSubscription subscription = subscription(fields);
        subscription.stop(() -> send(new JsonObject().put("op", "unsubscribed").put("id", subscription.id())));
    }

    private void acknowledge(JsonFields fields) {
        fields.allowOnly("op", "id", "cursor");
        WsSubscription subscription = subscription(fields);
        String cursor = fields.requiredText("cursor", PushCursor.MAX_CHARS);
        counted(subscription.acknowledge(PushCursor.decode(cursor)))
                .onSuccess(done -> send(new JsonObject()
                        .put("op", "acked")
                        .put("id", subscription.id())
                        .put("cursor", cursor)))
                .onFailure(failure -> refuse(Optional.of(subscription.id()), failure));
    }

    private void publish(Optional<String> id, JsonFields fields, String text) {
        List<String> known = new ArrayList<>(PUBLISH);
        known.addAll(RECORD);
        fields.allowOnly(known.toArray(String[]::new));
        String topic = fields.requiredText("topic", EventsRequest.MAX_NAME_CHARS);
        Optional<String> type = fields.text("type", EventsRequest.MAX_NAME_CHARS);
        byte[] record = Members.without(text, PUBLISH);
        Future<RecordPublisher.Published> published;
        try {
            published = publisher.publish(topic, record, type);
        } catch (RuntimeException e) {
            published = Future.failedFuture(e);
        }
        counted(published).onComplete(done -> {
            if (done.failed()) {
                refuse(id, done.cause());
                return;
            }
            loop.metrics.published();
            send(new JsonObject()
                    .put("op", "published")
                    .put("id", id.orElse(null))
                    .put("topic", topic)
                    .put("partition", done.result().partition())
                    .put("offset", done.result().offset()));
        });
    }

    /** No more is read while there is too much on its way. */
    private <T> Future<T> counted(Future<T> oneMore) {
        underWay++;
        if (underWay >= loop.limits.maxPublishes()) {
            socket.pause();
        }
        return oneMore.onComplete(done -> {
            if (underWay-- == loop.limits.maxPublishes()) {
                // It could not be heard until now.
                heardNs = System.nanoTime();
                socket.resume();
            }
        });
    }

    // ---- answers ----

    /** Sends a message, unless the socket is in the midst of another; then behind that. */
    Future<Void> send(JsonObject message) {
        // Its client may have closed it, which is told a turn later.
        if (closed || socket.isClosed()) {
            return Future.failedFuture("closed");
        }
        if (sending.isPresent() && sending.get().isInRecord()) {
            behind.add(message);
            if (behind.size() > MAX_BEHIND) {
                close(SocketMessages.POLICY, "too much is asked for while nothing is taken");
            }
            return Future.succeededFuture();
        }
        if (socket.writeQueueFull() && ++unsent > MAX_BEHIND) {
            close(SocketMessages.POLICY, "too much is asked for while nothing is taken");
            return Future.failedFuture("closed");
        }
        return socket.writeTextMessage(message.encode()).onSuccess(done -> unsent = 0);
    }

    private void refuse(Throwable why) {
        refuse(Optional.empty(), why);
    }

    void refuse(Optional<String> id, Throwable why) {
        JsonObject message = new JsonObject().put("op", "error");
        id.ifPresent(of -> message.put("id", of));
        send(message.put("error", HttpErrors.document(why, "a message of a WebSocket")));
    }

    // ---- turns ----

    /** Whether a subscription may send now; else it is told when it may. */
    boolean takeTurn(WsSubscription subscription) {
        if (closed) {
            return false;
        }
        if (sending.isEmpty() || sending.get() == subscription) {
            return true;
        }
        if (!waiting.contains(subscription)) {
            waiting.add(subscription);
        }
        return false;
    }

    /** Runs what writes a piece: now, or when the one that is sending has come to the end of a record. */
    void inTurn(WsSubscription subscription, Runnable write) {
        if (sending.isPresent() && sending.get() != subscription) {
            parked.add(() -> inTurn(subscription, write));
            return;
        }
        sending = Optional.of(subscription);
        write.run();
    }

    /** The socket has taken a piece that ended with a record. */
    void endTurn(WsSubscription subscription) {
        if (sending.isPresent() && sending.get() == subscription) {
            sending = Optional.empty();
            while (!behind.isEmpty() && !closed) {
                send(behind.poll());
            }
            while (!parked.isEmpty() && sending.isEmpty()) {
                parked.poll().run();
            }
            // All of them: the first may have nothing to send any more. Who comes first takes the turn.
            List<WsSubscription> all = List.copyOf(waiting);
            waiting.clear();
            all.forEach(WsSubscription::resume);
        }
    }

    /** A subscription has ended. */
    void forget(WsSubscription subscription) {
        subscriptions.remove(subscription.id(), subscription);
        waiting.remove(subscription);
        endTurn(subscription);
    }

    // ---- the end ----

    @Override
    public void tick(long nowNs) {
        long heartbeatNs = TimeUnit.MILLISECONDS.toNanos(loop.limits.heartbeatMs());
        boolean isHeard = sending.isEmpty() && underWay < loop.limits.maxPublishes();
        if (isHeard && nowNs - heardNs > SILENT_HEARTBEATS * heartbeatNs + heartbeatNs) {
            close(SocketMessages.POLICY, "no answer to a ping");
            return;
        }
        if (nowNs - pingedNs > heartbeatNs && sending.isEmpty()) {
            pingedNs = nowNs;
            socket.writePing(Buffer.buffer());
            subscriptions.values().forEach(WsSubscription::tellCursor);
        }
    }

    @Override
    public void stop() {
        close(SocketMessages.GOING_AWAY, "the broker stops; come again");
    }

    private void close(short code, String why) {
        if (!closed && socket != null) {
            end();
            goodbye = () -> SocketMessages.close(socket, code, why);
            goodbye.run();
        }
    }

    private void end() {
        if (!closed) {
            closed = true;
            loop.remove(this);
            List.copyOf(subscriptions.values()).forEach(WsSubscription::end);
            subscriptions.clear();
        }
    }
}
