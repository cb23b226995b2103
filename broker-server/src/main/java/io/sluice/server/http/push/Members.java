package io.sluice.server.http.push;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Takes members out of a JSON object and leaves the others as they were written, digits and spaces included. */
final class Members {
    private static final JsonFactory FACTORY = new JsonFactory();

    private Members() {}

    /** @param text a JSON object that has been parsed before */
    static byte[] without(String text, List<String> names) {
        byte[] json = text.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream out = new ByteArrayOutputStream(json.length);
        out.write('{');
        try (JsonParser parser = FACTORY.createParser(json)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                int from = (int) parser.currentTokenLocation().getByteOffset();
                parser.nextToken();
                parser.skipChildren();
                parser.finishToken();
                int to = (int) parser.currentLocation().getByteOffset();
                if (!names.contains(name)) {
                    if (out.size() > 1) {
                        out.write(',');
                    }
                    out.write(json, from, to - from);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        out.write('}');
        return out.toByteArray();
    }
}
