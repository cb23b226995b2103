package io.sluice.server.http.records;

import io.sluice.core.record.Murmur2;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Chooses partitions for records that do not name one. A key decides as it does in Kafka's default partitioner. Records
 * without a key stay on one partition until a batch's worth of bytes is there, then move on to the next.
 *
 * <p>For use by one thread: a partitioner belongs to one event loop, or to one request.
 */
final class Partitioner {
    /** After how many bytes records without a key move on. */
    static final int STICKY_BYTES = 16 * 1024;

    private int partitions;
    private int current;
    private int bytesLeft;

    private Partitioner(int partitions, int first) {
        this.partitions = partitions;
        this.current = first;
        this.bytesLeft = STICKY_BYTES;
    }

    /** One that begins anywhere. */
    static Partitioner random(int partitions) {
        return new Partitioner(partitions, ThreadLocalRandom.current().nextInt(partitions));
    }

    /** One that does for the same request what it did before: a retry goes where the first try went. */
    static Partitioner of(String idempotencyKey, int partitions) {
        byte[] key = idempotencyKey.getBytes(StandardCharsets.UTF_8);
        return new Partitioner(partitions, Murmur2.partition(key, 0, key.length, partitions));
    }

    /**
     * The partition of the next record.
     *
     * @param keyLength bytes of the key, or -1 for none
     * @param bytes the size of the record
     */
    int choose(byte[] key, int keyFrom, int keyLength, int bytes) {
        if (keyLength >= 0) {
            return Murmur2.partition(key, keyFrom, keyLength, partitions);
        }
        if (bytesLeft <= 0) {
            current = (current + 1) % partitions;
            bytesLeft = STICKY_BYTES;
        }
        bytesLeft -= bytes;
        return current;
    }

    /** The partitioners of one event loop, one per topic. */
    static final class PerTopic {
        private static final int MAX_TOPICS = 1_000;

        private final Map<String, Partitioner> partitioners = new LinkedHashMap<>(64, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Partitioner> eldest) {
                return size() > MAX_TOPICS;
            }
        };

        /** The partitioner of a topic that has so many partitions now. */
        Partitioner of(String topic, int partitions) {
            Partitioner partitioner = partitioners.computeIfAbsent(topic, name -> random(partitions));
            if (partitioner.partitions != partitions) {
                partitioner.partitions = partitions;
                partitioner.current %= partitions;
            }
            return partitioner;
        }
    }
}
