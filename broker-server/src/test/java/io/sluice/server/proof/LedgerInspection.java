package io.sluice.server.proof;

import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatches;
import io.sluice.core.record.RecordCursor;
import io.sluice.server.codec.KafkaCodecs;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Reads a partition as raw batches, checks each of them, and hands out the records. */
final class LedgerInspection {
    private static final KafkaCodecs CODECS = new KafkaCodecs();
    private static final int MAX_BATCH_BYTES = 8 * 1024 * 1024;

    private final HttpClient client;

    LedgerInspection(HttpClient client) {
        this.client = client;
    }

    /** Hears of every record in order. */
    @FunctionalInterface
    interface Visitor {
        void visit(Place place, long offset, LedgerRecord record);
    }

    /**
     * Reads from an offset up to the high watermark of the first answer.
     *
     * @return that high watermark
     */
    long read(URI broker, Place place, long from, Visitor visitor) throws IOException, InterruptedException {
        long next = from;
        long end = -1;
        while (end < 0 || next < end) {
            HttpRequest request = HttpRequest.newBuilder(
                            broker.resolve(place.records() + "?max_bytes=1048576&offset=" + next))
                    .header("Accept", "application/vnd.sluice.batches")
                    .build();
            HttpResponse<byte[]> answer = client.send(request, BodyHandlers.ofByteArray());
            if (answer.statusCode() != 200) {
                throw new AssertionError("offset " + next + " of " + place + " was answered " + answer.statusCode()
                        + ": " + new String(answer.body(), StandardCharsets.UTF_8));
            }
            if (end < 0) {
                end = answer.headers().firstValueAsLong("Sluice-High-Watermark").orElseThrow();
            }
            long after = walk(place, next, ByteBuffer.wrap(answer.body()), visitor);
            if (after == next && next < end) {
                throw new AssertionError("nothing at offset " + next + " of " + place + ", though it ends at " + end);
            }
            next = after;
        }
        return end;
    }

    private static long walk(Place place, long from, ByteBuffer body, Visitor visitor) {
        long next = from;
        int bytes = 0;
        for (RecordBatch batch : RecordBatches.in(body)) {
            if (!batch.isCrcValid()) {
                throw new AssertionError("the checksum of " + batch + " of " + place + " does not match");
            }
            bytes += batch.sizeInBytes();
            RecordCursor cursor = RecordCursor.over(batch, CODECS, MAX_BATCH_BYTES);
            while (cursor.next()) {
                if (cursor.offset() >= from) {
                    if (cursor.offset() != next) {
                        throw new AssertionError("offset " + next + " of " + place + " is left out");
                    }
                    String key = StandardCharsets.UTF_8.decode(cursor.key()).toString();
                    visitor.visit(place, next, LedgerRecord.parse(key, bytesOf(cursor.value())));
                    next++;
                }
            }
        }
        if (bytes != body.limit()) {
            throw new AssertionError((body.limit() - bytes) + " bytes behind the last whole batch of " + place);
        }
        return next;
    }

    private static byte[] bytesOf(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
