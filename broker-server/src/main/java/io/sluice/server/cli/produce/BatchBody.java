package io.sluice.server.cli.produce;

import io.sluice.core.record.Headers;
import io.sluice.core.record.RecordBatchBuilder;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;

/** One record batch in the broker's own format, so that nobody has to take it apart. */
final class BatchBody implements Body {
    private final RecordBatchBuilder builder;
    private long inputBytes;

    BatchBody(int expectedBytes) {
        builder = new RecordBatchBuilder(expectedBytes);
    }

    void append(OutgoingRecord record, long timestampMs, Headers headers) {
        builder.append(
                timestampMs,
                record.keyArray(),
                record.keyFrom(),
                record.keyLength(),
                record.valueArray(),
                record.valueFrom(),
                record.valueLength(),
                headers);
        inputBytes += record.inputBytes();
    }

    @Override
    public int recordCount() {
        return builder.count();
    }

    @Override
    public int sizeInBytes() {
        return builder.sizeInBytes();
    }

    @Override
    public long inputBytes() {
        return inputBytes;
    }

    @Override
    public BodyPublisher finish() {
        ByteBuffer bytes = builder.build().ownedBytes();
        return BodyPublishers.ofByteArray(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
    }
}
