package io.sluice.server.http.queues;

import static io.sluice.server.http.SocketMessages.GOING_AWAY;
import static io.sluice.server.http.SocketMessages.POLICY;
import static io.sluice.server.http.SocketMessages.TRY_AGAIN_LATER;

import io.sluice.core.topic.Topic;
import io.sluice.groups.queue.QueueCoordinator;
import io.sluice.groups.queue.QueueError;
import io.sluice.groups.queue.Receive;
import io.sluice.groups.queue.Receive.Ack;
import io.sluice.groups.queue.Receive.Extension;
import io.sluice.groups.queue.Receive.Lease;
import io.sluice.groups.queue.Receive.Nack;
import io.sluice.groups.queue.Receive.Outcome;
import io.sluice.groups.queue.Receive.Outcomes;
import io.sluice.groups.queue.Receive.Received;
import io.sluice.server.clients.Client;
import io.sluice.server.clients.Subscription;
import io.sluice.server.http.Caller;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.MemoryBudget;
import io.sluice.server.http.OpenStream;
import io.sluice.server.http.SocketMessages;
import io.sluice.server.http.queues.Deliveries.Delivery;
import io.sluice.server.http.queues.Settlements.Entries;
import io.sluice.server.http.records.MessageSender;
import io.sluice.server.http.records.Values;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * One WebSocket of a queue: sends messages, is given some without asking for each, and says what became of them. What comes together is done together, and
 * answers that are ready together leave as one message: that is where its speed is from. Owned by the connection's event loop.
 *
 * <p>Nothing of it waits without bound: a client that asks faster than it is answered, or does not take what it is sent, is not read meanwhile.
 */
final class QueueSocket implements OpenStream {
    private static final int DEFAULT_SESSION_MS = 10_000;
    private static final int READ_BYTES = 1024 * 1024;
    /** How much goes out as one message, unless a single one is larger. */
    private static final int MESSAGE_BYTES = 64 * 1024;
    /** How many characters may wait to be sent, but for what is added to fewer. */
    private static final int MAX_UNSENT = 4 * MESSAGE_BYTES;
    /** How long a receiver waits at the queue before it asks again. */
    private static final long WAIT_MS = 60_000;

    private static final int MIN_OUT_BYTES = 512;
    private static final long RETRY_MS = 500;
    /** How long it may be from one look at a connection to the next; what is more is the broker's own silence. */
    private static final long AWAY_NS = TimeUnit.MILLISECONDS.toNanos(2 * QueueSockets.TICK_MS);

    /** How often it asks again at once if nothing of what it got can be read. */
    private static final int MAX_FRUITLESS = 100;

    /** How long others wait for what a connection had, as the queue has it for sessions. */
    private static final long CUT_MS = 2_000;
    /** After so many silent heartbeats, pings included, the other end is taken for gone. */
    private static final int SILENT_HEARTBEATS = 3;

    private final QueueSockets loop;
    private final String queue;
    private final Topic topic;
    private final String address;
    private final Client client;
    private final SocketMessages messages;
    private ServerWebSocket socket;
    private boolean closed;
    /** Sends the close frame. */
    private Runnable goodbye = () -> SocketMessages.close(socket, SocketMessages.NORMAL, "");

    // ---- what has been asked for ----

    private int asked;
    private long askedBytes;
    private final MemoryBudget.Reservation memory;
    private boolean paused;
    /** Acknowledgements that have come together. */
    private List<Ack> acks = new ArrayList<>();

    /** Who waits for them, in their order. */
    private List<Waiting> waiting = new ArrayList<>();

    private record Waiting(Optional<String> id, Entries<Ack> entries, int bytes) {}

    // ---- what is on its way out ----

    private Buffer out;
    private List<MemoryBudget.Reservation> outMemory = new ArrayList<>();
    /** How many characters the socket has not taken yet. */
    private long unsent;
    /** Whether that is as much as it may be: the other end takes less than it is sent. */
    private boolean full;

