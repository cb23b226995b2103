package io.sluice.server.http.records;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.record.Murmur2;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;

class PartitionerTest {
    private static final byte[] NO_KEY = new byte[0];

    @Property(tries = 2_000)
    void aKeyGoesWhereKafkasDefaultPartitionerPutsIt(
            @ForAll byte[] key, @ForAll @IntRange(min = 1, max = 1_000) int partitions) {
        byte[] around = new byte[key.length + 5];
        System.arraycopy(key, 0, around, 3, key.length);

        assertThat(Murmur2.hash(around, 3, key.length)).isEqualTo(Utils.murmur2(key));
        assertThat(Partitioner.random(partitions).choose(around, 3, key.length, 100))
                .isEqualTo(BuiltInPartitioner.partitionForKey(key, partitions));
    }

    @Test
    void recordsWithoutAKeyStayTogetherForABatchAndThenMoveOn() {
        Partitioner partitioner = Partitioner.random(3);
        Map<Integer, Integer> bytesIn = new HashMap<>();

        int moves = 0;
        int last = -1;
        for (int i = 0; i < 3 * Partitioner.STICKY_BYTES / 128; i++) {
            int partition = partitioner.choose(NO_KEY, 0, -1, 128);
            bytesIn.merge(partition, 128, Integer::sum);
            moves += partition == last ? 0 : 1;
            last = partition;
        }

        assertThat(moves).isEqualTo(3);
        assertThat(bytesIn.values()).containsOnly(Partitioner.STICKY_BYTES);
    }

    @Test
    void theSameIdempotencyKeyChoosesTheSamePartitionsAgain() {
        Set<Integer> firstChoices = new HashSet<>();
        for (int key = 0; key < 100; key++) {
            Partitioner first = Partitioner.of("request-" + key, 7);
            Partitioner retry = Partitioner.of("request-" + key, 7);
            firstChoices.add(first.choose(NO_KEY, 0, -1, 9_000));
            retry.choose(NO_KEY, 0, -1, 9_000);
            for (int i = 0; i < 10; i++) {
                assertThat(first.choose(NO_KEY, 0, -1, 9_000)).isEqualTo(retry.choose(NO_KEY, 0, -1, 9_000));
            }
        }

        assertThat(firstChoices).hasSize(7);
    }

    @Test
    void aTopicThatGrowsKeepsItsPartitionerInBounds() {
        Partitioner.PerTopic topics = new Partitioner.PerTopic();
        for (int partitions : new int[] {8, 2, 5, 1}) {
            for (int i = 0; i < 50; i++) {
                assertThat(topics.of("t", partitions).choose(NO_KEY, 0, -1, 10_000))
                        .isBetween(0, partitions - 1);
            }
        }
    }
}
