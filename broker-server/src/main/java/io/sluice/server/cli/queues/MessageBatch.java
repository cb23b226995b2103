package io.sluice.server.cli.queues;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/** Messages on their way to a queue, as the body of one request. For one thread. */
final class MessageBatch {
    static final int MAX_MESSAGES = 500;
    private static final int MAX_BYTES = 512 * 1024;

    private static final JsonFactory JSON = new JsonFactory();

    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    /** Which line of the input each message was. */
    private final long[] lines = new long[MAX_MESSAGES];

    private int count;

    /**
     * What all messages of a run have in common.
     *
     * @param members numbers and texts of the message object
     */
    record Common(Map<String, Object> members, Map<String, String> headers) {}

    int count() {
        return count;
    }

    boolean isFull() {
        return count == MAX_MESSAGES || body.size() >= MAX_BYTES;
    }

    long line(int index) {
        return lines[index];
    }

    /** Adds a message of bytes that are kept as they are. */
    void add(long line, Optional<ByteBuffer> key, ByteBuffer value, Common common) {
        begin(line);
        try (JsonGenerator json = JSON.createGenerator(body).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)) {
            json.writeStartObject();
            if (key.isPresent()) {
                write(json, "key", key.get());
            }
            write(json, "value", value);
            for (Map.Entry<String, Object> member : common.members().entrySet()) {
                json.writeObjectField(member.getKey(), member.getValue());
            }
            if (!common.headers().isEmpty()) {
                json.writeObjectFieldStart("headers");
                for (Map.Entry<String, String> header : common.headers().entrySet()) {
                    json.writeStringField(header.getKey(), header.getValue());
                }
                json.writeEndObject();
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Adds a message object.
     *
     * @throws CliException USAGE if it is none
     */
    void addObject(long line, byte[] object) {
        boolean isObject;
        try {
            isObject = Json.parseWhole(object).isObject();
        } catch (IOException notJson) {
            isObject = false;
        }
        if (!isObject) {
            throw CliException.usage("queues send: input line " + line + " is not a JSON object");
        }
        begin(line);
        body.writeBytes(object);
    }

    private void begin(long line) {
        body.writeBytes((count == 0 ? "{\"messages\":[" : ",").getBytes(StandardCharsets.US_ASCII));
        lines[count++] = line;
    }

    private static void write(JsonGenerator json, String name, ByteBuffer bytes) throws IOException {
        try {
            json.writeStringField(
                    name,
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(bytes.duplicate())
                            .toString());
        } catch (CharacterCodingException notText) {
            byte[] copy = new byte[bytes.remaining()];
            bytes.duplicate().get(copy);
            json.writeBinaryField(name + "_base64", copy);
        }
    }

    /** The whole body, and begins a new one. */
    byte[] take() {
        body.writeBytes("]}".getBytes(StandardCharsets.US_ASCII));
        byte[] whole = body.toByteArray();
        body.reset();
        count = 0;
        return whole;
    }
}
