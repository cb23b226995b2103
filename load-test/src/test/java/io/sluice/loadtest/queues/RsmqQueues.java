package io.sluice.loadtest.queues;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * A queue of RSMQ's: what rsmq 0.12.4, a library for JavaScript, asks of Redis for each message, asked by the client of the
 * other Redis runs over one connection. Where it sends MULTI, commands and EXEC, these commands are a script here, because
 * callers share the connection. It has no batches: a batch is so many calls at once. Workers hear of messages by its option
 * {@code realtime}.
 */
final class RsmqQueues extends RedisQueues {
    private static final long VISIBILITY_MS = 60_000;

    /** Every call of RSMQ's begins with the settings of the queue and the time. */
    private static final String LOOK = """
            redis.call('HMGET', KEYS[1] .. ':Q', 'vt', 'delay', 'maxsize')
            local time = redis.call('TIME')
            return time[1] * 1000 + math.floor(time[2] / 1000)
            """;

    private static final String SEND = """
            local hash = KEYS[1] .. ':Q'
            redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
            redis.call('HSET', hash, ARGV[2], ARGV[3])
            redis.call('HINCRBY', hash, 'totalsent', 1)
            return redis.call('ZCARD', KEYS[1])
            """;

    /** Takes the first message that is due, hides it, counts, and answers id, body, deliveries and the first delivery. */
    private static final String RECEIVE = """
            local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', '0', '1')
            if #due == 0 then return {} end
            local id, hash = due[1], KEYS[1] .. ':Q'
            redis.call('ZADD', KEYS[1], ARGV[2], id)
            redis.call('HINCRBY', hash, 'totalrecv', 1)
            local body = redis.call('HGET', hash, id)
            local count = redis.call('HINCRBY', hash, id .. ':rc', 1)
            if count > 1 then return {id, body, count, redis.call('HGET', hash, id .. ':fr')} end
            redis.call('HSET', hash, id .. ':fr', ARGV[1])
            return {id, body, count, ARGV[1]}
            """;

    private static final String DELETE = """
            redis.call('ZREM', KEYS[1], ARGV[1])
            return redis.call('HDEL', KEYS[1] .. ':Q', ARGV[1], ARGV[1] .. ':rc', ARGV[1] .. ':fr')
            """;

    RsmqQueues(String name, int port) {
        super(name, port);
    }

    @Override
    public TestQueue create(String queue, int callers, int batch) {
        return new RsmqQueue(queue, callers, client.connect());
    }

    private final class RsmqQueue extends PulledQueue {
        private final String[] key;
        private final String channel;
        private final StatefulRedisConnection<String, String> connection;
        private final RedisAsyncCommands<String, String> commands;
        private final String look;
        private final String send;
        private final String receive;
        private final String delete;
        private final AtomicLong lastId = new AtomicLong();
        private final Deque<CompletableFuture<Received>> waiting = new ArrayDeque<>();
        private volatile StatefulRedisPubSubConnection<String, String> notices;
        private int unseen;

        RsmqQueue(String queue, int callers, StatefulRedisConnection<String, String> connection) {
            super(callers);
            this.key = new String[] {"rsmq:" + queue};
            this.channel = "rsmq:rt:" + queue;
            this.connection = connection;
            this.commands = connection.async();
            connection.sync().hset(key[0] + ":Q", Map.of("vt", "60", "delay", "0", "maxsize", "65536", "created", "0"));
            look = connection.sync().scriptLoad(LOOK);
            send = connection.sync().scriptLoad(SEND);
            receive = connection.sync().scriptLoad(RECEIVE);
            delete = connection.sync().scriptLoad(DELETE);
        }

        private CompletionStage<Long> nowMs() {
            return commands.evalsha(look, ScriptOutputType.INTEGER, key);
        }

        @Override
        CompletionStage<?> send(List<String> bodies) {
            return all(bodies, this::sendOne);
        }

        private CompletionStage<?> sendOne(String body) {
            String id = String.format("%032d", lastId.incrementAndGet());
            CompletionStage<Long> sent = nowMs().thenCompose(nowMs ->
                    commands.<Long>evalsha(send, ScriptOutputType.INTEGER, key, Long.toString(nowMs), id, body));
            return notices == null
                    ? sent
                    : sent.thenCompose(length -> commands.publish(channel, Long.toString(length)));
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
            List<String> bodies = Collections.synchronizedList(new ArrayList<>());
            List<String> ids = Collections.synchronizedList(new ArrayList<>());
            return all(
                            Collections.nCopies(max, receive),
                            script -> receiveOne().thenAccept(one -> {
                                bodies.addAll(one.bodies());
                                ids.addAll(one.handles());
                            }))
                    .thenApply(done -> new Received(bodies, ids));
        }

        private CompletionStage<Received> receiveOne() {
            return nowMs().thenCompose(nowMs -> commands.<List<Object>>evalsha(
                            receive,
                            ScriptOutputType.MULTI,
                            key,
                            Long.toString(nowMs),
                            Long.toString(nowMs + VISIBILITY_MS)))
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
            return all(received.handles(), id -> commands.<Long>evalsha(delete, ScriptOutputType.INTEGER, key, id));
        }

        @Override
        void delete() {
            connection.sync().unlink(key[0], key[0] + ":Q");
            connection.close();
            if (notices != null) {
                notices.close();
            }
        }
    }
}
