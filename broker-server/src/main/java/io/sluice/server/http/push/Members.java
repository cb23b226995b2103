package io.sluice.server.http.push;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.sluice.server.http.JsonBody;
import io.sluice.server.http.JsonFields;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Takes a JSON object apart by its members and leaves them as they were written, digits and spaces included. */
final class Members {
    private static final JsonFactory FACTORY = new JsonFactory();
    private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);

    private Members() {}

    /**
     * The fields of an object, those of these names without what they hold: it may be large, and is read elsewhere.
     *
     * @throws io.sluice.server.http.HttpProblem 400 if it is no JSON object; see {@link JsonBody#parse}
     */
    static JsonFields outside(String text, List<String> names) {
        byte[] small;
        try {
            small = copy(text, names, true);
        } catch (IOException e) {
            // It is found again by whoever can tell what is wrong and where.
            return JsonBody.parse(Buffer.buffer(text));
        }
        return JsonBody.parse(Buffer.buffer(small));
    }

    /** @param text a JSON object that has been parsed before */
    static byte[] without(String text, List<String> names) {
        try {
            return copy(text, names, false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @param keepNames whether members of these names stay, as null */
    private static byte[] copy(String text, List<String> names, boolean keepNames) throws IOException {
        byte[] json = text.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream out = new ByteArrayOutputStream(keepNames ? 512 : json.length);
        out.write('{');
        try (JsonParser parser = FACTORY.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("no object");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                int from = (int) parser.currentTokenLocation().getByteOffset();
                parser.nextToken();
                int value = (int) parser.currentTokenLocation().getByteOffset();
                parser.skipChildren();
                parser.finishToken();
                int to = (int) parser.currentLocation().getByteOffset();
                boolean isNamed = names.contains(name);
                if (isNamed && !keepNames) {
                    continue;
                }
                if (out.size() > 1) {
                    out.write(',');
                }
                out.write(json, from, (isNamed ? value : to) - from);
                if (isNamed) {
                    out.writeBytes(NULL);
                }
            }
            if (parser.nextToken() != null) {
                throw new IOException("more than an object");
            }
        }
        out.write('}');
        return out.toByteArray();
    }
}
