package io.sluice.server.cli.consume;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import io.sluice.core.record.RecordCursor;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Prints a JSON object a line. Bytes that are UTF-8 become strings; others go into a field whose name ends in
 * {@code _base64}, as the HTTP interface has it. So the line names the exact bytes, and the broker takes it back as it is.
 */
final class JsonPrinter implements RecordPrinter {
    private static final int BUFFER_BYTES = 256 * 1024;

    private final JsonGenerator json;
    private final boolean withOffset;

    /** @param withOffset whether to print where the record lies; {@code produce --ndjson} takes lines without it */
    JsonPrinter(OutputStream out, boolean withOffset) throws IOException {
        this.json = new JsonFactory()
                .createGenerator(new BufferedOutputStream(out, BUFFER_BYTES))
                .setRootValueSeparator(new SerializedString(""));
        this.withOffset = withOffset;
    }

    @Override
    public void print(int partition, RecordCursor record) throws IOException {
        json.writeStartObject();
        json.writeNumberField("partition", partition);
        if (withOffset) {
            json.writeNumberField("offset", record.offset());
        }
        json.writeNumberField("timestamp", record.timestamp());
        write("key", record.hasKey(), record.key());
        write("value", record.hasValue(), record.value());
        if (record.headerCount() > 0) {
            writeHeaders(record);
        }
        json.writeEndObject();
        json.writeRaw('\n');
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

    @Override
    public void flush() throws IOException {
        json.flush();
    }
}