    // ---- what is received ----

    private Optional<Receiver> receiver = Optional.empty();
    /** How many messages it may have. */
    private int max;
    /** What it has, with the time until which, in ms since the epoch. */
    private final Map<Lease, Long> held = new HashMap<>();

    private boolean receiving;
    /** Whether it is too early to ask again. */
    private boolean resting;
    /** How often there was nothing to read in what it got, one time after the other. */
    private int fruitless;

    private Subscription subscription;
    private Runnable cancel = () -> {};

    /**
     * Who receives.
     *
     * @param visibilityMs for how long messages are its own; empty for as long as the connection lasts
     * @param sessionMs how long the connection may be silent then; else 0
     */
    private record Receiver(String consumer, OptionalLong visibilityMs, int sessionMs, Values values) {
        boolean hasSession() {
            return sessionMs > 0;
        }
    }

    private long heardNs = System.nanoTime();
    private long pingedNs = heardNs;
    private long tickedNs = heardNs;
    /** When the other end last took something, if it is to take more. */
    private long takenNs = heardNs;

    QueueSocket(QueueSockets loop, RoutingContext ctx, Topic topic) {
        this.loop = loop;
        this.queue = topic.name();
        this.topic = topic;
        this.address = ctx.request().remoteAddress().hostAddress() + ":"
                + ctx.request().remoteAddress().port();
        this.client = Caller.of(ctx);
        this.messages = new SocketMessages(MemoryBudget.of(ctx.request()));
        this.memory = MemoryBudget.of(ctx.request()).reserve(0);
    }

    /** @param upgraded the socket, which is this one's from now on */
    void start(ServerWebSocket upgraded) {
        socket = upgraded;
        socket.closeHandler(nothing -> {
            messages.close();
            end();
        });
        socket.exceptionHandler(
                failure -> close(SocketMessages.codeOf(failure), "this cannot be read: " + failure.getMessage()));
        SocketMessages.beforeClose(socket, byClient -> {
            if (closed) {
                goodbye.run();
            } else if (byClient) {
                close(SocketMessages.NORMAL, "");
            } else {
                stop();
            }
        });
        messages.read(
                socket,
                this::message,
                () -> refuse(
                        Optional.empty(),
                        new HttpProblem(
                                400,
                                "invalid_message",
                                "messages are JSON in text frames, and this was a binary one")));
        loop.add(this);
    }

    @Override
    public boolean received(int bytes) {
        // Pongs too, and what is not whole yet.
        heardNs = System.nanoTime();
        boolean isRead = messages.received(bytes);
        if (!isRead) {
            close(TRY_AGAIN_LATER, "requests in flight take all the memory that they may");
        }
        return isRead;
    }

    // ---- what is asked for ----

    private void message(String text) {
        List<SocketOp> ops;
        try {
            ops = SocketOp.in(text);
        } catch (RuntimeException e) {
            refuse(Optional.empty(), e);
            return;
        }
        for (SocketOp op : ops) {
            run(op);
        }
    }

    private void run(SocketOp op) {
        if (closed) {
            // Nobody would hear what became of it.
            return;
        }
        Optional<String> id = op.id();
        try {
            JsonFields fields = op.fields();
            id = fields.text("id", Receives.MAX_NAME_CHARS);
            switch (fields.requiredText("op", Receives.MAX_NAME_CHARS)) {
                case "send" -> send(id, fields, op);
                case "receive" -> receive(id, fields);
                case "ack" -> acknowledge(id, fields, op.length());
                case "nack" -> reject(id, fields, op.length());
                case "extend" -> extend(id, fields, op.length());
                case "ping" -> {
                    fields.allowOnly("op", "id");
                    say(head("pong", id).appendString("}"));
                }
                default ->
                    throw JsonFields.invalid(
                            "op", "is \"" + op.op().orElse("") + "\", not send, receive, ack, nack, extend or ping");
            }
        } catch (RuntimeException e) {
            refuse(id, e);
        }
    }

