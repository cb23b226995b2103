package io.sluice.loadtest.micro;

import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/** Batches for the benches, written as {@code RECORDSxBYTES}, such as {@code 100x100}. */
public final class Batches {
    private Batches() {}

    /** A batch of random values without keys, all of one time. */
    public static RecordBatch of(String shape, long timestampMs) {
        String[] parts = shape.split("x");
        int records = Integer.parseInt(parts[0]);
        int bytes = Integer.parseInt(parts[1]);
        SplittableRandom random = new SplittableRandom(1);
        RecordBatchBuilder builder = new RecordBatchBuilder(records * (bytes + 16));
        for (int i = 0; i < records; i++) {
            byte[] value = new byte[bytes];
            random.nextBytes(value);
            builder.append(timestampMs, null, value);
        }
        return builder.build();
    }

    /** The same batch in memory of its own. */
    public static RecordBatch copyOf(RecordBatch batch) {
        ByteBuffer copy = ByteBuffer.allocate(batch.sizeInBytes());
        copy.put(0, batch.bytes(), 0, batch.sizeInBytes());
        return RecordBatch.at(copy, 0);
    }
}
