package io.sluice.loadtest.queues;

import io.lettuce.core.RedisClient;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.TransactionResult;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.output.IntegerOutput;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.output.ValueListOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.protocol.RedisCommand;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.sluice.loadtest.machine.ServerProcess;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A queue of RSMQ's: the commands that rsmq 0.12.4, a library for JavaScript, sends to Redis for each message, sent by the
 * client of the other Redis runs over one connection. It has no batches: a batch is so many calls at once. Workers hear of
 * messages by its option {@code realtime}.
 */
final class RsmqQueues implements QueueSystem {
    private static final long VISIBILITY_MS = 60_000;

    /** Takes the first message that is due, hides it, counts, and answers id, body, deliveries and the first delivery. */
    private static final String RECEIVE = """
            local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', KEYS[2], 'LIMIT', '0', '1')
            if #due == 0 then return {} end
            local id, hash = due[1], KEYS[1] .. ':Q'
            redis.call('ZADD', KEYS[1], KEYS[3], id)
            redis.call('HINCRBY', hash, 'totalrecv', 1)
            local body = redis.call('HGET', hash, id)
            local count = redis.call('HINCRBY', hash, id .. ':rc', 1)
            if count > 1 then return {id, body, count, redis.call('HGET', hash, id .. ':fr')} end
            redis.call('HSET', hash, id .. ':fr', KEYS[2])
            return {id, body, count, KEYS[2]}
            """;

    private final String name;
    private final int port;
    private final RedisClient client;

    RsmqQueues(String name, int port) {
        this.name = name;
        this.port = port;
        this.client = RedisClient.create("redis://127.0.0.1:" + port);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public OptionalLong server() {
        return ServerProcess.listeningOn(port);
    }

    @Override
    public TestQueue create(String queue, int callers, int batch) {
        StatefulRedisConnection<String, String> connection = client.connect();
        connection
                .sync()
                .hset("rsmq:" + queue + ":Q", Map.of("vt", "60", "delay", "0", "maxsize", "65536", "created", "0"));
        return new RsmqQueue(queue, callers, connection);
    }

    @Override
    public void close() {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(5));
    }

    private final class RsmqQueue extends PulledQueue {
        private final String key;
        private final String hash;
        private final String channel;
        private final StatefulRedisConnection<String, String> connection;
        private final RedisAsyncCommands<String, String> commands;
        private final String receive;
        private final AtomicLong lastId = new AtomicLong();
        private final Deque<CompletableFuture<Received>> waiting = new ArrayDeque<>();
        private StatefulRedisPubSubConnection<String, String> notices;
        private int unseen;

        RsmqQueue(String queue, int callers, StatefulRedisConnection<String, String> connection) {
            super(callers);
            this.key = "rsmq:" + queue;
            this.hash = key + ":Q";
            this.channel = "rsmq:rt:" + queue;
            this.connection = connection;
            this.commands = connection.async();
            this.receive = connection.sync().scriptLoad(RECEIVE);
        }

        /** Sends commands with MULTI before and EXEC behind them, as one piece, so that nobody's come in between. */
        private CompletionStage<TransactionResult> transaction(List<Command<String, String, ?>> inside) {
            AsyncCommand<String, String, TransactionResult> exec =
                    new AsyncCommand<>(new Command<>(CommandType.EXEC, null));
            List<RedisCommand<String, String, ?>> all = new ArrayList<>();
            all.add(new Command<>(CommandType.MULTI, new StatusOutput<>(StringCodec.UTF8)));
            all.addAll(inside);
            all.add(exec);
            synchronized (connection) {
                connection.dispatch(all);
            }
            return exec;
        }

        private static <T> Command<String, String, T> one(
                CommandType type, CommandOutput<String, String, T> output, String... arguments) {
            CommandArgs<String, String> args = new CommandArgs<>(StringCodec.UTF8);
            for (String argument : arguments) {
                args.add(argument);
            }
            return new Command<>(type, output, args);
        }

        private static Command<String, String, Long> counting(CommandType type, String... arguments) {
            return one(type, new IntegerOutput<>(StringCodec.UTF8), arguments);
        }

        private static Command<String, String, List<String>> listing(CommandType type, String... arguments) {
            return one(type, new ValueListOutput<>(StringCodec.UTF8), arguments);
        }

        private <T> CompletionStage<T> command(Supplier<CompletionStage<T>> one) {
            synchronized (connection) {
                return one.get();
            }
        }

