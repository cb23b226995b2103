package io.sluice.server.http.filter;

import io.sluice.core.record.RecordCursor;
import io.sluice.server.http.HttpProblem;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Which records a reader wants. A filter is a list of conditions that must all hold:
 *
 * <pre>
 *  type=CREATE,UPDATE    the event type is one of these
 *  key=user-*            the key begins with user-
 *  header.NAME=VALUE     a header of that name has that value
 * </pre>
 *
 * <p>{@code *} stands for any run of bytes, {@code ,} parts alternatives, and {@code \*}, {@code \,} and {@code \\} stand for
 * the character behind. The event type of a record is the value of its header {@code ce_type}. Texts are compared as UTF-8,
 * without decoding anything. A record without a key meets no condition on keys, not even {@code key=*}; a header without a
 * value is like one with an empty value. Immutable.
 */
public final class RecordFilter {
    /** How many conditions there may be. */
    public static final int MAX_CONDITIONS = 16;
    /** How long each of them may be, in bytes. */
    public static final int MAX_CONDITION_BYTES = 1_024;
    /** A key or header value longer than this is not looked into: it meets no condition. */
    public static final int MAX_FIELD_BYTES = 64 * 1024;

    private static final int MAX_ALTERNATIVES = 64;
    private static final String HEADER = "header.";

    /** Every record. */
    public static final RecordFilter ALL = new RecordFilter(List.of(), List.of());

    /** The headers that hold an event type: CloudEvents' binding for Kafka, and the HTTP header as it came. */
    private static final List<byte[]> TYPE_HEADERS = List.of(utf8("ce_type"), utf8("ce-type"));

    private final List<String> texts;
    private final List<Condition> conditions;
    private final boolean needsHeaders;

    /**
     * One condition.
     *
     * @param headers the names of the headers of which one must match; none if it is about the key
     * @param alternatives of which one must match
     */
    private record Condition(List<byte[]> headers, List<Glob> alternatives) {
        boolean isOnKey() {
            return headers.isEmpty();
        }

        boolean isOn(ByteBuffer name) {
            for (byte[] header : headers) {
                if (name.remaining() == header.length && name.equals(ByteBuffer.wrap(header))) {
                    return true;
                }
            }
            return false;
        }

        boolean matches(ByteBuffer value) {
            if (value.remaining() > MAX_FIELD_BYTES) {
                return false;
            }
            for (Glob alternative : alternatives) {
                if (alternative.matches(value)) {
                    return true;
                }
            }
            return false;
        }
    }

    private RecordFilter(List<String> texts, List<Condition> conditions) {
        this.texts = List.copyOf(texts);
        this.conditions = conditions;
        this.needsHeaders = conditions.stream().anyMatch(condition -> !condition.isOnKey());
    }

    /**
     * Reads conditions.
     *
     * @throws HttpProblem 400 invalid_filter, which says what is wrong with which of them
     */
    public static RecordFilter parse(List<String> texts) {
        if (texts.isEmpty()) {
            return ALL;
        }
        if (texts.size() > MAX_CONDITIONS) {
            throw invalid("there are " + texts.size() + " filters; there may be " + MAX_CONDITIONS);
        }
        return new RecordFilter(
                texts, texts.stream().map(RecordFilter::condition).toList());
    }

    /** The conditions as they were written. */
    public List<String> texts() {
        return texts;
    }

    /** Whether it lets every record pass. */
    public boolean isAll() {
        return conditions.isEmpty();
    }

    /** Whether a record cannot be judged by its key alone. */
    public boolean needsHeaders() {
        return needsHeaders;
    }

    /** A way to apply it to one record after the other. */
    public Trial trial() {
        return new Trial();
    }

    /** The trial of one record after the other. For use by one thread at a time. */
    public final class Trial {
        /** A bit for each condition that is met. */
        private int met;

        private Trial() {}

        /** Whether the record that a cursor stands on passes. */
        public boolean passes(RecordCursor record) {
            if (isAll()) {
                return true;
            }
            begin(record.hasKey(), record.key());
            if (canPass() && needsHeaders) {
                record.forEachHeader(this::header);
            }
            return passes();
        }

        /** A record has this key. */
        public void begin(boolean hasKey, ByteBuffer key) {
            met = 0;
            for (int i = 0; i < conditions.size(); i++) {
                if (conditions.get(i).isOnKey() && hasKey && conditions.get(i).matches(key)) {
                    met |= 1 << i;
                }
            }
        }

