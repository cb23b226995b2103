package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.Seeds;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.ChildServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kafka's idempotent producer writes through a proxy that cuts its connections, to a broker that is killed again and again. As
 * many records as were sent are there, each once, at the offset that was answered, in the order of their partition.
 * {@code -Dproof.rounds=} sets how often the broker is killed.
 */
class IdempotentProducerTest {
    private static final int CI_ROUNDS = 3;
    private static final int LONG_ROUNDS = 300;
    private static final int PARTITIONS = 3;
    private static final int BYTES_UNTIL_CUT = 15_000;
    /** So many are acknowledged between two kills, at most. */
    private static final int MAX_RECORDS = 3_000;
    /** Sent and not acknowledged. More would only fill the producer's buffer while the broker is away. */
    private static final int MAX_UNACKNOWLEDGED = 2_000;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    @Test
    void whatIsSentIsThereOnceAndInOrder() {
        Seeds.runs(1, 1, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            try (CuttingProxy proxy = new CuttingProxy(random.split(), BYTES_UNTIL_CUT);
                    ChildServer broker =
                            new ChildServer(folder, "--set", "advertised.listeners=127.0.0.1:" + proxy.port())) {
                proxy.leadTo(kafkaPort(broker));
                run(proxy, broker, random);
            }
        });
    }

    private static int kafkaPort(ChildServer broker) {
        String bootstrap = broker.bootstrap();
        return Integer.parseInt(bootstrap.substring(bootstrap.lastIndexOf(':') + 1));
    }

    private void run(CuttingProxy proxy, ChildServer broker, SplittableRandom random) throws Exception {
        String bootstrap = "127.0.0.1:" + proxy.port();
        create(bootstrap);
        int rounds = Integer.getInteger("proof.rounds", Seeds.longBudget() ? LONG_ROUNDS : CI_ROUNDS);
        List<List<Future<RecordMetadata>>> sent = new ArrayList<>();
        for (int i = 0; i < PARTITIONS; i++) {
            sent.add(new ArrayList<>());
        }
        AtomicInteger acknowledged = new AtomicInteger();
        AtomicReference<Exception> failed = new AtomicReference<>();
        AtomicBoolean stopped = new AtomicBoolean();
        Thread sender = new Thread(() -> send(bootstrap, sent, acknowledged, failed, stopped), "sender");
        sender.start();
        try {
            for (int round = 0; round < rounds; round++) {
                int until = acknowledged.get() + 1 + random.nextInt(MAX_RECORDS);
                Await.until(until + " are acknowledged", () -> acknowledged.get() >= until || failed.get() != null);
                broker.kill();
                assertThat(broker.output())
                        .noneMatch(line -> line.contains("ERROR") || line.contains("AssertionError"));
                broker.start();
                proxy.leadTo(kafkaPort(broker));
            }
        } finally {
            stopped.set(true);
            // The last ones are to arrive, and the reader is no matter of this test.
            proxy.leaveWhole();
            sender.join(TimeUnit.SECONDS.toMillis(120));
        }
        assertThat(failed.get()).isNull();
        assertThat(sender.isAlive()).isFalse();
        int count = 0;
        for (int i = 0; i < PARTITIONS; i++) {
            audit(bootstrap, i, sent.get(i));
            count += sent.get(i).size();
        }
        assertThat(proxy.cuts()).as("connections that were cut").isPositive();
        System.out.println("idempotent producer: " + count + " records, each once; " + rounds + " kills, "
                + proxy.cuts() + " connections cut");
    }

    private static void create(String bootstrap) throws Exception {
        // Through the proxy, which may cut this too: what was created by a try whose answer was lost is fine.
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap, "retry.backoff.ms", "20"))) {
            admin.createTopics(List.of(new NewTopic("t", PARTITIONS, (short) 1)))
                    .all()
                    .get();
        } catch (ExecutionException e) {
            assertThat(e).hasMessageContaining("TopicExists");
        }
    }

    private static void send(
            String bootstrap,
            List<List<Future<RecordMetadata>>> sent,
            AtomicInteger acknowledged,
            AtomicReference<Exception> failed,
            AtomicBoolean stopped) {
        Map<String, Object> settings = Map.of(
                "bootstrap.servers", bootstrap,
                "enable.idempotence", "true",
                "batch.size", "2000",
                "linger.ms", "1",
                "request.timeout.ms", "5000",
                "delivery.timeout.ms", "120000",
                "retry.backoff.ms", "10",
                "retry.backoff.max.ms", "100",
                "reconnect.backoff.ms", "10",
                "reconnect.backoff.max.ms", "100");
        int count = 0;
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            while (!stopped.get() && failed.get() == null) {
                int partition = count++ % PARTITIONS;
                List<Future<RecordMetadata>> all = sent.get(partition);
                String value = all.size() + " " + "x".repeat(count % 50);
                all.add(producer.send(new ProducerRecord<>("t", partition, null, value), (metadata, failure) -> {
                    if (failure != null) {
                        failed.compareAndSet(null, failure);
                    }
                    acknowledged.incrementAndGet();
                }));
                int sentSoFar = count;
                if (sentSoFar - acknowledged.get() > MAX_UNACKNOWLEDGED) {
                    Await.until("some are acknowledged", () -> sentSoFar - acknowledged.get() < MAX_UNACKNOWLEDGED);
                }
            }
        }
    }

    private static void audit(String bootstrap, int number, List<Future<RecordMetadata>> sent) throws Exception {
        TopicPartition partition = new TopicPartition("t", number);
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap), new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            assertThat(consumer.endOffsets(List.of(partition)).get(partition)).isEqualTo(sent.size());
            int next = 0;
            while (next < sent.size()) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(20))) {
                    assertThat(record.value()).startsWith(next + " ");
                    assertThat(sent.get(next).get().offset()).isEqualTo(record.offset());
                    next++;
                }
            }
        }
    }
}
