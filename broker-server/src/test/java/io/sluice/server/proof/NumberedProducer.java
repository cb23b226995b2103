package io.sluice.server.proof;

import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes numbers by key, so many a second, each once however often the broker dies, and says so in the journal. */
final class NumberedProducer implements AutoCloseable {
    private static final long TICK_MS = 20;
    private static final int KEYS = 499;

    private final KafkaProducer<String, String> producer;
    private final String topic;
    private final GroupJournal journal;
    private final int count;
    private final int perTick;
    private final AtomicReference<Exception> failed = new AtomicReference<>();
    private final ScheduledFuture<?> ticks;
    private int next;

    /**
     * Begins to write.
     *
     * @param count how many in all
     * @param perSecond how many a second
     */
    NumberedProducer(
            String bootstrap,
            String topic,
            GroupJournal journal,
            int count,
            int perSecond,
            ScheduledExecutorService scheduler) {
        this.topic = topic;
        this.journal = journal;
        this.count = count;
        this.perTick = (int) Math.max(1, perSecond * TICK_MS / 1000);
        this.producer = new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers", bootstrap,
                        "enable.idempotence", "true",
                        "acks", "all",
                        "linger.ms", "5",
                        "request.timeout.ms", "5000",
                        "delivery.timeout.ms", "120000",
                        "retry.backoff.max.ms", "200",
                        "reconnect.backoff.max.ms", "200"),
                new StringSerializer(),
                new StringSerializer());
        this.ticks = scheduler.scheduleAtFixedRate(this::tick, 0, TICK_MS, TimeUnit.MILLISECONDS);
    }

    private void tick() {
        for (int i = 0; i < perTick && next < count; i++) {
            int number = next++;
            producer.send(
                    new ProducerRecord<>(topic, "key " + number % KEYS, String.valueOf(number)),
                    (metadata, failure) -> {
                        if (failure != null) {
                            failed.compareAndSet(null, failure);
                        } else {
                            journal.add("producer", GroupJournal.sent(metadata.partition(), metadata.offset(), number));
                        }
                    });
        }
    }

    /** @throws AssertionError if a record was not taken */
    void check() {
        if (failed.get() != null) {
            throw new AssertionError("the producer failed", failed.get());
        }
    }

    @Override
    public void close() {
        ticks.cancel(false);
        producer.close();
    }
}