        /** Whether the record passes if its headers are right: what can be said once the key is known. */
        public boolean canPass() {
            for (int i = 0; i < conditions.size(); i++) {
                if (conditions.get(i).isOnKey() && (met & 1 << i) == 0) {
                    return false;
                }
            }
            return true;
        }

        /** Whether it matters what value a header of this name has. */
        public boolean asksFor(ByteBuffer name) {
            for (Condition condition : conditions) {
                if (condition.isOn(name)) {
                    return true;
                }
            }
            return false;
        }

        /** The record has this header. */
        public void header(ByteBuffer name, boolean hasValue, ByteBuffer value) {
            for (int i = 0; i < conditions.size(); i++) {
                if ((met & 1 << i) == 0
                        && conditions.get(i).isOn(name)
                        && conditions.get(i).matches(value)) {
                    met |= 1 << i;
                }
            }
        }

        /** Whether the record passes, once all its headers have been shown. */
        public boolean passes() {
            return met == (1 << conditions.size()) - 1;
        }
    }

    /** Whether a header of this name holds the event type of its record. */
    public static boolean isType(ByteBuffer name) {
        for (byte[] header : TYPE_HEADERS) {
            if (name.remaining() == header.length && name.equals(ByteBuffer.wrap(header))) {
                return true;
            }
        }
        return false;
    }

    // ---- parsing ----

    private static Condition condition(String text) {
        byte[] bytes = utf8(text);
        if (bytes.length > MAX_CONDITION_BYTES) {
            throw invalid("a filter has " + bytes.length + " bytes; it may have " + MAX_CONDITION_BYTES + ": "
                    + text.substring(0, 32) + "…");
        }
        int equals = text.indexOf('=');
        if (equals < 0) {
            throw invalid("\"" + text + "\" has no =; a filter is type=…, key=… or header.NAME=…");
        }
        String subject = text.substring(0, equals);
        List<Glob> alternatives = alternatives(text, utf8(text.substring(equals + 1)));
        if (subject.equals("type")) {
            return new Condition(TYPE_HEADERS, alternatives);
        }
        if (subject.equals("key")) {
            return new Condition(List.of(), alternatives);
        }
        if (subject.startsWith(HEADER) && subject.length() > HEADER.length()) {
            return new Condition(List.of(utf8(subject.substring(HEADER.length()))), alternatives);
        }
        throw invalid("\"" + text + "\" is about \"" + subject + "\"; a filter is about type, key or header.NAME");
    }

    private static List<Glob> alternatives(String text, byte[] pattern) {
        List<Glob> alternatives = new ArrayList<>();
        List<byte[]> pieces = new ArrayList<>();
        ByteArrayOutputStream piece = new ByteArrayOutputStream();
        for (int at = 0; at < pattern.length; at++) {
            switch (pattern[at]) {
                case '*' -> takePiece(piece, pieces);
                case ',' -> {
                    takePiece(piece, pieces);
                    takeAlternative(text, pieces, alternatives);
                }
                case '\\' -> {
                    at++;
                    if (at == pattern.length || !isSpecial(pattern[at])) {
                        throw invalid("\"" + text + "\" has a \\ that is not before *, a comma or \\");
                    }
                    piece.write(pattern[at]);
                }
                default -> piece.write(pattern[at]);
            }
        }
        takePiece(piece, pieces);
        if (alternatives.isEmpty() && pieces.size() == 1) {
            // No comma and no star: empty means empty.
            return List.of(new Glob(pieces));
        }
        takeAlternative(text, pieces, alternatives);
        return alternatives;
    }

    private static boolean isSpecial(byte character) {
        return character == '*' || character == ',' || character == '\\';
    }

    private static void takePiece(ByteArrayOutputStream piece, List<byte[]> pieces) {
        pieces.add(piece.toByteArray());
        piece.reset();
    }

    private static void takeAlternative(String text, List<byte[]> pieces, List<Glob> alternatives) {
        if (pieces.size() == 1 && pieces.get(0).length == 0) {
            throw invalid("\"" + text + "\" has a comma with nothing on one side of it");
        }
        if (alternatives.size() == MAX_ALTERNATIVES) {
            throw invalid("\"" + text + "\" has more than " + MAX_ALTERNATIVES + " alternatives");
        }
        alternatives.add(new Glob(pieces));
        pieces.clear();
    }

    private static HttpProblem invalid(String what) {
        return new HttpProblem(400, "invalid_filter", what).with("field", "filter");
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
