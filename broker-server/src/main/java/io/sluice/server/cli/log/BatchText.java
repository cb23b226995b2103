package io.sluice.server.cli.log;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordCursor;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.RecordFields;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Locale;

/** Batches and records, for a person and for a program. */
final class BatchText {
    private static final JsonFactory JSON = new JsonFactory();

    private BatchText() {}

    static String line(int position, RecordBatch batch) {
        StringBuilder line = new StringBuilder(String.format(
                Locale.ROOT,
                "position %d: offsets %d to %d, %d %s, %d bytes, %s, epoch %d, newest %s",
                position,
                batch.baseOffset(),
                batch.lastOffset(),
                batch.recordCount(),
                batch.recordCount() == 1 ? "record" : "records",
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

    /** A record as a JSON object on one line; not as a tree, which could not hold two headers of one name. */
    static String record(RecordCursor record) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartObject();
            json.writeNumberField("offset", record.offset());
            json.writeNumberField("timestamp", record.timestamp());
            new RecordFields(json).write(record);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }
}
