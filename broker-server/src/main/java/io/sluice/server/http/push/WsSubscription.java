package io.sluice.server.http.push;

import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import io.sluice.core.topic.TopicName;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.server.clients.Subscription;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.filter.RecordFilter;
import io.sluice.server.http.records.RecordChunks;
import io.sluice.server.http.records.RecordFrame;
import io.sluice.server.http.records.Values;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** One subscription of a WebSocket. Each record is a message. Owned by the connection's event loop. */
final class WsSubscription implements Outlet {
    /** How many records may be out that the client has not acknowledged. */
    private static final int MAX_UNACKNOWLEDGED = 1_000;

    private static final int MAX_TOPICS = 100;
    private static final byte[] CURSOR = ascii(",\"cursor\":\"");
    private static final byte[] END = ascii("\"}");

    private final WsConnection connection;
    private final Wish wish;
    private final Pump pump;
    private final byte[] before;
    /** The name in the group; empty without one. */
    private final String member;
    /** What others see of it. */
    private final Subscription subscription;

    private Optional<Membership> membership = Optional.empty();
    /** Records that were written since the socket was last given any. */
    private final List<Out> written = new ArrayList<>();
    /** Those that the socket was given and the client has not acknowledged, in their order. */
    private final ArrayDeque<Out> out = new ArrayDeque<>();

    private boolean inMessage;
    private boolean ended;

    /** A record, by the offset behind it. */
    private record Out(TopicIdPartition partition, long end) {}

    /**
     * What a client wants.
     *
     * @param id what it calls the subscription
     * @param acknowledges whether it says what is done; only in a group
     */
    record Wish(
            String id,
            List<Topic> topics,
            From from,
            RecordFilter filter,
            Values values,
            Optional<String> group,
            Optional<String> member,
            boolean acknowledges) {
        /**
         * Reads a message.
         *
         * @throws HttpProblem 400 or 404, naming the field
         */
        static Wish of(JsonFields fields, WsConnection connection) {
            fields.allowOnly(
                    "op", "id", "topic", "topics", "types", "filter", "from", "cursor", "values", "group", "member",
                    "ack");
            String id = fields.requiredText("id", EventsRequest.MAX_NAME_CHARS);
            Optional<String> group = fields.text("group", EventsRequest.MAX_NAME_CHARS);
            Optional<String> member = fields.text("member", EventsRequest.MAX_NAME_CHARS);
            boolean acknowledges = fields.flag("ack", false);
            if (group.isEmpty() && (member.isPresent() || acknowledges)) {
                throw JsonFields.invalid(acknowledges ? "ack" : "member", "is for members of a group: say which");
            }
            From from;
            Optional<String> cursor = fields.text("cursor", PushCursor.MAX_CHARS);
            if (cursor.isPresent()) {
                from = From.cursor(cursor.get());
            } else {
                from = fields.text("from", PushCursor.MAX_CHARS)
                        .map(text -> From.of(text, connection.clock.millis()))
                        .orElse(group.isPresent() ? From.EARLIEST : From.LATEST);
            }
            if (group.isPresent() && from.kind() == From.Kind.TIME) {
                throw JsonFields.invalid("from", "must be earliest, latest or a cursor for a group");
            }
            return new Wish(
                    id,
                    topics(fields, connection, group.isPresent()),
                    from,
                    filter(fields),
                    Values.parse(
                            fields.text("values", EventsRequest.MAX_NAME_CHARS).orElse("")),
                    group,
                    member,
                    acknowledges);
        }

        private static List<Topic> topics(JsonFields fields, WsConnection connection, boolean ofGroup) {
            List<String> names = new ArrayList<>(fields.list("topics", MAX_TOPICS));
            fields.text("topic", EventsRequest.MAX_NAME_CHARS).ifPresent(names::add);
            if (names.isEmpty()) {
                throw JsonFields.invalid("topics", "must name a topic at least");
            }
            names.forEach(ofGroup ? TopicName::requireForUsers : TopicName::requireValid);
            return names.stream()
                    .distinct()
                    .map(connection.loop.broker::requireTopic)
                    .toList();
        }

        private static RecordFilter filter(JsonFields fields) {
            List<String> conditions = new ArrayList<>(fields.textOrList("filter", RecordFilter.MAX_CONDITIONS));
            List<String> types = fields.list("types", RecordFilter.MAX_CONDITIONS);
            if (!types.isEmpty()) {
                conditions.add("type=" + String.join(",", types));
            }
            return RecordFilter.parse(conditions);
        }
    }

