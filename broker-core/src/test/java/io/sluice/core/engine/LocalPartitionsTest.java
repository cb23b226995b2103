package io.sluice.core.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.TopicPartition;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Which worker has a partition. */
class LocalPartitionsTest {
    private static int workerOf(String topic, int partition, int workers) {
        return LocalPartitions.workerOf(new TopicPartition(topic, partition), workers);
    }

    @Test
    void thePartitionsOfATopicAreSpreadEvenly() {
        for (String topic : new String[] {"orders", "polygenelubricants", "", "__queues"}) {
            for (int workers = 1; workers <= 8; workers++) {
                int count = workers;
                assertThat(IntStream.range(0, workers).mapToObj(partition -> workerOf(topic, partition, count)))
                        .as("%s over %s", topic, workers)
                        .containsExactlyInAnyOrderElementsOf(
                                IntStream.range(0, workers).boxed().toList());
            }
        }
    }

    @Test
    void aTopicAndWhatIsKeptOfItAreTogether() {
        // The hash code of the second is the least there is.
        for (String topic : new String[] {"orders", "polygenelubricants", "default", "a"}) {
            for (int workers : new int[] {1, 2, 4}) {
                int kept = Math.floorMod(topic.hashCode(), 4);
                assertThat(workerOf(topic, 0, workers)).isEqualTo(workerOf("__queues", kept, workers));
            }
        }
    }
}
