package io.sluice.core.log;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A batch that is read piece by piece from its segment, which it holds open. */
final class BatchInSegment implements OversizedBatch {
    private static final int VERIFY_BYTES = 64 * 1024;

    private final Segment segment;
    private final long position;
    private final RecordBatch header;
    private final LogReader reader;
    private boolean closed;

    /** @param segment acquired for this batch, which releases it */
    BatchInSegment(Segment segment, long position, RecordBatch header, LogReader reader) {
        this.segment = segment;
        this.position = position;
        this.header = header;
        this.reader = reader;
    }

    @Override
    public RecordBatch header() {
        return header;
    }

    @Override
    public int sizeInBytes() {
        return header.sizeInBytes();
    }

    @Override
    public void read(int from, ByteBuffer target) {
        if (from < 0 || target.remaining() > sizeInBytes() - from) {
            throw new IllegalArgumentException(
                    target.remaining() + " bytes from " + from + " of a batch of " + sizeInBytes());
        }
        try {
            segment.file().file().read(position + from, target);
        } catch (IOException e) {
            throw failed(e);
        }
        if (target.hasRemaining()) {
            throw reader.damaged(segment, position, "the file ends within a batch");
        }
    }

    @Override
    public void verify() {
        try {
            BatchScanner scanner =
                    new BatchScanner(segment.file().file(), position, position + sizeInBytes(), VERIFY_BYTES);
            if (!scanner.next()) {
                throw reader.damaged(segment, position, scanner.fault());
            }
            if (!scanner.isCrcValid()) {
                throw reader.damaged(segment, position, "the checksum of a batch does not match");
            }
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private BrokerException failed(IOException e) {
        return new BrokerException(
                ErrorCode.STORAGE_FAILED, "reading " + segment.path() + " failed: " + e.getMessage(), e);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            segment.file().release();
        }
    }
}
