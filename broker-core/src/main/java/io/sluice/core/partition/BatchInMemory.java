package io.sluice.core.partition;

import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.record.RecordBatch;
import java.nio.ByteBuffer;

/** A large batch that the tail cache still holds. */
final class BatchInMemory implements OversizedBatch {
    private final ByteBuffer bytes;

    BatchInMemory(ByteBuffer bytes) {
        this.bytes = bytes;
    }

    @Override
    public RecordBatch header() {
        return RecordBatch.headerAt(bytes, bytes.position());
    }

    @Override
    public int sizeInBytes() {
        return bytes.remaining();
    }

    @Override
    public void read(int position, ByteBuffer target) {
        target.put(bytes.slice(bytes.position() + position, target.remaining()));
    }

    /** The bytes were compared with their checksum when they came, and have been in memory since. */
    @Override
    public void verify() {}

    @Override
    public void close() {}
}