    /** @param bytes what was asked for, of which the memory is counted until it is answered */
    private void begun(int bytes) {
        memory.grow(bytes);
        askedBytes += bytes;
        asked++;
        goOn();
    }

    private void ended(int bytes) {
        memory.shrink(askedBytes -= bytes);
        asked--;
        goOn();
    }

    /** Reads what comes next, if there is room for it and for its answers. */
    private void goOn() {
        boolean pause = full || asked >= loop.limits.maxPublishes();
        if (pause != paused && !closed && !socket.isClosed()) {
            paused = pause;
            if (pause) {
                socket.pause();
            } else {
                heardNs = System.nanoTime();
                socket.resume();
            }
        }
        ask();
    }

    /** Whether the queue is there: another of its name is not the same. */
    private boolean isThere() {
        return loop.broker.topic(queue).map(Topic::id).equals(Optional.of(topic.id()));
    }

    private void requireQueue() {
        if (!isThere()) {
            deleted();
            throw QueueErrors.problem(QueueError.QUEUE_DELETED, queue);
        }
    }

    private void deleted() {
        close(GOING_AWAY, "queue " + queue + " was deleted");
    }

    private void send(Optional<String> id, JsonFields fields, SocketOp op) {
        fields.allowOnly("op", "id", SocketOp.MESSAGES);
        requireQueue();
        byte[] json = op.messages();
        client.produced(queue);
        // What it takes until it is in the log is counted where that happens.
        begun(0);
        Future<MessageSender.Sent> sending;
        try {
            sending = loop.sends.send(json, queue);
        } catch (RuntimeException e) {
            sending = Future.failedFuture(e);
        }
        sending.onComplete(sent -> {
            if (sent.failed()) {
                refuse(id, sent.cause());
            } else {
                Buffer document = sent.result().document();
                say(head("sent", id).appendString(",").appendBuffer(document, 1, document.length() - 1));
            }
            ended(0);
        });
    }

    private void acknowledge(Optional<String> id, JsonFields fields, int bytes) {
        Entries<Ack> all = Settlements.acks(fields, "op", "id");
        requireQueue();
        begun(bytes);
        if (waiting.isEmpty()) {
            // What else has come by then is settled with it.
            loop.context.runOnContext(nothing -> acknowledge());
        }
        acks.addAll(all.leases());
        waiting.add(new Waiting(id, all, bytes));
        if (acks.size() >= Settlements.MAX_ENTRIES) {
            acknowledge();
        }
    }

    private void acknowledge() {
        if (waiting.isEmpty()) {
            return;
        }
        List<Ack> now = acks;
        List<Waiting> who = waiting;
        acks = new ArrayList<>();
        waiting = new ArrayList<>();
        Map<Lease, Long> released = release(now.stream().map(Ack::lease).toList());
        JsonAnswer.here(loop.queues.acknowledge(queue, now)).onSuccess(outcomes -> {
            if (outcomes.error() != QueueError.NONE) {
                held.putAll(released);
            }
            int from = 0;
            for (Waiting one : who) {
                settled("acked", one.id(), outcomes, from, one.entries(), false);
                from += one.entries().leases().size();
                ended(one.bytes());
            }
        });
        // Behind the acknowledgements, so that what they make room for comes with them.
        ask();
    }

    private void reject(Optional<String> id, JsonFields fields, int bytes) {
        Entries<Nack> nacks = Settlements.nacks(fields, "op", "id");
        requireQueue();
        // What was said first of a lease holds.
        acknowledge();
        begun(bytes);
        Map<Lease, Long> released =
                release(nacks.leases().stream().map(Nack::lease).toList());
        JsonAnswer.here(loop.queues.reject(queue, nacks.leases())).onSuccess(outcomes -> {
            if (outcomes.error() != QueueError.NONE) {
                held.putAll(released);
            }
            settled("nacked", id, outcomes, 0, nacks, false);
            ended(bytes);
        });
        ask();
    }

