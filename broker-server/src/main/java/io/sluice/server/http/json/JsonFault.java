package io.sluice.server.http.json;

import java.util.Optional;

/**
 * Why bytes are not JSON, in words for a person, and where.
 *
 * @param what a sentence without its place
 * @param line from 1
 * @param column from 1, in bytes
 * @param byteOffset from the beginning of the text
 */
public record JsonFault(String what, int line, int column, int byteOffset) {
    /** What is wrong with JSON that is something else than an object. */
    public static final String NO_OBJECT = "an object, { ... }, is expected";

    /** The first fault of a text; empty if it is JSON that nests no deeper than {@link JsonBytes#MAX_DEPTH}. */
    public static Optional<JsonFault> in(byte[] bytes, int from, int to) {
        JsonBytes json = new JsonBytes();
        for (int at = from; at < to; at++) {
            int state = json.state();
            if (!json.feed(bytes, at, at + 1)) {
                return Optional.of(at(bytes, from, at, json.fault(state, bytes[at])));
            }
        }
        return json.isComplete()
                ? Optional.empty()
                : Optional.of(
                        at(bytes, from, to, "the text ends where " + json.expected(json.state()) + " is expected"));
    }

    /** A fault at an index of these bytes, whose text begins at {@code from}. */
    public static JsonFault at(byte[] bytes, int from, int index, String what) {
        int line = 1;
        int lineBegin = from;
        for (int i = from; i < index; i++) {
            if (bytes[i] == '\n') {
                line++;
                lineBegin = i + 1;
            }
        }
        return new JsonFault(what, line, index - lineBegin + 1, index - from);
    }
}