    WsSubscription(WsConnection connection, Wish wish) {
        this.connection = connection;
        this.wish = wish;
        String named = new JsonObject().put("id", wish.id()).encode();
        this.before = ("{\"op\":\"record\"," + named.substring(1, named.length() - 1) + ",\"record\":")
                .getBytes(StandardCharsets.UTF_8);
        this.pump = new Pump(connection.loop, this, wish.values(), wish.filter(), true, new Frame());
        this.member = wish.group().isEmpty() ? "" : wish.member().orElseGet(() -> "ws-" + UUID.randomUUID());
        this.subscription = new Subscription(
                wish.group().orElse(""),
                member,
                wish.topics().stream().map(Topic::name).toList(),
                wish.filter().texts());
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private final class Frame implements RecordFrame {
        @Override
        public byte[] before() {
            return before;
        }

        @Override
        public byte[] after(long offset, byte[] eventType) {
            if (wish.acknowledges()) {
                written.add(new Out(pump.current().id(), offset + 1));
            }
            byte[] cursor = PushCursor.encode(pump.places(), pump.current(), offset + 1);
            return Buffer.buffer(CURSOR.length + cursor.length + END.length)
                    .appendBytes(CURSOR)
                    .appendBytes(cursor)
                    .appendBytes(END)
                    .getBytes();
        }
    }

    String id() {
        return wish.id();
    }

    boolean isInRecord() {
        return inMessage;
    }

    void resume() {
        pump.resume();
    }

    // ---- the beginning ----

    void start() {
        connection.client.subscribed(subscription);
        if (wish.group().isPresent()) {
            Membership joined = new Membership(
                    connection.loop,
                    new Membership.Wish(
                            wish.group().get(),
                            member,
                            wish.topics().stream().map(Topic::name).toList(),
                            EventsRequest.sessionTimeoutMs(connection.groupLimits),
                            connection.clientId,
                            connection.socket.remoteAddress().hostAddress(),
                            new HashMap<>(wish.from().offsets()),
                            wish.from().kind() == From.Kind.LATEST,
                            wish.acknowledges()),
                    pump,
                    this::assigned,
                    this::failed);
            membership = Optional.of(joined);
            joined.start();
            return;
        }
        new Starts(connection.loop)
                .of(wish.topics(), wish.from())
                .onSuccess(starts -> {
                    if (!ended) {
                        wish.topics().forEach(pump::follow);
                        pump.readOnly(PushRoutes.places(pump, wish.topics(), starts));
                        tell("subscribed");
                    }
                })
                .onFailure(this::failed);
    }

    private void assigned() {
        // What comes again is not out any more, and so is what another member has now.
        Map<TopicIdPartition, Long> reached = new HashMap<>();
        pump.places().forEach(place -> reached.put(place.id(), place.offset()));
        out.removeIf(one -> reached.getOrDefault(one.partition(), 0L) < one.end());
        tell("subscribed");
    }

    private void tell(String op) {
        pump.clearMoved();
        connection.send(named(op).put("cursor", cursor()));
    }

    private JsonObject named(String op) {
        return new JsonObject().put("op", op).put("id", wish.id());
    }

    private String cursor() {
        return new String(PushCursor.encode(pump.places(), null, 0), StandardCharsets.US_ASCII);
    }

    /** What was passed over is told from time to time, so that nobody has to look at it again. */
    void tellCursor() {
        if (pump.hasMoved() && !pump.isBusy() && !pump.isInRecord()) {
            tell("cursor");
        }
    }

    // ---- records ----

    @Override
    public boolean isReady() {
        return !ended && (inMessage || out.size() < MAX_UNACKNOWLEDGED) && connection.takeTurn(this);
    }

    @Override
    public Future<Void> write(RecordChunks.Chunk chunk, boolean inRecord) {
        Promise<Void> sent = Promise.promise();
        connection.inTurn(this, () -> {
            if (ended) {
                connection.endTurn(this);
                sent.fail("ended");
            } else {
                send(chunk).onComplete(sent);
            }
        });
        return sent.future();
    }

    private Future<Void> send(RecordChunks.Chunk chunk) {
        pump.clearMoved();
        out.addAll(written);
        written.clear();
        byte[] text = chunk.text().getBytes();
        Future<Void> last = Future.succeededFuture();
        int from = 0;
        for (int end : chunk.ends()) {
            last = frame(text, from, end, true);
            from = end;
        }
        if (from < text.length) {
            last = frame(text, from, text.length, false);
        }
        return last.onComplete(done -> {
            if (!inMessage) {
                connection.endTurn(this);
            }
        });
    }

    private Future<Void> frame(byte[] text, int from, int to, boolean isLast) {
        if (!inMessage && isLast) {
            return connection.socket.writeFrame(
                    WebSocketFrame.textFrame(new String(text, from, to - from, StandardCharsets.UTF_8), true));
        }
        if (!inMessage) {
            // A frame of text is given as a text; a piece may end in the midst of a character.
            connection.socket.writeFrame(WebSocketFrame.textFrame("", false));
        }
        inMessage = !isLast;
        return connection.socket.writeFrame(
                WebSocketFrame.continuationFrame(Buffer.buffer(to - from).appendBytes(text, from, to - from), isLast));
    }

    Future<Void> acknowledge(Map<TopicIdPartition, Long> offsets) {
        if (!wish.acknowledges()) {
            return Future.failedFuture(JsonFields.invalid(
                    "id", "is of a subscription that was not made with \"ack\": true, so that nothing waits for it"));
        }
        while (!out.isEmpty()
                && out.peek().end() <= offsets.getOrDefault(out.peek().partition(), 0L)) {
            out.poll();
        }
        pump.resume();
        return membership.orElseThrow().acknowledge(offsets);
    }

    @Override
    public void gap(TopicPartition partition, long from, long to) {
        connection.send(named("gap")
                .put("topic", partition.topic())
                .put("partition", partition.partition())
                .put("from", from)
                .put("to", to)
                .put("cursor", cursor()));
    }

    // ---- the end ----

    @Override
    public void topicDeleted(String topic, boolean last) {
        connection.send(named("topic_deleted").put("topic", topic).put("last", last));
        if (last) {
            end();
        }
    }

    @Override
    public void gone() {
        end();
    }

    @Override
    public void failed(Throwable why) {
        if (!ended) {
            connection.refuse(Optional.of(wish.id()), why);
            end();
        }
    }

    /** Ends it between two records. */
    void stop(Runnable then) {
        pump.pause(() -> {
            end();
            then.run();
        });
    }

    void end() {
        if (!ended) {
            ended = true;
            connection.client.unsubscribed(subscription);
            membership.ifPresent(Membership::close);
            pump.close();
            connection.forget(this);
        }
    }
}