    private void extend(Optional<String> id, JsonFields fields, int bytes) {
        Entries<Extension> extensions = Settlements.extensions(fields, "op", "id");
        requireQueue();
        acknowledge();
        begun(bytes);
        JsonAnswer.here(loop.queues.extend(queue, extensions.leases())).onSuccess(outcomes -> {
            for (Outcome outcome : outcomes.outcomes()) {
                if (outcome.error() != QueueError.NONE) {
                    held.remove(outcome.lease());
                } else if (outcome.untilMs() > 0) {
                    held.computeIfPresent(outcome.lease(), (lease, untilMs) -> outcome.untilMs());
                }
            }
            settled("extended", id, outcomes, 0, extensions, true);
            ended(bytes);
        });
    }

    /** What others may have now, or somebody else has already: it makes room. Returns what was held of it. */
    private Map<Lease, Long> release(List<Lease> leases) {
        Map<Lease, Long> released = new HashMap<>();
        for (Lease lease : leases) {
            Long untilMs = held.remove(lease);
            if (untilMs != null) {
                released.put(lease, untilMs);
            }
        }
        return released;
    }

    /** @param from where in the outcomes those of the entries begin */
    private void settled(
            String op, Optional<String> id, Outcomes outcomes, int from, Entries<?> entries, boolean holds) {
        if (outcomes.error() != QueueError.NONE) {
            refuse(id, QueueErrors.problem(outcomes.error(), queue));
            return;
        }
        Outcomes own = new Outcomes(
                QueueError.NONE,
                outcomes.outcomes().subList(from, from + entries.leases().size()));
        say(head(op, id)
                .appendString(",\"results\":")
                .appendBuffer(Settlements.results(own, entries.others(), holds).toBuffer())
                .appendString("}"));
    }

    // ---- receiving ----

    private void receive(Optional<String> id, JsonFields fields) {
        requireQueue();
        if (receiver.isPresent()) {
            fields.allowOnly("op", "id", "max");
        } else {
            fields.allowOnly("op", "id", "max", "consumer", "session_timeout_ms", "visibility_timeout_ms", "values");
        }
        int wanted = (int) fields.requiredNumber("max", 0, Receives.MAX_MESSAGES);
        if (receiver.isEmpty()) {
            Receiver one = receiver(fields);
            receiver = Optional.of(one);
            subscription = Subscription.ofQueue(queue, one.consumer());
            client.subscribed(subscription);
            if (one.hasSession()) {
                loop.queues.begins(queue, topic.id(), one.consumer());
            }
        }
        if (wanted < max) {
            // Who waits at the queue waits for more than it may have.
            cancel.run();
        }
        max = wanted;
        say(head("receiving", id)
                .appendString(",\"max\":" + max + ",\"consumer\":"
                        + JsonText.quoted(receiver.get().consumer()) + "}"));
        ask();
    }

    private Receiver receiver(JsonFields fields) {
        boolean timed = fields.has("visibility_timeout_ms");
        if (timed && fields.has("session_timeout_ms")) {
            throw JsonFields.invalid(
                    "visibility_timeout_ms",
                    "is given beside session_timeout_ms: a lease lasts for some time or as long as the connection");
        }
        String name = fields.text("consumer", Receives.MAX_NAME_CHARS).orElse("");
        Values values =
                Values.parse(fields.text("values", Receives.MAX_NAME_CHARS).orElse(""));
        return new Receiver(
                name.isEmpty() ? address : name,
                timed
                        ? OptionalLong.of(fields.number("visibility_timeout_ms", 0, 0, Receives.MAX_VISIBILITY_MS))
                        : OptionalLong.empty(),
                timed
                        ? 0
                        : (int) fields.number(
                                "session_timeout_ms",
                                DEFAULT_SESSION_MS,
                                Receives.MIN_SESSION_MS,
                                Receives.MAX_SESSION_MS),
                values);
    }

