package io.sluice.server.proof;

import io.sluice.core.record.CompressionType;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.server.codec.KafkaCodecs;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.SplittableRandom;

/**
 * A produce request in one of the forms that the broker takes. However often it is sent, its bytes are the same.
 *
 * @param query what follows the path
 * @param records what it holds, in order
 * @param places where each of them goes
 */
record LedgerRequest(
        String topic, String query, String contentType, byte[] body, List<LedgerRecord> records, List<Place> places) {
    private static final KafkaCodecs CODECS = new KafkaCodecs();
    private static final int MAX_RECORDS = 12;
    private static final int MAX_BATCHES = 3;

    /** The forms of a produce request. */
    private enum Form {
        RAW,
        JSON,
        LINES,
        BATCHES
    }

    /** Makes the next records of a producer. */
    @FunctionalInterface
    interface Source {
        LedgerRecord next();
    }

    /**
     * A request of a random form.
     *
     * @param places partitions of one topic
     * @param acks what it waits for
     */
    static LedgerRequest random(List<Place> places, String acks, Source source, SplittableRandom random) {
        Form form = Form.values()[random.nextInt(Form.values().length)];
        return switch (form) {
            case RAW -> raw(places.get(random.nextInt(places.size())), acks, source.next());
            case JSON -> json(places, acks, source, random, false);
            case LINES -> json(places, acks, source, random, true);
            case BATCHES -> batches(places.get(random.nextInt(places.size())), acks, source, random);
        };
    }

    private static LedgerRequest raw(Place place, String acks, LedgerRecord record) {
        return new LedgerRequest(
                place.topic(),
                "?acks=" + acks + "&partition=" + place.partition() + "&key=" + record.key(),
                "application/octet-stream",
                record.value(),
                List.of(record),
                List.of(place));
    }

    private static LedgerRequest json(
            List<Place> places, String acks, Source source, SplittableRandom random, boolean lines) {
        List<LedgerRecord> records = new ArrayList<>();
        List<Place> where = new ArrayList<>();
        JsonArray documents = new JsonArray();
        StringBuilder text = new StringBuilder();
        for (int left = 1 + random.nextInt(MAX_RECORDS); left > 0; left--) {
            LedgerRecord record = source.next();
            Place place = places.get(random.nextInt(places.size()));
            records.add(record);
            where.add(place);
            JsonObject document = new JsonObject()
                    .put("partition", place.partition())
                    .put("key", record.key())
                    .put("value_base64", Base64.getEncoder().encodeToString(record.value()));
            documents.add(document);
            text.append(document.encode()).append('\n');
        }
        String body = lines
                ? text.toString()
                : new JsonObject().put("records", documents).encode();
        return new LedgerRequest(
                places.get(0).topic(),
                "?acks=" + acks,
                lines ? "application/x-ndjson" : "application/json",
                body.getBytes(StandardCharsets.UTF_8),
                records,
                where);
    }

    private static LedgerRequest batches(Place place, String acks, Source source, SplittableRandom random) {
        List<LedgerRecord> records = new ArrayList<>();
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (int batches = 1 + random.nextInt(MAX_BATCHES); batches > 0; batches--) {
            RecordBatchBuilder builder = new RecordBatchBuilder(1024);
            for (int left = 1 + random.nextInt(MAX_RECORDS / MAX_BATCHES); left > 0; left--) {
                LedgerRecord record = source.next();
                records.add(record);
                builder.append(
                        System.currentTimeMillis(), record.key().getBytes(StandardCharsets.UTF_8), record.value());
            }
            CompressionType type = CompressionType.values()[random.nextInt(CompressionType.values().length)];
            RecordBatch batch = builder.build(type, CODECS);
            ByteBuffer bytes = batch.bytes();
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            body.writeBytes(copy);
        }
        return new LedgerRequest(
                place.topic(),
                "?acks=" + acks + "&partition=" + place.partition(),
                "application/vnd.sluice.batches",
                body.toByteArray(),
                records,
                Collections.nCopies(records.size(), place));
    }

    /** The request as it goes to a broker. */
    HttpRequest.Builder to(URI broker) {
        return HttpRequest.newBuilder(broker.resolve("/v1/topics/" + topic + "/records" + query))
                .header("Content-Type", contentType)
                .POST(BodyPublishers.ofByteArray(body));
    }

    /**
     * The offset of each record, from an answer that names them one by one or in ranges.
     *
     * @throws AssertionError if the answer does not name exactly as many as there are records
     */
    long[] offsets(String answer) {
        Map<Integer, Queue<Long>> answered = new HashMap<>();
        int count = 0;
        JsonArray list = new JsonObject(answer).getJsonArray("offsets");
        for (int i = 0; i < list.size(); i++) {
            JsonObject range = list.getJsonObject(i);
            for (long j = 0; j < range.getLong("count", 1L); j++, count++) {
                answered.computeIfAbsent(range.getInteger("partition"), p -> new ArrayDeque<>())
                        .add(range.getLong("offset") + j);
            }
        }
        if (count != records.size()) {
            throw new AssertionError(records.size() + " records were sent, the answer is " + answer);
        }
        long[] offsets = new long[count];
        for (int i = 0; i < count; i++) {
            Queue<Long> ofPartition = answered.get(places.get(i).partition());
            if (ofPartition == null || ofPartition.isEmpty()) {
                throw new AssertionError("too few offsets for " + places.get(i) + " in " + answer);
            }
            offsets[i] = ofPartition.remove();
        }
        return offsets;
    }
}
