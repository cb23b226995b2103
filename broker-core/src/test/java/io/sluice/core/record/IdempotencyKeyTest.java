package io.sluice.core.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class IdempotencyKeyTest {
    @Property
    void aKeyLiesInItsRangeAndIsTheSameEveryTime(@ForAll String key, @ForAll String topic, @ForAll int part) {
        IdempotencyKey first = IdempotencyKey.of(key, topic, part);

        assertThat(IdempotencyKey.isKey(first.producerId())).isTrue();
        assertThat(first.baseSequence()).isNotNegative();
        assertThat(IdempotencyKey.of(key, topic, part)).isEqualTo(first);
    }

    @Test
    void anotherKeyTopicOrPartIsAnotherKey() {
        Set<IdempotencyKey> seen = new HashSet<>();
        for (int i = 0; i < 100_000; i++) {
            assertThat(seen.add(IdempotencyKey.of("key" + i, "orders", 0))).isTrue();
        }
        assertThat(seen.add(IdempotencyKey.of("key0", "orders2", 0))).isTrue();
        assertThat(seen.add(IdempotencyKey.of("key0", "orders", 1))).isTrue();
        assertThat(seen.add(IdempotencyKey.of("key0orders", "", 0))).isTrue();
    }

    @Test
    void whereTheKeyEndsAndTheTopicBeginsMatters() {
        assertThat(IdempotencyKey.of("ab", "c", 0)).isNotEqualTo(IdempotencyKey.of("a", "bc", 0));
        assertThat(IdempotencyKey.of("a\0b", "c", 0)).isNotEqualTo(IdempotencyKey.of("a", "b\0c".substring(2), 0));
    }

    @Test
    void idsThatProducersAreGivenAreNoKeys() {
        assertThat(IdempotencyKey.isKey(-1)).isFalse();
        assertThat(IdempotencyKey.isKey(0)).isFalse();
        assertThat(IdempotencyKey.isKey(IdempotencyKey.FIRST_PRODUCER_ID - 1)).isFalse();
        assertThat(IdempotencyKey.isKey(Long.MAX_VALUE)).isTrue();
        assertThatThrownBy(() -> new IdempotencyKey(7, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new IdempotencyKey(Long.MAX_VALUE, -1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Property
    void aStampedBatchIsSoundAndSaysWhatWasStamped(@ForAll int fingerprint) {
        RecordBatch batch =
                new RecordBatchBuilder(64).append(5, null, new byte[] {1}).build();
        IdempotencyKey key = IdempotencyKey.of("k", "t", 3);

        key.stamp(batch, fingerprint);

        assertThat(batch.isCrcValid()).isTrue();
        assertThat(batch.producerId()).isEqualTo(key.producerId());
        assertThat(batch.baseSequence()).isEqualTo(key.baseSequence());
        assertThat((int) batch.producerEpoch()).isEqualTo(fingerprint & 0x7fff).isNotNegative();
    }
}