    /** Asks for as many messages as there is room for, unless it has asked already. */
    private void ask() {
        int room = max - held.size();
        if (room <= 0 || receiving || resting || full || closed) {
            return;
        }
        receiving = true;
        Receiver one = receiver.orElseThrow();
        QueueCoordinator.Receiving asking = loop.queues.receive(
                queue,
                new Receive.Request(
                        one.consumer(),
                        room,
                        READ_BYTES,
                        one.visibilityMs(),
                        one.sessionMs(),
                        loop.clock.millis() + WAIT_MS));
        cancel = asking.cancel();
        Deliveries deliveries =
                new Deliveries(loop.broker, loop.queues, loop.records, queue, asking.queue(), one.values(), READ_BYTES);
        if (!asking.queue().equals(topic.id())) {
            // The name is that of another queue by now, or of none: what it may give is not for this one.
            deleted();
        }
        JsonAnswer.here(asking.answer()).onSuccess(answer -> take(deliveries, answer));
    }

    private void take(Deliveries deliveries, Receive.Answer answer) {
        cancel = () -> {};
        List<Received> all = answer.messages();
        if (closed) {
            deliveries.giveBack(all);
            return;
        }
        switch (answer.error()) {
            case NONE -> {}
            case QUEUE_DELETED, UNKNOWN_QUEUE -> deleted();
            default -> {
                refuse(Optional.empty(), QueueErrors.problem(answer.error(), queue));
                rest();
            }
        }
        if (all.isEmpty()) {
            receiving = false;
            ask();
            return;
        }
        MemoryBudget.Reservation body = loop.records.budget().reserve(0);
        deliveries.read(all, body).onComplete(read -> {
            receiving = false;
            if (read.failed()) {
                body.close();
                refuse(Optional.empty(), read.cause());
                rest();
            } else {
                deliver(deliveries, read.result().there(), body);
            }
        });
    }

    private void deliver(Deliveries deliveries, List<Delivery> all, MemoryBudget.Reservation body) {
        // It may want less than when it was asked for them, or nothing any more.
        int room = closed ? 0 : Math.max(0, Math.min(all.size(), max - held.size()));
        List<Delivery> there = all.subList(0, room);
        deliveries.giveBack(
                all.subList(room, all.size()).stream().map(Delivery::message).toList());
        if (there.isEmpty()) {
            body.close();
            fruitless++;
            if (fruitless < MAX_FRUITLESS) {
                ask();
            } else {
                rest();
            }
            return;
        }
        fruitless = 0;
        client.fetched(queue);
        Buffer document = Buffer.buffer(64 + there.size() * 256).appendString("{\"op\":\"messages\",\"messages\":[");
        for (int i = 0; i < there.size(); i++) {
            if (i > 0) {
                document.appendString(",");
            }
            Received message = there.get(i).message();
            held.put(message.lease(), message.leaseUntilMs());
            Deliveries.append(document, there.get(i), true);
        }
        outMemory.add(body);
        say(document.appendString("]}"));
        ask();
    }

    /** What cannot be had now may be there a little later. */
    private void rest() {
        receiving = false;
        resting = true;
        loop.context.owner().setTimer(RETRY_MS, timer -> {
            resting = false;
            ask();
        });
    }

    // ---- answers ----

    private static Buffer head(String op, Optional<String> id) {
        Buffer head =
                Buffer.buffer(128).appendString("{\"op\":\"").appendString(op).appendString("\"");
        id.ifPresent(name -> head.appendString(",\"id\":").appendString(JsonText.quoted(name)));
        return head;
    }

    private void refuse(Optional<String> id, Throwable why) {
        say(head("error", id)
                .appendString(",\"error\":")
                .appendBuffer(
                        HttpErrors.document(why, "a message of a WebSocket").toBuffer())
                .appendString("}"));
    }

