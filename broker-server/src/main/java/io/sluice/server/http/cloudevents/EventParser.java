package io.sluice.server.http.cloudevents;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.sluice.core.record.Headers;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.json.JsonBytes;
import io.sluice.server.http.json.JsonFault;
import io.sluice.server.http.json.JsonSpan;
import io.sluice.server.http.json.Utf8;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Reads events in JSON's format, one or a batch, from the bytes as they came: attributes become headers, and data that is JSON
 * stays the very bytes that were sent. No tree is built. Every fault is an {@link HttpProblem} with status 400 whose member
 * {@code field} names the place. For use by one thread.
 */
public final class EventParser {
    private static final int MAX_NAME_BYTES = 32 * 1024;
    private static final int MAX_NUMBER_DIGITS = 1_000;
    private static final String DATA = "data";
    private static final String DATA_BASE64 = "data_base64";

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(JsonBytes.MAX_DEPTH)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(MAX_NAME_BYTES)
                    .maxNumberLength(MAX_NUMBER_DIGITS)
                    .build())
            // Names in data are the producers' own: keeping them would fill the symbol table with noise.
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();

    private final JsonSpan span = new JsonSpan();
    private final Headers headers;
    private final EventHeaders event;

    private byte[] body = new byte[0];
    private int bodyFrom;
    private int bodyTo;
    private JsonParser parser;
    /** The event at hand in a batch, or -1. */
    private long index;

    /** Where the data lies as it was sent, quotes included; length -1 if there is none. */
    private final JsonSpan data = new JsonSpan();

    private boolean dataIsText;
    private boolean dataIsBase64;

    /** Takes events, one after the other. */
    @FunctionalInterface
    public interface Sink {
        /**
         * @param index the event's place in the batch, from 0
         * @param key the key that the event's record shall have
         * @param value holds the data
         * @param valueFrom where it begins
         * @param valueLength how many bytes it has; -1 for an event without data
         */
        void accept(long index, Optional<byte[]> key, byte[] value, int valueFrom, int valueLength);
    }

    /** @param headers hold the attributes of the event at hand while the sink is called; what was in them is forgotten */
    public EventParser(Headers headers) {
        this.headers = headers;
        this.event = new EventHeaders(this::place, headers);
    }

    /**
     * Reads one event.
     *
     * @throws HttpProblem 400 invalid_json, invalid_event or duplicate_field
     */
    public void parseOne(byte[] bytes, int from, int to, Sink sink) {
        index = -1;
        parse(bytes, from, to, JsonToken.START_OBJECT, () -> event(sink));
    }

    /**
     * Reads a list of events, which may be empty.
     *
     * @throws HttpProblem 400 invalid_json, invalid_event or duplicate_field
     */
    public void parseBatch(byte[] bytes, int from, int to, Sink sink) {
        index = 0;
        parse(bytes, from, to, JsonToken.START_ARRAY, () -> {
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (parser.currentToken() != JsonToken.START_OBJECT) {
                    throw event.invalid("", "must be a JSON object");
                }
                event(sink);
                index++;
            }
        });
    }

    private void parse(byte[] bytes, int from, int to, JsonToken first, Document document) {
        body = bytes;
        bodyFrom = from;
        bodyTo = to;
        int fault = Utf8.faultAt(bytes, from, to);
        if (fault >= 0) {
            throw invalidJson(JsonFault.at(bytes, from, fault, "the bytes are not UTF-8"));
        }
        // Jackson would guess other encodings from these.
        for (int at = from; at < Math.min(to, from + 4); at++) {
            if (bytes[at] == 0 || bytes[at] == (byte) 0xef) {
                throw invalidJson(JsonFault.at(bytes, from, at, "the text must be UTF-8 without a byte order mark"));
            }
        }
        try (JsonParser opened = FACTORY.createParser(bytes, from, to - from)) {
            parser = opened;
            JsonToken token = parser.nextToken();
            if (token != first) {
                throw token == null ? malformed() : invalidJson(JsonFault.at(bytes, from, tokenAt(), shape(first)));
            }
            document.read();
            if (parser.nextToken() != null) {
                throw malformed();
            }
        } catch (JacksonException e) {
            throw malformed();
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory cannot fail", e);
        } finally {
            body = new byte[0];
            span.set(body, 0, 0);
            data.set(body, 0, -1);
        }
    }

    private static String shape(JsonToken first) {
        return first == JsonToken.START_OBJECT ? JsonFault.NO_OBJECT : "a list of events, [ ... ], is expected";
    }

    private void event(Sink sink) throws IOException {
        headers.clear();
        event.begin();
        data.set(body, 0, -1);
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            JsonToken token = parser.nextToken();
            switch (name) {
                case DATA, DATA_BASE64 -> data(name, token);
                default -> attribute(name, token);
            }
        }
        event.requireAll();
        takeData();
        sink.accept(Math.max(0, index), event.key(), span.array, span.from, span.length);
    }

    private void attribute(String name, JsonToken token) throws IOException {
        String value;
        switch (token) {
            case VALUE_NULL -> {
                // Unset, says the format; but a name that nothing may have is a mistake all the same.
                Attributes.faultOfName(name).ifPresent(fault -> {
                    throw event.invalid(name, fault);
                });
                return;
            }
            case VALUE_STRING -> {
                readString(name, tokenAt());
                value = new String(span.array, span.from, span.length, StandardCharsets.UTF_8);
            }
            case VALUE_TRUE -> value = "true";
            case VALUE_FALSE -> value = "false";
            case VALUE_NUMBER_INT -> {
                value = parser.getText();
                if (parser.getNumberType() != JsonParser.NumberType.INT) {
                    throw event.invalid(name, "is a number beyond 32 bits; attributes have none");
                }
            }
            default -> throw event.invalid(name, "must be a string, a whole number, true or false");
        }
        event.add(name, value);
    }

    private void data(String name, JsonToken token) throws IOException {
        if (data.length >= 0) {
            throw event.duplicate(name);
        }
        int at = tokenAt();
        dataIsText = token == JsonToken.VALUE_STRING;
        dataIsBase64 = name.equals(DATA_BASE64);
        if (dataIsBase64) {
            if (token == JsonToken.VALUE_NULL) {
                return;
            }
            if (!dataIsText) {
                throw event.invalid(name, "must be a string of base64");
            }
        }
        if (dataIsText) {
            data.set(body, at, stringEnd(at) - at);
            return;
        }
        parser.skipChildren();
        parser.finishToken();
        data.set(body, at, bodyFrom + (int) parser.currentLocation().getByteOffset() - at);
    }

    /** Where a string ends, closing quote included. Whether it is one is for the parser to say. */
    private int stringEnd(int from) {
        int at = from + 1;
        while (at < bodyTo && body[at] != '"') {
            at += body[at] == '\\' ? 2 : 1;
        }
        return Math.min(at + 1, bodyTo);
    }

    /** Makes of the data as it was sent what the record shall hold: only now it is known what it is. */
    private void takeData() throws IOException {
        if (data.length < 0) {
            span.set(body, 0, -1);
            return;
        }
        Optional<String> type = event.get(Attributes.DATACONTENTTYPE);
        if (dataIsBase64) {
            readString(DATA_BASE64, data.from);
            if (!span.decodeBase64()) {
                throw event.invalid(DATA_BASE64, "is not base64");
            }
            return;
        }
        if (type.isEmpty()) {
            // What the format leaves unsaid has to be said where data can be anything.
            event.add(Attributes.DATACONTENTTYPE, "application/json");
        }
        if (type.isEmpty() || Attributes.isJson(type.get())) {
            span.set(data.array, data.from, data.length);
            return;
        }
        if (!dataIsText) {
            throw event.invalid(DATA, "must be a string, for datacontenttype is " + type.get() + " and not JSON");
        }
        if (!Attributes.isUtf8(type.get())) {
            throw event.invalid(DATA, "is taken as text in UTF-8 only; send bytes in another charset as data_base64");
        }
        readString(DATA, data.from);
    }

    private void readString(String name, int at) throws IOException {
        boolean isString;
        try {
            isString = span.setString(body, at, bodyTo);
        } catch (IllegalArgumentException e) {
            throw event.invalid(name, e.getMessage());
        }
        if (!isString) {
            parser.finishToken();
            throw malformed();
        }
    }

    private int tokenAt() {
        return bodyFrom + (int) parser.currentTokenLocation().getByteOffset();
    }

    private HttpProblem malformed() {
        return invalidJson(JsonFault.in(body, bodyFrom, bodyTo)
                .orElseGet(() -> JsonFault.at(
                        body,
                        bodyFrom,
                        bodyFrom,
                        "a number has more than " + MAX_NUMBER_DIGITS + " digits, or a name more than " + MAX_NAME_BYTES
                                + " bytes")));
    }

    private static HttpProblem invalidJson(JsonFault fault) {
        return new HttpProblem(
                        400,
                        "invalid_json",
                        "the body is not a CloudEvent in JSON: " + fault.what() + " (line " + fault.line() + ", column "
                                + fault.column() + ")")
                .with("line", fault.line())
                .with("column", fault.column())
                .with("byte_offset", fault.byteOffset());
    }

    private String place(String name) {
        String shown = name.length() <= 64 ? name : name.substring(0, 64) + "…";
        return index < 0 ? shown : "events[" + index + "]" + (shown.isEmpty() ? "" : "." + shown);
    }

    @FunctionalInterface
    private interface Document {
        void read() throws IOException;
    }
}
