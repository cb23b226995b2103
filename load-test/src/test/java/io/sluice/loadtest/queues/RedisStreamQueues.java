package io.sluice.loadtest.queues;

import io.lettuce.core.Consumer;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XGroupCreateArgs;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;

/**
 * A stream with one consumer group: XADD, XREADGROUP, XACK. All callers share one connection, as they do in clients of that
 * kind; only workers, who wait, have one each.
 */
final class RedisStreamQueues extends RedisQueues {
    private static final String GROUP = "workers";

    RedisStreamQueues(String name, int port) {
        super(name, port);
    }

    @Override
    public TestQueue create(String stream, int callers, int batch) {
        StatefulRedisConnection<String, String> shared = client.connect();
        shared.sync().xgroupCreate(StreamOffset.from(stream, "0"), GROUP, XGroupCreateArgs.Builder.mkstream());
        // With batches there is one caller, which says itself when a batch is complete.
        shared.setAutoFlushCommands(batch == 1);
        return new StreamQueue(stream, callers, shared);
    }

    private final class StreamQueue extends PulledQueue {
        private final String stream;
        private final StatefulRedisConnection<String, String> shared;
        private final RedisAsyncCommands<String, String> commands;
        private final List<StatefulRedisConnection<String, String>> waiting = new ArrayList<>();

        StreamQueue(String stream, int callers, StatefulRedisConnection<String, String> shared) {
            super(callers);
            this.stream = stream;
            this.shared = shared;
            this.commands = shared.async();
        }

        @Override
        CompletionStage<?> send(List<String> bodies) {
            if (bodies.size() == 1) {
                return commands.xadd(stream, "body", bodies.get(0));
            }
            CompletableFuture<?>[] sent = bodies.stream()
                    .map(body -> commands.xadd(stream, "body", body).toCompletableFuture())
                    .toArray(CompletableFuture<?>[]::new);
            shared.flushCommands();
            return CompletableFuture.allOf(sent);
        }

        @Override
        CompletionStage<Received> receive(int max) {
            CompletionStage<Received> received = read(commands, "one", XReadArgs.Builder.count(max));
            if (max > 1) {
                shared.flushCommands();
            }
            return received;
        }

        @SuppressWarnings("unchecked") // The array that is made for one argument is of the right type.
        private CompletionStage<Received> read(
                RedisAsyncCommands<String, String> over, String consumer, XReadArgs how) {
            return over.xreadgroup(Consumer.from(GROUP, consumer), how, StreamOffset.lastConsumed(stream))
                    .thenApply(messages -> new Received(
                            messages.stream()
                                    .map(one -> one.getBody().get("body"))
                                    .toList(),
                            messages.stream().map(StreamMessage::getId).toList()));
        }

        @Override
        CompletionStage<Received> await(int worker) {
            if (waiting.size() == worker) {
                waiting.add(client.connect());
            }
            return read(
                    waiting.get(worker).async(),
                    "worker-" + worker,
                    XReadArgs.Builder.block(2_000).count(1));
        }

        @Override
        CompletionStage<?> acknowledge(Received received) {
            CompletionStage<Long> acknowledged =
                    commands.xack(stream, GROUP, received.handles().toArray(String[]::new));
            if (received.handles().size() > 1) {
                shared.flushCommands();
            }
            return acknowledged;
        }

        @Override
        void delete() {
            shared.setAutoFlushCommands(true);
            shared.sync().unlink(stream);
            Stream.concat(waiting.stream(), Stream.of(shared)).forEach(StatefulRedisConnection::close);
        }
    }
}