    /** Sends something, together with what else there is to be said by the time that the loop comes to it. */
    private void say(Buffer one) {
        if (closed) {
            return;
        }
        if (out == null) {
            loop.context.runOnContext(nothing -> flush());
            out = Buffer.buffer(MIN_OUT_BYTES).appendString("[");
        } else {
            out.appendString(",");
        }
        out.appendBuffer(one);
        if (out.length() >= MESSAGE_BYTES) {
            flush();
        }
    }

    private void flush() {
        if (out == null || closed) {
            return;
        }
        String text = out.appendString("]").toString(StandardCharsets.UTF_8);
        List<MemoryBudget.Reservation> sent = outMemory;
        out = null;
        outMemory = new ArrayList<>();
        if (socket.isClosed()) {
            // The other end has gone, and this one is about to be told.
            sent.forEach(MemoryBudget.Reservation::close);
            return;
        }
        unsent += text.length();
        socket.writeTextMessage(text).onComplete(done -> {
            sent.forEach(MemoryBudget.Reservation::close);
            unsent -= text.length();
            takenNs = System.nanoTime();
            if (full && unsent < MAX_UNSENT) {
                full = false;
                goOn();
            }
        });
        if (!full && unsent >= MAX_UNSENT) {
            full = true;
            takenNs = System.nanoTime();
            goOn();
        }
    }

    // ---- the end ----

    void tick(long nowNs) {
        // Whoever could not be heard because the broker stood still was not silent.
        long awayNs = nowNs - tickedNs - AWAY_NS;
        if (awayNs > 0) {
            heardNs += awayNs;
            takenNs += awayNs;
        }
        tickedNs = nowNs;
        if (socket.isClosed()) {
            end();
            return;
        }
        if (!isThere()) {
            deleted();
            return;
        }
        Optional<Receiver> one = receiver;
        if (one.isPresent() && !one.get().hasSession()) {
            long nowMs = loop.clock.millis();
            if (held.values().removeIf(untilMs -> untilMs <= nowMs)) {
                ask();
            }
        }
        long silentNs = nowNs - heardNs;
        long limitNs = TimeUnit.MILLISECONDS.toNanos(one.filter(Receiver::hasSession)
                .map(session -> (long) session.sessionMs())
                .orElse(SILENT_HEARTBEATS * loop.limits.heartbeatMs()));
        if (silentNs > limitNs && !paused) {
            close(POLICY, "nothing was heard for " + TimeUnit.NANOSECONDS.toMillis(limitNs) + " ms");
        } else if (full && nowNs - takenNs > limitNs) {
            // It is not asked for a sign of life, for that would wait behind the rest.
            close(POLICY, "nothing was taken for " + TimeUnit.NANOSECONDS.toMillis(limitNs) + " ms");
        } else if (!full && silentNs > limitNs / SILENT_HEARTBEATS && nowNs - pingedNs > limitNs / SILENT_HEARTBEATS) {
            pingedNs = nowNs;
            socket.writePing(Buffer.buffer());
        }
    }

    @Override
    public void stop() {
        close(GOING_AWAY, "the broker stops; come again");
    }

    private void close(short code, String why) {
        if (!closed && socket != null) {
            flush();
            end();
            goodbye = () -> SocketMessages.close(socket, code, why);
            goodbye.run();
        }
    }

    private void end() {
        if (closed) {
            return;
        }
        closed = true;
        loop.remove(this);
        memory.close();
        outMemory.forEach(MemoryBudget.Reservation::close);
        cancel.run();
        receiver.ifPresent(one -> {
            client.unsubscribed(subscription);
            if (one.hasSession()) {
                loop.queues.disconnected(queue, topic.id(), one.consumer());
                letGo();
            }
        });
    }

    /** Its session goes on if there is another connection of its name, which knows nothing of what this one had. */
    private void letGo() {
        List<Nack> all = held.keySet().stream()
                .map(lease -> new Nack(lease, OptionalLong.of(0), false, "connection ended"))
                .toList();
        if (!all.isEmpty()) {
            loop.context.owner().setTimer(CUT_MS, timer -> loop.queues.reject(queue, all));
        }
    }
}
