package io.sluice.loadtest.queues;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.sluice.loadtest.machine.ServerProcess;
import io.sluice.loadtest.target.ControlClient;
import io.sluice.loadtest.target.EventLoops;
import io.sluice.loadtest.target.HttpConnection;
import io.sluice.loadtest.target.HttpRequests;
import io.sluice.loadtest.target.Target;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Sluice over HTTP: kept-alive connections of one event loop, a request at a time on each. */
final class SluiceQueues implements QueueSystem {
    private static final JsonFactory JSON = new JsonFactory();
    private static final int WAIT_MS = 2_000;

    private final String name;
    private final Target target;
    private final ControlClient control;
    private final HttpRequests requests;
    private final EventLoops loops = new EventLoops(1);

    SluiceQueues(String name, String url) {
        this.name = name;
        this.target = Target.of(url);
        this.control = new ControlClient(target, List.of());
        this.requests = new HttpRequests(target, List.of());
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public OptionalLong server() {
        return ServerProcess.listeningOn(target.port());
    }

    @Override
    public TestQueue create(String queue, int callers, int batch) throws IOException {
        control.createQueue(queue, 1, Map.of());
        // Workers wait on theirs, and senders must not wait for them.
        return new HttpQueue(queue, callers, new Connections(2 * callers));
    }

    @Override
    public void close() {
        loops.close();
    }

    private final class HttpQueue extends PulledQueue {
        private final String queue;
        private final Connections connections;
        private final byte[] receiveOne = receiving(1);

        HttpQueue(String queue, int callers, Connections connections) {
            super(callers);
            this.queue = queue;
            this.connections = connections;
        }

        private static byte[] receiving(int max) {
            return ("{\"max\":" + max + ",\"wait_ms\":" + WAIT_MS + "}").getBytes(StandardCharsets.US_ASCII);
        }

        private <T> CompletableFuture<T> post(String what, byte[] json, Function<ByteBuf, T> reading) {
            return connections.exchange(requests.post("/v1/queues/" + queue + what, "application/json", json), reading);
        }

        @Override
        CompletionStage<?> send(List<String> bodies) {
            String json = bodies.stream()
                    .collect(Collectors.joining("\"},{\"value\":\"", "{\"messages\":[{\"value\":\"", "\"}]}"));
            return post("/messages", json.getBytes(StandardCharsets.US_ASCII), answer -> {
                require(bodies.size(), count(answer, "id"));
                return null;
            });
        }

        @Override
        CompletionStage<Received> receive(int max) {
            return post("/receive", max == 1 ? receiveOne : receiving(max), SluiceQueues::received);
        }

        @Override
        CompletionStage<Received> await(int worker) {
            return receive(1);
        }

        @Override
        CompletionStage<?> acknowledge(Received received) {
            String json = received.handles().stream().collect(Collectors.joining("\",\"", "{\"leases\":[\"", "\"]}"));
            return post("/ack", json.getBytes(StandardCharsets.US_ASCII), answer -> {
                require(received.handles().size(), count(answer, "ok"));
                return null;
            });
        }

        @Override
        void delete() throws IOException {
            control.deleteQueue(queue);
            connections.close();
        }
    }

    private static void require(int wanted, int found) {
        if (found != wanted) {
            throw new IllegalStateException(found + " of " + wanted + " messages were answered well");
        }
    }

    private static PulledQueue.Received received(ByteBuf body) {
        List<String> bodies = new ArrayList<>();
        List<String> leases = new ArrayList<>();
        members(body, parser -> {
            if (parser.currentName().equals("lease")) {
                leases.add(parser.nextTextValue());
            } else if (parser.currentName().equals("value")) {
                bodies.add(parser.nextTextValue());
            }
        });
        return new PulledQueue.Received(bodies, leases);
    }

    private static int count(ByteBuf body, String member) {
        int[] count = new int[1];
        members(body, parser -> {
            if (parser.currentName().equals(member) && parser.nextToken() != JsonToken.VALUE_FALSE) {
                count[0]++;
            }
        });
        return count[0];
    }

    private interface Reading {
        void at(JsonParser parser) throws IOException;
    }

    private static void members(ByteBuf body, Reading reading) {
        try (JsonParser parser =
                JSON.createParser(body.array(), body.arrayOffset() + body.readerIndex(), body.readableBytes())) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (token == JsonToken.FIELD_NAME) {
                    reading.at(parser);
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException("an answer is not JSON", e);
        }
    }

    /** Connections that take requests as they are free. Owned by the event loop. */
    private final class Connections implements HttpConnection.Listener, AutoCloseable {
        private final EventLoop loop = loops.loops().get(0);
        private final List<HttpConnection> all = new ArrayList<>();
        private final Deque<HttpConnection> free = new ArrayDeque<>();
        private final Deque<Exchange<?>> waiting = new ArrayDeque<>();
        private final Exchange<?>[] underWay;

        Connections(int count) {
            underWay = new Exchange<?>[count];
            for (int i = 0; i < count; i++) {
                HttpConnection connection = new HttpConnection(i, loops, loop, target, this);
                all.add(connection);
                loop.execute(connection::connect);
            }
        }

        <T> CompletableFuture<T> exchange(ByteBuf request, Function<ByteBuf, T> reading) {
            Exchange<T> exchange = new Exchange<>(request, reading);
            if (loop.inEventLoop()) {
                begin(exchange);
            } else {
                loop.execute(() -> begin(exchange));
            }
            return exchange.answer;
        }

        private void begin(Exchange<?> exchange) {
            HttpConnection connection = free.poll();
            if (connection == null) {
                waiting.add(exchange);
                return;
            }
            underWay[connection.index()] = exchange;
            connection.send(exchange.request, 0);
        }

        @Override
        public void ready(HttpConnection connection) {
            Exchange<?> answered = underWay[connection.index()];
            underWay[connection.index()] = null;
            free.push(connection);
            if (!waiting.isEmpty()) {
                begin(waiting.poll());
            }
            if (answered != null) {
                answered.complete();
            }
        }

        @Override
        public void answered(HttpConnection connection, int status, ByteBuf body) {
            underWay[connection.index()].read(status, body);
        }

        @Override
        public void failed(HttpConnection connection, String kind, boolean wasBusy) {
            if (wasBusy) {
                underWay[connection.index()].answer.completeExceptionally(new IOException(kind));
                underWay[connection.index()] = null;
            }
        }

        @Override
        public void close() {
            loop.execute(() -> all.forEach(HttpConnection::close));
        }
    }

    /** A request and its answer, which is told when the connection can take the next one. */
    private static final class Exchange<T> {
        final ByteBuf request;
        final CompletableFuture<T> answer = new CompletableFuture<>();
        private final Function<ByteBuf, T> reading;
        private T result;
        private RuntimeException problem;

        Exchange(ByteBuf request, Function<ByteBuf, T> reading) {
            this.request = request;
            this.reading = reading;
        }

        void read(int status, ByteBuf body) {
            try {
                if (status / 100 != 2) {
                    throw new IllegalStateException("HTTP " + status + ": " + body.toString(StandardCharsets.UTF_8));
                }
                result = reading.apply(body);
            } catch (RuntimeException e) {
                problem = e;
            }
        }

        void complete() {
            if (problem == null) {
                answer.complete(result);
            } else {
                answer.completeExceptionally(problem);
            }
        }
    }
}
