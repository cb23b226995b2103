package io.sluice.server.http.records;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.sluice.groups.queue.MessageHeaders;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.PointInTime;
import io.sluice.server.http.RestProblem;
import io.sluice.server.http.json.JsonBytes;
import io.sluice.server.http.json.JsonFault;
import io.sluice.server.http.json.JsonSpan;
import io.sluice.server.http.json.Utf8;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Reads the records of a JSON body or of one line of NDJSON from the bytes as they came. The tokens come from Jackson's
 * stream; keys, values and headers are taken from the body's own bytes at the tokens' offsets, so no tree and no text is
 * built, and numbers keep the digits they were sent with.
 *
 * <p>Every fault is an {@link HttpProblem} with status 400 whose members {@code field} and {@code byte_offset} name the
 * place. For use by one thread.
 */
final class RecordParser {
    /** How deeply a request may nest, its own two levels included. */
    static final int MAX_DEPTH = JsonBytes.MAX_DEPTH;

    static final int MAX_HEADERS = 1_000;
    private static final int MAX_NAME_BYTES = 32 * 1024;
    private static final int MAX_NUMBER_DIGITS = 1_000;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(MAX_NAME_BYTES)
                    .maxNumberLength(MAX_NUMBER_DIGITS)
                    .build())
            // Names in values are the producers' own: keeping them would fill the symbol table with noise.
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();

    private static final String INVALID_RECORDS = "The record list contains invalid records.";

    private static final int KEY = 1;
    private static final int VALUE = 2;
    private static final int HEADERS = 4;
    private static final int BINARY_HEADERS = 8;
    private static final int PARTITION = 16;
    private static final int TIMESTAMP = 32;
    private static final int DELAY = 64;
    private static final int EXPIRY = 128;
    private static final int DEDUP = 256;
    private static final int MAX_DEDUP_BYTES = 256;

    /** The words of the REST v2 face, or empty for those of the native one. */
    private final Optional<EmbeddedFormat> rest;
    /** Whether a record may name its partition. */
    private final boolean partitioned;
    /** Whether the records are messages of a queue. */
    private final boolean messages;
    /** What the list is called. */
    private final String listName;

    private final RecordDraft draft = new RecordDraft();
    private final JsonSpan span = new JsonSpan();
    private final JsonSpan name = new JsonSpan();

    private byte[] body;
    private int bodyFrom;
    private int bodyTo;
    private JsonParser parser;
    /** The record at hand, or -1 outside of the list. */
    private long index;
    /** Whether records are named by their place in a list. */
    private boolean inList;

    private String field = "";

    /** Reads records of the native face. */
    RecordParser() {
        this(Optional.empty(), true, false);
    }

    private RecordParser(Optional<EmbeddedFormat> rest, boolean partitioned, boolean messages) {
        this.rest = rest;
        this.partitioned = partitioned;
        this.messages = messages;
        this.listName = messages ? "messages" : "records";
    }

    /** Reads messages of a queue, which say when they are to be delivered rather than where they lie. */
    static RecordParser messages() {
        return new RecordParser(Optional.empty(), false, true);
    }

    /**
     * Reads records of the REST v2 face. What is JSON of the right shape but cannot stand in this format is a 422.
     *
     * @param partitioned whether a record may name its partition
     */
    static RecordParser rest(EmbeddedFormat format, boolean partitioned) {
        return new RecordParser(Optional.of(format), partitioned, false);
    }

    /**
     * Reads {@code {"records":[…]}}.
     *
     * @param sink takes the records; told of one that is refused, and the rest is read if it does not throw
     * @return how many records there were, at least 1 but on the REST v2 face
     * @throws HttpProblem 400 invalid_json, unknown_field, duplicate_field or invalid_argument
     */
    int parseList(byte[] bytes, int from, int to, RecordDraft.Sink sink) {
        inList = true;
        index = -1;
        return parse(bytes, from, to, () -> list(sink));
    }

    /**
     * Reads one record.
     *
     * @param number the record's place in the request
     * @throws HttpProblem 400 invalid_json, unknown_field, duplicate_field or invalid_argument
     */
    void parseOne(byte[] bytes, int from, int to, long number, RecordDraft.Sink sink) {
        inList = false;
        index = number;
        parse(bytes, from, to, () -> {
            record();
            sink.accept(index, draft);
            return 1;
        });
    }

    private int parse(byte[] bytes, int from, int to, Document document) {
        body = bytes;
        bodyFrom = from;
        bodyTo = to;
        field = "";
        checkEncoding(from, to);
        try (JsonParser opened = FACTORY.createParser(bytes, from, to - from)) {
            parser = opened;
            JsonToken first = parser.nextToken();
            if (first != JsonToken.START_OBJECT) {
                throw first == null ? malformed(0) : invalidJson(JsonFault.NO_OBJECT, tokenOffset());
            }
            int records = document.read();
            field = "";
            index = -1;
            if (parser.nextToken() != null) {
                throw malformed(0);
            }
            return records;
        } catch (JacksonException e) {
            throw malformed(
                    e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getByteOffset()));
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory cannot fail", e);
        } finally {
            body = new byte[0];
            draft.clear();
            span.set(body, 0, 0);
            name.set(body, 0, 0);
        }
    }

    /** Jackson guesses UTF-16 and UTF-32 and trusts UTF-8; here only UTF-8 is meant, and checked. */
    private void checkEncoding(int from, int to) {
        int fault = Utf8.faultAt(body, from, to);
        if (fault >= 0) {
            throw invalidJson("the bytes are not UTF-8", fault - from);
        }
        for (int at = from; at < Math.min(to, from + 4); at++) {
            if (body[at] == 0 || body[at] == (byte) 0xef) {
                throw invalidJson("the text must be UTF-8 without a byte order mark", at - from);
            }
        }
    }

    private int list(RecordDraft.Sink sink) throws IOException {
        int count = -1;
        for (String member = parser.nextFieldName(); member != null; member = parser.nextFieldName()) {
            if (!member.equals(listName)) {
                throw unknownField(member);
            }
            field = listName;
            if (count >= 0) {
                throw duplicateField();
            }
            if (parser.nextToken() != JsonToken.START_ARRAY) {
                throw invalid("must be a list");
            }
            count = 0;
            int depth = parser.getParsingContext().getNestingDepth();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                index = count++;
                field = "";
                element(sink, depth);
            }
            index = -1;
            field = "";
        }
        boolean missing = count < 0 || count == 0 && rest.isEmpty();
        if (missing) {
            field = listName;
            throw invalid(count < 0 ? "is missing" : "must not be empty");
        }
        return count;
    }

    /** Reads a record of the list; behind one that is refused it goes on if the sink does. */
    private void element(RecordDraft.Sink sink, int listDepth) throws IOException {
        try {
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                throw invalid("must be a JSON object");
            }
            record();
        } catch (HttpProblem e) {
            sink.refused(e);
            // What is wrong with the text from here on is not of that field.
            field = "";
            while (parser.getParsingContext().getNestingDepth() > listDepth) {
                parser.nextToken();
            }
            return;
        }
        sink.accept(index, draft);
    }

    /** Reads a record into the draft. */
    private void record() throws IOException {
        draft.clear();
        int seen = 0;
        String delay = "";
        for (String member = parser.nextFieldName(); member != null; member = parser.nextFieldName()) {
            field = member;
            int bit = messages ? bitOfMessage(member) : bitOf(member);
            if ((seen & bit) != 0) {
                throw messages && bit == DELAY && !member.equals(delay)
                        ? invalid("is given beside " + delay + ": one of them")
                        : duplicateField();
            }
            delay = bit == DELAY ? member : delay;
            seen |= bit;
            parser.nextToken();
            member(member);
        }
        if ((seen & VALUE) == 0) {
            field = "value";
            throw invalid("is missing; null stands for no value");
        }
        field = "";
    }

    private int bitOf(String member) throws IOException {
        boolean known = rest.isEmpty() || !member.endsWith("_base64");
        if (!known || !partitioned && !messages && member.equals("partition")) {
            throw unknownField(member);
        }
        return switch (member) {
            case "key", "key_base64" -> KEY;
            case "value", "value_base64" -> VALUE;
            case "headers" -> HEADERS;
            case "headers_base64" -> BINARY_HEADERS;
            case "partition" -> PARTITION;
            case "timestamp" -> TIMESTAMP;
            default -> {
                throw unknownField(member);
            }
        };
    }

    private int bitOfMessage(String member) throws IOException {
        return switch (member) {
            case "delay_ms", "deliver_at" -> DELAY;
            case "ttl_ms" -> EXPIRY;
            case "dedup_id" -> DEDUP;
            case "partition", "timestamp" -> throw unknownField(member);
            default -> bitOf(member);
        };
    }

    private void messageMember(String member) throws IOException {
        MessageWishes before = draft.wishes == null ? MessageWishes.NONE : draft.wishes;
        draft.wishes = switch (member) {
            case "delay_ms" -> before.withDelay(readNumber(MessageWishes.MAX_MS));
            case "deliver_at" -> before.withDeliverAt(readTime());
            case "ttl_ms" -> before.withTtl(readNumber(1, MessageWishes.MAX_MS));
            default -> before.withDedupId(readShortText());
        };
    }

    /** Milliseconds since the epoch, or a time as ISO 8601 has it. */
    private long readTime() throws IOException {
        long nowMs = System.currentTimeMillis();
        long lastMs = MessageWishes.lastMs(nowMs);
        if (parser.currentToken() != JsonToken.VALUE_STRING) {
            return readNumber(lastMs);
        }
        long ms = PointInTime.of(parser.getText(), nowMs)
                .orElseThrow(() -> invalid("must be ms since the epoch, or a time as ISO 8601 has it"));
        if (ms > lastMs) {
            throw invalid("must lie between 0 and " + lastMs + ", which is " + Instant.ofEpochMilli(lastMs));
        }
        // All times in the past are now.
        return Math.max(0, ms);
    }

    private String readShortText() throws IOException {
        if (parser.currentToken() != JsonToken.VALUE_STRING) {
            throw invalid("must be a string");
        }
        readString(span, tokenOffset());
        if (span.length == 0 || span.length > MAX_DEDUP_BYTES) {
            throw invalid("must have 1 to " + MAX_DEDUP_BYTES + " bytes");
        }
        return new String(span.array, span.from, span.length, StandardCharsets.UTF_8);
    }

    private void member(String member) throws IOException {
        switch (member) {
            case "key" -> {
                if (readValue()) {
                    draft.key(span.array, span.from, span.length);
                }
            }
            case "key_base64" -> {
                if (readBase64()) {
                    draft.key(span.array, span.from, span.length);
                }
            }
            case "value" -> {
                if (readValue()) {
                    draft.value(span.array, span.from, span.length);
                }
            }
            case "value_base64" -> {
                if (readBase64()) {
                    draft.value(span.array, span.from, span.length);
                }
            }
            case "headers" -> {
                if (rest.isPresent()) {
                    headerList();
                } else {
                    headers(false);
                }
            }
            case "headers_base64" -> headers(true);
            case "partition" -> draft.partition = (int) readNumber(Integer.MAX_VALUE);
            case "timestamp" -> draft.timestampMs = readNumber(Long.MAX_VALUE);
            default -> messageMember(member);
        }
    }

    private void headers(boolean base64) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw invalid("must be a JSON object of names and values");
        }
        String place = field;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            readString(name, tokenOffset());
            field = place + "." + shown(parser.currentName());
            if (messages && parser.currentName().startsWith(MessageHeaders.PREFIX)) {
                draft.reservedHeader = field;
            }
            if (draft.headers.count() == MAX_HEADERS) {
                throw invalid("is one header more than the " + MAX_HEADERS + " a record may have");
            }
            parser.nextToken();
            boolean hasValue = base64 ? readBase64() : readValue();
            draft.headers.add(name.array, name.from, name.length, span.array, span.from, hasValue ? span.length : -1);
        }
        field = place;
    }

    /** Headers as a list of keys and base64. */
    private void headerList() throws IOException {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw invalid("must be a list of headers");
        }
        String place = field;
        for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
            field = place + "[" + i + "]";
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                throw invalid("must be a JSON object with key and value");
            }
            if (draft.headers.count() == MAX_HEADERS) {
                throw invalid("is one header more than the " + MAX_HEADERS + " a record may have");
            }
            header(field);
        }
        field = place;
    }

    private void header(String place) throws IOException {
        boolean named = false;
        boolean valued = false;
        boolean hasValue = false;
        for (String member = parser.nextFieldName(); member != null; member = parser.nextFieldName()) {
            boolean isKey = member.equals("key");
            if (!isKey && !member.equals("value")) {
                field = place + "." + shown(member);
                throw unknownField(field);
            }
            field = place + "." + member;
            if (isKey ? named : valued) {
                throw duplicateField();
            }
            JsonToken token = parser.nextToken();
            if (isKey) {
                if (token != JsonToken.VALUE_STRING) {
                    throw invalid("must be a string");
                }
                readString(name, tokenOffset());
                named = true;
            } else {
                hasValue = readBase64();
                valued = true;
            }
        }
        if (!named || !valued) {
            field = place + (named ? ".value" : ".key");
            throw invalid("is missing");
        }
        draft.headers.add(name.array, name.from, name.length, span.array, span.from, hasValue ? span.length : -1);
    }

    /** Takes the token at hand, and all of an array or object, into the span; false for null. */
    private boolean readValue() throws IOException {
        if (rest.isPresent() && rest.get() != EmbeddedFormat.JSON) {
            return readInFormat(rest.get());
        }
        long offset = tokenOffset();
        int at = bodyFrom + (int) offset;
        switch (parser.currentToken()) {
            case VALUE_NULL -> {
                return false;
            }
            case VALUE_STRING -> {
                readString(span, offset);
                if (rest.isPresent()) {
                    // With its quotes: it is JSON that is kept, and not what it says.
                    span.set(body, at, stringEnd(at) - at);
                }
            }
            case VALUE_TRUE -> span.set(body, at, 4);
            case VALUE_FALSE -> span.set(body, at, 5);
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> span.set(body, at, numberEnd(at) - at);
            default -> {
                parser.skipChildren();
                span.set(body, at, (int) (tokenOffset() - offset) + 1);
            }
        }
        return true;
    }

    private boolean readInFormat(EmbeddedFormat format) throws IOException {
        JsonToken token = parser.currentToken();
        if (token == JsonToken.VALUE_NULL) {
            return false;
        }
        if (token != JsonToken.VALUE_STRING) {
            throw unfit(
                    "Because the embedded format is '" + format.word() + "', the " + field + " must be a string",
                    "must be a string");
        }
        readString(span, tokenOffset());
        if (format == EmbeddedFormat.BINARY && !span.decodeBase64()) {
            throw unfit(INVALID_RECORDS, "is not base64");
        }
        return true;
    }

    /** Behind the closing quote of a string that has been read. */
    private int stringEnd(int quoteAt) {
        int at = quoteAt + 1;
        while (body[at] != '"') {
            at += body[at] == '\\' ? 2 : 1;
        }
        return at + 1;
    }

    private HttpProblem unfit(String message, String what) {
        return RestProblem.of(422, message, List.of(place() + " " + what + " (byte " + tokenOffset() + ")"));
    }

    private boolean readBase64() throws IOException {
        JsonToken token = parser.currentToken();
        if (token == JsonToken.VALUE_NULL) {
            return false;
        }
        if (token != JsonToken.VALUE_STRING) {
            throw invalid("must be a string of base64, or null");
        }
        readString(span, tokenOffset());
        if (!span.decodeBase64()) {
            throw rest.isPresent() ? unfit(INVALID_RECORDS, "is not base64") : invalid("is not base64");
        }
        return true;
    }

    /** Takes the string at an offset. One that is none ends the reading. */
    private void readString(JsonSpan target, long offset) throws IOException {
        boolean isString;
        try {
            isString = target.setString(body, bodyFrom + (int) offset, bodyTo);
        } catch (IllegalArgumentException e) {
            throw invalid(e.getMessage());
        }
        if (!isString) {
            parser.finishToken();
            throw malformed(offset);
        }
    }

    private int numberEnd(int from) {
        int at = from;
        while (at < bodyTo
                && (body[at] == '-'
                        || body[at] == '+'
                        || body[at] == '.'
                        || body[at] >= '0' && body[at] <= '9'
                        || body[at] == 'e'
                        || body[at] == 'E')) {
            at++;
        }
        return at;
    }

    private long readNumber(long max) throws IOException {
        return readNumber(0, max);
    }

    private long readNumber(long min, long max) throws IOException {
        if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
            throw invalid("must be a whole number");
        }
        int at = bodyFrom + (int) tokenOffset();
        int end = numberEnd(at);
        long number = 0;
        for (int i = at; i < end; i++) {
            int digit = body[i] - '0';
            if (digit < 0 || number > (max - digit) / 10) {
                throw invalid("must lie between " + min + " and " + max);
            }
            number = number * 10 + digit;
        }
        if (number < min) {
            throw invalid("must lie between " + min + " and " + max);
        }
        return number;
    }

    private long tokenOffset() {
        return parser.currentTokenLocation().getByteOffset();
    }

    private HttpProblem unknownField(String member) {
        field = shown(member);
        return problem("unknown_field", "unknown field \"" + place() + "\"", tokenOffset());
    }

    private HttpProblem duplicateField() {
        return problem("duplicate_field", place() + " is there twice", tokenOffset());
    }

    private HttpProblem invalid(String what) {
        return problem("invalid_argument", place() + " " + what, tokenOffset());
    }

    private HttpProblem problem(String code, String what, long offset) {
        return new HttpProblem(400, code, what + " (byte " + offset + ")")
                .with("field", place())
                .with("byte_offset", offset);
    }

    /** What is wrong with a text that Jackson did not take. It knows where it stopped, not where the fault is. */
    private HttpProblem malformed(long stoppedAt) {
        return JsonFault.in(body, bodyFrom, bodyTo)
                .map(this::invalidJson)
                .orElseGet(() -> invalidJson(
                        "a number has more than " + MAX_NUMBER_DIGITS + " digits, or a name more than " + MAX_NAME_BYTES
                                + " bytes",
                        stoppedAt));
    }

    private HttpProblem invalidJson(String what, long offset) {
        return invalidJson(JsonFault.at(body, bodyFrom, bodyFrom + (int) offset, what));
    }

    private HttpProblem invalidJson(JsonFault fault) {
        HttpProblem problem = HttpErrors.invalidJson(inList ? "the body" : "the record", fault);
        return place().isEmpty() ? problem : problem.with("field", place());
    }

    private String place() {
        if (!inList || index < 0) {
            return field;
        }
        return listName + "[" + index + "]" + (field.isEmpty() ? "" : "." + field);
    }

    /** A name from outside, short enough for a message. */
    private static String shown(String name) {
        return name.length() <= 64 ? name : name.substring(0, 64) + "…";
    }

    @FunctionalInterface
    private interface Document {
        int read() throws IOException;
    }
}
