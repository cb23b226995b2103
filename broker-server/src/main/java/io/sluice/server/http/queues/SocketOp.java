package io.sluice.server.http.queues;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.JsonBody;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.json.JsonBytes;
import io.sluice.server.http.json.JsonFault;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One thing that a client asks for over the WebSocket of a queue: a JSON object with an {@code op}. Messages to send are left as they were written, and
 * read where they are sent.
 *
 * @param json the text that the object is in
 * @param from where it begins
 * @param to where it ends
 * @param op what it is called, if that is text
 * @param id what the client calls it, if it does and that is text
 * @param messagesFrom where its messages begin; -1 if it has none
 * @param messagesTo where they end
 */
record SocketOp(
        byte[] json, int from, int to, Optional<String> op, Optional<String> id, int messagesFrom, int messagesTo) {
    /** How many there may be in one message. */
    static final int MAX_AT_ONCE = 1_000;

    static final String MESSAGES = "messages";
    private static final int MAX_DEPTH = JsonBytes.MAX_DEPTH;
    /** Whoever reads what is in it has limits of its own. */
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .build())
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();

    private static final byte[] BEGIN = "{\"messages\":".getBytes(StandardCharsets.US_ASCII);

    /**
     * What a message asks for: one object, or several in an array.
     *
     * @throws HttpProblem 400 invalid_json, invalid_argument; nothing is asked for then
     */
    static List<SocketOp> in(String text) {
        byte[] json = text.getBytes(StandardCharsets.UTF_8);
        if (json.length == 0 || json.length > 1 && (json[0] == 0 || json[1] == 0)) {
            // The parser would take it for another encoding.
            throw malformed(json);
        }
        List<SocketOp> ops = new ArrayList<>();
        try (JsonParser parser = FACTORY.createParser(json)) {
            JsonToken first = parser.nextToken();
            if (first == JsonToken.START_OBJECT) {
                ops.add(one(parser, json));
            } else if (first == JsonToken.START_ARRAY) {
                while (parser.nextToken() == JsonToken.START_OBJECT) {
                    if (ops.size() == MAX_AT_ONCE) {
                        throw JsonFields.invalid("the message", "has more than " + MAX_AT_ONCE + " objects");
                    }
                    ops.add(one(parser, json));
                }
                if (parser.currentToken() != JsonToken.END_ARRAY) {
                    throw noObject(json, (int) parser.currentTokenLocation().getByteOffset());
                }
            } else {
                throw noObject(json, 0);
            }
            if (parser.nextToken() != null) {
                throw noObject(json, (int) parser.currentTokenLocation().getByteOffset());
            }
        } catch (IOException e) {
            throw malformed(json);
        }
        return ops;
    }

    private static HttpProblem noObject(byte[] json, int index) {
        return HttpErrors.invalidJson("the message", JsonFault.at(json, 0, index, JsonFault.NO_OBJECT));
    }

    private static HttpProblem malformed(byte[] json) {
        return JsonFault.in(json, 0, json.length)
                .map(fault -> HttpErrors.invalidJson("the message", fault))
                .orElseGet(() -> new HttpProblem(
                        400, "invalid_json", "the message nests deeper than " + MAX_DEPTH + " levels, or is no JSON"));
    }

    private static SocketOp one(JsonParser parser, byte[] json) throws IOException {
        int from = (int) parser.currentTokenLocation().getByteOffset();
        Set<String> names = new HashSet<>();
        Optional<String> op = Optional.empty();
        Optional<String> id = Optional.empty();
        int messagesFrom = -1;
        int messagesTo = -1;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            if (!names.add(name)) {
                throw new HttpProblem(400, "duplicate_field", name + " is there twice").with("field", name);
            }
            JsonToken value = parser.nextToken();
            if (name.equals("op") && value == JsonToken.VALUE_STRING) {
                op = Optional.of(parser.getText());
            }
            if (name.equals("id") && value == JsonToken.VALUE_STRING) {
                id = Optional.of(parser.getText()).filter(text -> text.length() <= Receives.MAX_NAME_CHARS);
            }
            if (name.equals(MESSAGES)) {
                messagesFrom = (int) parser.currentTokenLocation().getByteOffset();
            }
            parser.skipChildren();
            parser.finishToken();
            if (name.equals(MESSAGES)) {
                messagesTo = (int) parser.currentLocation().getByteOffset();
            }
        }
        return new SocketOp(
                json, from, (int) parser.currentLocation().getByteOffset(), op, id, messagesFrom, messagesTo);
    }

    /** How many bytes it has. */
    int length() {
        return to - from;
    }

    /** The fields, but for messages to send. */
    JsonFields fields() {
        if (messagesFrom < 0) {
            return JsonBody.parse(Buffer.buffer(to - from).appendBytes(json, from, to - from));
        }
        return JsonBody.parse(Buffer.buffer(to - from)
                .appendBytes(json, from, messagesFrom - from)
                .appendString("null")
                .appendBytes(json, messagesTo, to - messagesTo));
    }

    /** The messages to send, as the body of a request has them. */
    byte[] messages() {
        if (messagesFrom < 0) {
            throw JsonFields.invalid(MESSAGES, "is missing");
        }
        byte[] body = new byte[BEGIN.length + messagesTo - messagesFrom + 1];
        System.arraycopy(BEGIN, 0, body, 0, BEGIN.length);
        System.arraycopy(json, messagesFrom, body, BEGIN.length, messagesTo - messagesFrom);
        body[body.length - 1] = '}';
        return body;
    }
}