        /** Every call of RSMQ's begins with the settings of the queue and the time. */
        private CompletionStage<Long> nowMs() {
            return transaction(List.of(
                            listing(CommandType.HMGET, hash, "vt", "delay", "maxsize"), listing(CommandType.TIME)))
                    .thenApply(result -> {
                        List<String> time = result.get(1);
                        return Long.parseLong(time.get(0)) * 1000 + Long.parseLong(time.get(1)) / 1000;
                    });
        }

        @Override
        CompletionStage<?> send(List<String> bodies) {
            return all(bodies, this::sendOne);
        }

        private CompletionStage<?> sendOne(String body) {
            String id = String.format("%032d", lastId.incrementAndGet());
            CompletionStage<Long> now = nowMs();
            if (notices == null) {
                return now.thenCompose(nowMs -> transaction(List.of(
                        counting(CommandType.ZADD, key, Long.toString(nowMs), id),
                        counting(CommandType.HSET, hash, id, body),
                        counting(CommandType.HINCRBY, hash, "totalsent", "1"))));
            }
            CompletionStage<TransactionResult> sent = now.thenCompose(nowMs -> transaction(List.of(
                    counting(CommandType.ZADD, key, Long.toString(nowMs), id),
                    counting(CommandType.HSET, hash, id, body),
                    counting(CommandType.HINCRBY, hash, "totalsent", "1"),
                    counting(CommandType.ZCARD, key))));
            return sent.thenCompose(result -> {
                long length = result.get(3);
                return command(() -> commands.publish(channel, Long.toString(length)));
            });
        }

        private static <T> CompletionStage<?> all(List<T> things, Function<T, CompletionStage<?>> one) {
            return things.size() == 1
                    ? one.apply(things.get(0))
                    : CompletableFuture.allOf(things.stream()
                            .map(thing -> one.apply(thing).toCompletableFuture())
                            .toArray(CompletableFuture<?>[]::new));
        }

        @Override
        CompletionStage<Received> receive(int max) {
            if (max == 1) {
                return receiveOne();
            }
            List<CompletableFuture<Received>> each = new ArrayList<>();
            for (int i = 0; i < max; i++) {
                each.add(receiveOne().toCompletableFuture());
            }
            return CompletableFuture.allOf(each.toArray(CompletableFuture<?>[]::new))
                    .thenApply(done -> new Received(
                            each.stream()
                                    .flatMap(one -> one.join().bodies().stream())
                                    .toList(),
                            each.stream()
                                    .flatMap(one -> one.join().handles().stream())
                                    .toList()));
        }

        private CompletionStage<Received> receiveOne() {
            return nowMs().thenCompose(nowMs -> command(() -> commands.<List<Object>>evalsha(
                            receive,
                            ScriptOutputType.MULTI,
                            key,
                            Long.toString(nowMs),
                            Long.toString(nowMs + VISIBILITY_MS))))
                    .thenApply(answer -> answer.isEmpty()
                            ? Received.NOTHING
                            : new Received(List.of((String) answer.get(1)), List.of((String) answer.get(0))));
        }

        @Override
        CompletionStage<Received> await(int worker) {
            synchronized (waiting) {
                if (notices == null) {
                    notices = client.connectPubSub();
                    notices.addListener(new RedisPubSubAdapter<>() {
                        @Override
                        public void message(String from, String message) {
                            told();
                        }
                    });
                    notices.sync().subscribe(channel);
                }
                if (unseen == 0) {
                    waiting.add(new CompletableFuture<>());
                    return waiting.getLast();
                }
                unseen--;
            }
            return receiveOne();
        }

        private void told() {
            CompletableFuture<Received> worker;
            synchronized (waiting) {
                worker = waiting.poll();
                if (worker == null) {
                    unseen++;
                    return;
                }
            }
            receiveOne().whenComplete((received, problem) -> {
                if (problem == null) {
                    worker.complete(received);
                } else {
                    worker.completeExceptionally(problem);
                }
            });
        }

        @Override
        CompletionStage<?> acknowledge(Received received) {
            return all(
                    received.handles(),
                    id -> transaction(List.of(
                            counting(CommandType.ZREM, key, id),
                            counting(CommandType.HDEL, hash, id, id + ":rc", id + ":fr"))));
        }

        @Override
        void delete() {
            connection.sync().unlink(key, hash);
            connection.close();
            if (notices != null) {
                notices.close();
            }
        }
    }
}
