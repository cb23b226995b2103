package io.sluice.server.cli.client;

import com.fasterxml.jackson.core.JsonGenerator;
import io.sluice.core.record.RecordCursor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Key, value and headers of records as fields of a JSON object. Bytes that are UTF-8 become strings; others go into a
 * field whose name ends in {@code _base64}, as the HTTP interface has it.
 */
public final class RecordFields {
    private final JsonGenerator json;

    /** Fields of the objects that a generator writes. */
    public RecordFields(JsonGenerator json) {
        this.json = json;
    }

    /** Writes the fields of one record; the object is the caller's to begin and to end. */
    public void write(RecordCursor record) throws IOException {
        write("key", record.hasKey(), record.key());
        write("value", record.hasValue(), record.value());
        writeHeaders(record);
    }

    /** Headers whose values are no text stand apart: {@code _base64} behind a header's own name would be another name. */
    private void writeHeaders(RecordCursor record) throws IOException {
        Map<String, List<byte[]>> binary = new LinkedHashMap<>();
        json.writeObjectFieldStart("headers");
        record.forEachHeader((nameBytes, hasValue, value) -> {
            String name = StandardCharsets.UTF_8.decode(nameBytes).toString();
            try {
                if (!hasValue) {
                    json.writeNullField(name);
                } else {
                    json.writeStringField(name, text(value));
                }
            } catch (CharacterCodingException notText) {
                binary.computeIfAbsent(name, any -> new ArrayList<>()).add(copy(value));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        json.writeEndObject();
        if (!binary.isEmpty()) {
            json.writeObjectFieldStart("headers_base64");
            for (Map.Entry<String, List<byte[]>> header : binary.entrySet()) {
                for (byte[] value : header.getValue()) {
                    json.writeBinaryField(header.getKey(), value);
                }
            }
            json.writeEndObject();
        }
    }

    private void write(String name, boolean there, ByteBuffer bytes) throws IOException {
        if (!there) {
            json.writeNullField(name);
            return;
        }
        try {
            json.writeStringField(name, text(bytes));
        } catch (CharacterCodingException notText) {
            json.writeBinaryField(name + "_base64", copy(bytes));
        }
    }

    private static String text(ByteBuffer bytes) throws CharacterCodingException {
        return StandardCharsets.UTF_8.newDecoder().decode(bytes.duplicate()).toString();
    }

    private static byte[] copy(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        return copy;
    }
}
