package io.sluice.loadtest.queues;

import io.nats.client.Connection;
import io.nats.client.ConsumeOptions;
import io.nats.client.JetStream;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.Message;
import io.nats.client.MessageConsumer;
import io.nats.client.Nats;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.sluice.loadtest.machine.ServerProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/**
 * A JetStream stream in files with one durable consumer, over one connection. Each acknowledgement is confirmed; a batch has
 * one, for all of it.
 */
final class NatsQueues implements QueueSystem {
    private static final byte[] ACK = "+ACK".getBytes(StandardCharsets.US_ASCII);

    private final int port;
    private final Connection connection;
    private final JetStreamManagement management;
    private final JetStream jetStream;

    NatsQueues(int port) throws IOException, InterruptedException {
        this.port = port;
        this.connection = Nats.connect("nats://127.0.0.1:" + port);
        this.management = connection.jetStreamManagement();
        this.jetStream = connection.jetStream();
    }

    @Override
    public String name() {
        return "NATS JetStream";
    }

    @Override
    public OptionalLong server() {
        return ServerProcess.listeningOn(port);
    }

    @Override
    public TestQueue create(String stream, int callers, int batch) throws IOException, JetStreamApiException {
        management.addStream(StreamConfiguration.builder()
                .name(stream)
                .subjects("jobs." + stream)
                .storageType(StorageType.File)
                .build());
        management.addOrUpdateConsumer(
                stream,
                ConsumerConfiguration.builder()
                        .durable("workers")
                        .ackPolicy(batch > 1 ? AckPolicy.All : AckPolicy.Explicit)
                        .maxAckPending(callers * batch)
                        .build());
        return new JetStreamQueue(stream, batch);
    }

    @Override
    public void close() throws InterruptedException {
        connection.close();
    }

    private final class JetStreamQueue extends PushedQueue {
        private final String stream;
        private final int batch;
        private final MessageConsumer consumer;
        private List<String> unacknowledged = new ArrayList<>();

        JetStreamQueue(String stream, int batch) throws IOException, JetStreamApiException {
            this.stream = stream;
            this.batch = batch;
            consumer = connection
                    .getConsumerContext(stream, "workers")
                    .consume(ConsumeOptions.builder().batchSize(500).build(), this::received);
        }

        /** Called by one thread. */
        private void received(Message message) {
            String body = new String(message.getData(), StandardCharsets.ISO_8859_1);
            arrived(body);
            unacknowledged.add(body);
            if (unacknowledged.size() < batch) {
                return;
            }
            List<String> these = unacknowledged;
            unacknowledged = new ArrayList<>();
            connection.request(message.getReplyTo(), ACK).whenComplete((answer, problem) -> {
                if (problem == null) {
                    these.forEach(this::acknowledged);
                } else {
                    broken(problem);
                }
            });
        }

        @Override
        CompletableFuture<?> send(List<String> bodies) {
            return CompletableFuture.allOf(bodies.stream()
                    .map(body -> jetStream.publishAsync("jobs." + stream, body.getBytes(StandardCharsets.ISO_8859_1)))
                    .toArray(CompletableFuture<?>[]::new));
        }

        @Override
        public void close() throws Exception {
            consumer.close();
            management.deleteStream(stream);
        }
    }
}
