package io.sluice.core.engine;

import io.sluice.core.record.RecordBatch;
import java.nio.ByteBuffer;

/**
 * A batch that stays where it is, to be read piece by piece, so that a large record costs a reader no more memory
 * than a small one. It keeps its segment open until it is closed. Safe for use by one thread at a time.
 */
public interface OversizedBatch extends AutoCloseable {
    /** A view of the batch's header only: every header field can be asked for, its records cannot. */
    RecordBatch header();

    /** The size of the whole batch, header included, in bytes. */
    int sizeInBytes();

    /**
     * Reads bytes of the batch. May block on the disk: not for event loops.
     *
     * @param position where to begin, in bytes from the start of the batch (its header included)
     * @param target takes as many bytes as it has room for; must not reach beyond the end of the batch
     * @throws io.sluice.core.BrokerException STORAGE_FAILED if the file cannot be read
     */
    void read(int position, ByteBuffer target);

    /**
     * Reads the whole batch once in small pieces and compares it with its checksum. May block on the disk.
     *
     * @throws io.sluice.core.BrokerException DATA_CORRUPT if the bytes are not those that were written
     */
    void verify();

    @Override
    void close();
}
