package io.sluice.server.http.records;

import io.sluice.core.engine.LogRead;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatches;
import io.sluice.core.record.RecordCursor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Iterator;

/** The batches of a read that are in memory. Those that are compressed are decompressed as a stream. */
final class MemorySource implements RecordSource {
    private final Codecs codecs;
    private final Iterator<ByteBuffer> buffers;
    private final long nextOffset;
    private Iterator<RecordBatch> batches = Collections.emptyIterator();
    /** The plain batch at hand, or null. */
    private RecordCursor cursor;
    /** The compressed batch at hand, or null. */
    private StreamSource stream;

    MemorySource(LogRead read, Codecs codecs) {
        this.codecs = codecs;
        this.buffers = read.batches().iterator();
        this.nextOffset = read.nextOffset();
    }

    /** Whether any of the batches is compressed, so that writing them takes longer. */
    static boolean isCompressed(LogRead read) {
        for (ByteBuffer buffer : read.batches()) {
            for (RecordBatch batch : RecordBatches.in(buffer)) {
                if (batch.compression() != CompressionType.NONE) {
                    return true;
                }
            }
        }
        return false;
    }

    @Override
    public boolean fill(JsonOutput out, RecordJson json, FetchProgress progress, int limitBytes) throws IOException {
        while (out.size() < limitBytes) {
            if (cursor != null) {
                fillPlain(out, json, progress, limitBytes);
            } else if (stream != null) {
                if (!stream.fill(out, json, progress, limitBytes)) {
                    // Maybe in the midst of the last record that there may be.
                    continue;
                }
                close();
            } else if (!nextBatch(progress)) {
                progress.skipTo(nextOffset);
                return true;
            }
            if (progress.isFull()) {
                close();
                return true;
            }
        }
        return false;
    }

    private boolean nextBatch(FetchProgress progress) {
        while (!batches.hasNext()) {
            if (!buffers.hasNext()) {
                return false;
            }
            batches = RecordBatches.in(buffers.next()).iterator();
        }
        RecordBatch batch = batches.next();
        if (batch.isControl() || batch.lastOffset() < progress.offset()) {
            return true;
        }
        if (batch.compression() == CompressionType.NONE) {
            cursor = RecordCursor.over(batch);
        } else {
            ByteBuffer bytes = batch.bytes();
            stream = new StreamSource(
                    batch,
                    bytes.remaining(),
                    (position, target) -> target.put(bytes.slice(position, target.remaining())),
                    codecs,
                    () -> {});
        }
        return true;
    }

    private void fillPlain(JsonOutput out, RecordJson json, FetchProgress progress, int limitBytes) {
        while (out.size() < limitBytes) {
            if (!cursor.next()) {
                cursor = null;
                return;
            }
            if (cursor.offset() < progress.offset()) {
                continue;
            }
            if (!progress.wants(cursor)) {
                continue;
            }
            long bytes = (long) cursor.key().remaining() + cursor.value().remaining();
            if (!progress.admit(cursor.offset(), bytes)) {
                return;
            }
            if (!json.record(out, cursor)) {
                progress.refuse(cursor.offset());
                return;
            }
        }
    }

    @Override
    public void close() {
        if (stream != null) {
            stream.close();
            stream = null;
        }
    }
}
