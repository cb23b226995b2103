package io.sluice.loadtest.queues;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ConfirmListener;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.MessageProperties;
import io.sluice.loadtest.machine.ServerProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A durable queue of RabbitMQ with persistent messages: published with confirms on one channel, consumed on another whose
 * prefetch is what may be in flight. Acknowledgements are sent, and nothing ever answers them; a batch is one of them.
 */
final class RabbitQueues implements QueueSystem {
    private final String type;
    private final int port;
    private final Connection connection;

    /** @param type {@code classic} or {@code quorum} */
    RabbitQueues(String type, int port) throws IOException, TimeoutException {
        this.type = type;
        this.port = port;
        ConnectionFactory factory = new ConnectionFactory();
        factory.setHost("127.0.0.1");
        factory.setPort(port);
        this.connection = factory.newConnection();
    }

    @Override
    public String name() {
        return "RabbitMQ " + type;
    }

    @Override
    public OptionalLong server() {
        return ServerProcess.listeningOn(port);
    }

    @Override
    public TestQueue create(String queue, int callers, int batch) throws IOException {
        return new RabbitQueue(queue, callers, batch);
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }

    private final class RabbitQueue extends PushedQueue {
        private final String queue;
        private final Channel out = connection.createChannel();
        private final Channel in = connection.createChannel();
        private final ConcurrentNavigableMap<Long, Batch> unconfirmed = new ConcurrentSkipListMap<>();

        RabbitQueue(String queue, int callers, int batch) throws IOException {
            this.queue = queue;
            out.queueDeclare(queue, true, false, false, Map.of("x-queue-type", type));
            out.confirmSelect();
            out.addConfirmListener(new ConfirmListener() {
                @Override
                public void handleAck(long tag, boolean multiple) {
                    confirmed(tag, multiple);
                }

                @Override
                public void handleNack(long tag, boolean multiple) {
                    broken(new IOException("RabbitMQ did not take a message"));
                }
            });
            in.basicQos(callers * batch);
            in.basicConsume(queue, false, new DefaultConsumer(in) {
                private final String[] unacknowledged = new String[batch];
                private int count;

                @Override
                public void handleDelivery(
                        String consumer, Envelope envelope, AMQP.BasicProperties properties, byte[] bytes)
                        throws IOException {
                    String body = new String(bytes, StandardCharsets.ISO_8859_1);
                    arrived(body);
                    unacknowledged[count++] = body;
                    if (count == batch) {
                        in.basicAck(envelope.getDeliveryTag(), batch > 1);
                        count = 0;
                        for (String one : unacknowledged) {
                            acknowledged(one);
                        }
                    }
                }
            });
        }

        private void confirmed(long tag, boolean multiple) {
            ConcurrentNavigableMap<Long, Batch> those =
                    multiple ? unconfirmed.headMap(tag, true) : unconfirmed.subMap(tag, true, tag, true);
            for (Long one : those.keySet()) {
                unconfirmed.remove(one).confirmed();
            }
        }

        @Override
        CompletableFuture<?> send(List<String> bodies) {
            Batch batch = new Batch(bodies.size());
            synchronized (out) {
                try {
                    for (String body : bodies) {
                        unconfirmed.put(out.getNextPublishSeqNo(), batch);
                        out.basicPublish(
                                "",
                                queue,
                                MessageProperties.MINIMAL_PERSISTENT_BASIC,
                                body.getBytes(StandardCharsets.ISO_8859_1));
                    }
                } catch (IOException e) {
                    batch.done.completeExceptionally(e);
                }
            }
            return batch.done;
        }

        @Override
        public void close() throws IOException, TimeoutException {
            in.close();
            out.queueDelete(queue);
            out.close();
        }
    }

    private static final class Batch {
        final CompletableFuture<Void> done = new CompletableFuture<>();
        private final AtomicInteger left;

        Batch(int count) {
            left = new AtomicInteger(count);
        }

        void confirmed() {
            if (left.decrementAndGet() == 0) {
                done.complete(null);
            }
        }
    }
}
