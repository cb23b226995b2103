package io.sluice.server.http.records;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Writes records as the REST v2 face has them: keys and values in one format by the same names always, headers as a list of
 * names and base64, which is left out where there are none. For use by one thread at a time.
 */
final class RestRecordJson extends RecordJson {
    private static final byte[] HEADERS = JsonOutput.ascii(",\"headers\":[");
    private static final byte[] HEADER_KEY = JsonOutput.ascii("{\"key\":");
    private static final byte[] HEADER_VALUE = JsonOutput.ascii(",\"value\":");

    private int headers;

    RestRecordJson(EmbeddedFormat format) {
        super(0, format.shown(), false);
    }

    @Override
    byte[] keyBase64() {
        return KEY;
    }

    @Override
    byte[] valueBase64() {
        return VALUE;
    }

    @Override
    boolean isStrict() {
        return values() != Values.BASE64;
    }

    @Override
    void header(JsonOutput out, ByteBuffer name, boolean hasValue, ByteBuffer value) {
        if (headers++ == 0) {
            out.put(HEADERS);
        } else {
            out.put(',');
        }
        out.put(HEADER_KEY)
                .string(StandardCharsets.UTF_8.decode(name.duplicate()).toString())
                .put(HEADER_VALUE);
        if (hasValue) {
            byte[] bytes = new byte[value.remaining()];
            value.get(value.position(), bytes);
            out.put('"').base64(bytes, 0, bytes.length).put('"');
        } else {
            out.putNull();
        }
        out.put('}');
    }

    @Override
    void end(JsonOutput out) {
        if (headers > 0) {
            out.put(']');
            headers = 0;
        }
        out.put('}');
    }
}
