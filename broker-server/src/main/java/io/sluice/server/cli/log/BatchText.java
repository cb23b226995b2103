package io.sluice.server.cli.log;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordCursor;
import io.sluice.server.cli.client.Json;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;

/** Batches and records, for a person and for a program. */
final class BatchText {
    private BatchText() {}

    static String line(int position, RecordBatch batch) {
        StringBuilder line = new StringBuilder(String.format(
                Locale.ROOT,
                "position %d: offsets %d to %d, %d records, %d bytes, %s, epoch %d, newest %s",
                position,
                batch.baseOffset(),
                batch.lastOffset(),
                batch.recordCount(),
                batch.sizeInBytes(),
                batch.compression().label(),
                batch.leaderEpoch(),
                Instant.ofEpochMilli(batch.maxTimestamp())));
        if (batch.hasProducerId()) {
            line.append(String.format(
                    Locale.ROOT,
                    ", producer %d epoch %d sequence %d",
                    batch.producerId(),
                    batch.producerEpoch(),
                    batch.baseSequence()));
        }
        if (batch.isTransactional()) {
            line.append(", transactional");
        }
        if (batch.isControl()) {
            line.append(", control");
        }
        return line.toString();
    }

    static ObjectNode document(int position, RecordBatch batch) {
        return Json.object()
                .put("position", position)
                .put("base_offset", batch.baseOffset())
                .put("last_offset", batch.lastOffset())
                .put("records", batch.recordCount())
                .put("size_bytes", batch.sizeInBytes())
                .put("compression", batch.compression().label())
                .put("leader_epoch", batch.leaderEpoch())
                .put("timestamp_type", batch.timestampType().name().toLowerCase(Locale.ROOT))
                .put("max_timestamp", batch.maxTimestamp())
                .put("producer_id", batch.producerId())
                .put("producer_epoch", batch.producerEpoch())
                .put("base_sequence", batch.baseSequence())
                .put("transactional", batch.isTransactional())
                .put("control", batch.isControl());
    }

    static ObjectNode record(RecordCursor record) {
        ObjectNode document = Json.object().put("offset", record.offset()).put("timestamp", record.timestamp());
        put(document, "key", record.hasKey(), record.key());
        put(document, "value", record.hasValue(), record.value());
        if (record.headerCount() > 0) {
            ObjectNode headers = document.putObject("headers");
            record.forEachHeader((name, hasValue, value) ->
                    put(headers, StandardCharsets.UTF_8.decode(name).toString(), hasValue, value));
        }
        return document;
    }

    private static void put(ObjectNode document, String name, boolean there, ByteBuffer bytes) {
        if (!there) {
            document.putNull(name);
            return;
        }
        try {
            document.put(
                    name,
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(bytes.duplicate())
                            .toString());
        } catch (CharacterCodingException notText) {
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            document.put(name + "_base64", copy);
        }
    }
}
