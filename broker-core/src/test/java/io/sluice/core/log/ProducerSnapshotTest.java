package io.sluice.core.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.log.LogRecovery.ProducerLimits;
import io.sluice.core.storage.CheckpointFile;
import org.junit.jupiter.api.Test;

class ProducerSnapshotTest {
    @Test
    void asManyProducersAndKeysAsAreAllowedFitIntoTheFile() {
        long earlier = (ProducerEntry.MAX_BATCHES - 1L) * ProducerLimits.MOST;

        assertThat(ProducerSnapshot.sizeInBytes(2L * ProducerLimits.MOST, earlier))
                .isLessThanOrEqualTo(CheckpointFile.MAX_BYTES);
    }
}
