package io.sluice.server.kafka.compare;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * How fast a broker takes positions: consumers of groups of their own commit ten positions at a time, each as soon as the last
 * commit was answered. By hand, for any broker that speaks Kafka's protocol: {@code CommitRate HOST:PORT [CONSUMERS]}.
 */
final class CommitRate {
    private static final String TOPIC = "commit-rate";
    private static final int PARTITIONS = 10;
    private static final long WARM_UP_MS = 3_000;
    private static final long RUN_MS = 5_000;
    private static final int RUNS = 3;

    private CommitRate() {}

    public static void main(String[] args) throws Exception {
        String bootstrap = args[0];
        int count = args.length > 1 ? Integer.parseInt(args[1]) : 16;
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1)))
                    .all()
                    .get(30, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TopicExistsException)) {
                throw e;
            }
        }
        List<Committer> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(new Committer(bootstrap, "commit-rate-" + i));
        }
        all.forEach(Thread::start);
        Thread.sleep(WARM_UP_MS);
        for (int run = 1; run <= RUNS; run++) {
            all.forEach(Committer::takeLatencies);
            long startNs = System.nanoTime();
            Thread.sleep(RUN_MS);
            double seconds = (System.nanoTime() - startNs) / 1e9;
            long[] latencies = all.stream()
                    .flatMapToLong(one -> Arrays.stream(one.takeLatencies()))
                    .sorted()
                    .toArray();
            System.out.printf(
                    "%s, %d consumers, run %d: %,.0f commits/s of %d positions; p50 %.2f ms, p99 %.2f ms, max %.1f ms%n",
                    bootstrap,
                    count,
                    run,
                    latencies.length / seconds,
                    PARTITIONS,
                    at(latencies, 0.5),
                    at(latencies, 0.99),
                    at(latencies, 1));
        }
        all.forEach(one -> one.stopping = true);
        for (Committer one : all) {
            one.join();
        }
    }

    private static double at(long[] sorted, double part) {
        return sorted.length == 0 ? Double.NaN : sorted[(int) Math.min(sorted.length - 1, part * sorted.length)] / 1e6;
    }

    /** One consumer. */
    private static final class Committer extends Thread {
        private final KafkaConsumer<byte[], byte[]> consumer;
        private volatile boolean stopping;
        private long[] latencies = new long[1 << 16];
        private int size;

        Committer(String bootstrap, String group) {
            consumer = new KafkaConsumer<>(
                    Map.of("bootstrap.servers", bootstrap, "group.id", group, "enable.auto.commit", "false"),
                    new ByteArrayDeserializer(),
                    new ByteArrayDeserializer());
        }

        @Override
        public void run() {
            for (long offset = 0; !stopping; offset++) {
                Map<TopicPartition, OffsetAndMetadata> positions = new HashMap<>();
                for (int i = 0; i < PARTITIONS; i++) {
                    positions.put(new TopicPartition(TOPIC, i), new OffsetAndMetadata(offset));
                }
                long startNs = System.nanoTime();
                consumer.commitSync(positions);
                took(System.nanoTime() - startNs);
            }
            consumer.close();
        }

        private synchronized void took(long ns) {
            if (size == latencies.length) {
                latencies = Arrays.copyOf(latencies, size * 2);
            }
            latencies[size++] = ns;
        }

        synchronized long[] takeLatencies() {
            long[] taken = Arrays.copyOf(latencies, size);
            size = 0;
            return taken;
        }
    }
}
