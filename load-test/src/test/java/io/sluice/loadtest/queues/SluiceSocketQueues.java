package io.sluice.loadtest.queues;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.sluice.loadtest.machine.ServerProcess;
import io.sluice.loadtest.target.ControlClient;
import io.sluice.loadtest.target.Target;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** Sluice over one WebSocket, which sends, is given messages, and acknowledges each, or a batch at once. Acknowledgements are confirmed. */
final class SluiceSocketQueues implements QueueSystem {
    private static final JsonFactory JSON = new JsonFactory();
    private static final int MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

    private final String name;
    private final Target target;
    private final ControlClient control;
    private final Vertx vertx =
            Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setPreferNativeTransport(true));
    private final WebSocketClient client =
            vertx.createWebSocketClient(new WebSocketClientOptions().setMaxMessageSize(MAX_MESSAGE_BYTES));

    SluiceSocketQueues(String name, String url) {
        this.name = name;
        this.target = Target.of(url);
        this.control = new ControlClient(target, List.of());
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
        return new SocketQueue(queue, callers, batch);
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private final class SocketQueue extends PushedQueue {
        private final String queue;
        private final int batch;
        private final Context context = vertx.getOrCreateContext();
        private final WebSocket socket;
        // Of the event loop.
        private final Map<String, CompletableFuture<Void>> sends = new HashMap<>();
        private final Map<String, List<String>> acks = new HashMap<>();
        private StringBuilder out;
        private int ids;
        private List<String> leases = new ArrayList<>();
        private List<String> bodies = new ArrayList<>();

        SocketQueue(String queue, int callers, int batch) {
            this.queue = queue;
            this.batch = batch;
            CompletableFuture<WebSocket> connected = new CompletableFuture<>();
            context.runOnContext(nothing -> client.connect(new WebSocketConnectOptions()
                            .setHost(target.host())
                            .setPort(target.port())
                            .setURI("/v1/queues/" + queue + "/ws"))
                    .onSuccess(open -> {
                        open.textMessageHandler(this::message);
                        open.writeTextMessage("{\"op\":\"receive\",\"max\":" + callers * batch + "}");
                        connected.complete(open);
                    })
                    .onFailure(connected::completeExceptionally));
            socket = connected.join();
        }

        /** Gathers what is said at a time into one message. */
        private void say(String op) {
            if (out == null) {
                out = new StringBuilder("[").append(op);
                context.runOnContext(nothing -> {
                    socket.writeTextMessage(out.append(']').toString());
                    out = null;
                });
            } else {
                out.append(',').append(op);
            }
        }

        @Override
        CompletableFuture<?> send(List<String> all) {
            CompletableFuture<Void> sent = new CompletableFuture<>();
            String messages = all.stream().collect(Collectors.joining("\"},{\"value\":\"", "[{\"value\":\"", "\"}]"));
            context.runOnContext(nothing -> {
                String id = Integer.toString(ids++);
                sends.put(id, sent);
                say("{\"op\":\"send\",\"id\":\"" + id + "\",\"messages\":" + messages + "}");
            });
            return sent;
        }

        private void message(String text) {
            try (JsonParser parser = JSON.createParser(text)) {
                parser.nextToken();
                while (parser.nextToken() == JsonToken.START_OBJECT) {
                    answer(parser);
                }
            } catch (IOException | RuntimeException e) {
                broken(new IllegalStateException("cannot read " + text, e));
            }
        }

        private void answer(JsonParser parser) throws IOException {
            String op = "";
            String id = "";
            int good = 0;
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                switch (parser.currentName()) {
                    case "op" -> op = parser.nextTextValue();
                    case "id" -> id = parser.nextTextValue();
                    case "messages" -> {
                        parser.nextToken();
                        if (op.equals("messages")) {
                            given(parser);
                        } else {
                            parser.skipChildren();
                        }
                    }
                    case "results" -> {
                        parser.nextToken();
                        good = succeeded(parser);
                    }
                    case "error" -> throw new IllegalStateException("an error");
                    default -> {
                        parser.nextToken();
                        parser.skipChildren();
                    }
                }
            }
            if (op.equals("sent")) {
                sends.remove(id).complete(null);
            } else if (op.equals("acked")) {
                List<String> these = acks.remove(id);
                if (good != these.size()) {
                    throw new IllegalStateException(good + " of " + these.size() + " were acknowledged");
                }
                these.forEach(this::acknowledged);
            }
        }

        private static int succeeded(JsonParser parser) throws IOException {
            int good = 0;
            for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
                good += token == JsonToken.VALUE_TRUE ? 1 : 0;
            }
            return good;
        }

        private void given(JsonParser parser) throws IOException {
            while (parser.nextToken() == JsonToken.START_OBJECT) {
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String field = parser.currentName();
                    parser.nextToken();
                    if (field.equals("lease")) {
                        leases.add(parser.getText());
                    } else if (field.equals("value")) {
                        bodies.add(parser.getText());
                    } else {
                        parser.skipChildren();
                    }
                }
                arrived(bodies.get(bodies.size() - 1));
                if (bodies.size() == batch) {
                    acknowledge();
                }
            }
        }

        private void acknowledge() {
            String id = Integer.toString(ids++);
            acks.put(id, bodies);
            say("{\"op\":\"ack\",\"id\":\"" + id + "\",\"leases\":[\"" + String.join("\",\"", leases) + "\"]}");
            bodies = new ArrayList<>();
            leases = new ArrayList<>();
        }

        @Override
        public void close() throws Exception {
            socket.close().toCompletionStage().toCompletableFuture().join();
            control.deleteQueue(queue);
        }
    }
}
