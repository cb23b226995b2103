package io.sluice.server.cli.consume;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.Headers;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.record.RecordCursor;
import io.sluice.server.cli.client.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The answer to a poll with {@code values=base64}, which names the exact bytes of each record.
 *
 * @param records what came, in order within each partition
 * @param rest all fields but the records
 */
record Polled(List<Record> records, JsonNode rest) {
    private static final int MAX_RECORD_BYTES = 256 * 1024 * 1024;

    /** A record and where it lies; key and value may be {@code null}, as the format allows. */
    record Record(String topic, int partition, long offset, long timestamp, byte[] key, byte[] value, Headers headers) {
        /** As the printers take it. */
        RecordCursor cursor() {
            RecordCursor cursor = RecordCursor.over(
                    new RecordBatchBuilder(64)
                            .baseOffset(offset)
                            .append(timestamp, key, value, headers)
                            .build(),
                    Codecs.jdk(),
                    MAX_RECORD_BYTES);
            cursor.next();
            return cursor;
        }
    }

    /**
     * Reads an answer.
     *
     * @throws IOException if it is not one
     */
    static Polled of(byte[] body) throws IOException {
        List<Record> records = new ArrayList<>();
        ObjectNode rest = Json.object();
        try (JsonParser json = Json.parser(body)) {
            expect(json.nextToken() == JsonToken.START_OBJECT);
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                json.nextToken();
                if (!name.equals("records")) {
                    rest.set(name, json.<JsonNode>readValueAsTree());
                    continue;
                }
                expect(json.currentToken() == JsonToken.START_ARRAY);
                while (json.nextToken() == JsonToken.START_OBJECT) {
                    records.add(record(json));
                }
            }
        }
        expect(rest.path("cursor").isTextual() && rest.path("assignment").isArray());
        return new Polled(records, rest);
    }

    private static Record record(JsonParser json) throws IOException {
        String topic = "";
        int partition = -1;
        long offset = -1;
        long timestamp = 0;
        byte[] key = null;
        byte[] value = null;
        Headers headers = new Headers();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            json.nextToken();
            switch (name) {
                case "topic" -> topic = json.getText();
                case "partition" -> partition = json.getIntValue();
                case "offset" -> offset = json.getLongValue();
                case "timestamp" -> timestamp = json.getLongValue();
                case "key_base64" -> key = json.getBinaryValue();
                case "value_base64" -> value = json.getBinaryValue();
                case "headers", "headers_base64" -> addTo(headers, json);
                default -> json.skipChildren();
            }
        }
        expect(!topic.isEmpty() && partition >= 0 && offset >= 0);
        return new Record(topic, partition, offset, timestamp, key, value, headers);
    }

    /** A name may come more than once, which a map would lose. */
    private static void addTo(Headers headers, JsonParser json) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            headers.add(name, json.nextToken() == JsonToken.VALUE_NULL ? null : json.getBinaryValue());
        }
    }

    private static void expect(boolean condition) throws IOException {
        if (!condition) {
            throw new IOException("this is no answer to a poll");
        }
    }

    /** Says how far the records go. */
    String cursor() {
        return rest.path("cursor").asText();
    }

    /** How many partitions will come to the member when others give them away. */
    int waitingFor() {
        return rest.path("waiting_for").asInt(0);
    }
}
