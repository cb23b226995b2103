package io.sluice.server.http.records;

import io.sluice.server.http.json.JsonBytes;
import io.sluice.server.http.json.Utf8;

/** What the bytes of a key, value or header are, which decides how they are shown in JSON. */
enum ValueKind {
    /** One JSON text: shown as it is. */
    JSON,
    /** UTF-8 that is not JSON: shown as a JSON string. */
    TEXT,
    /** Anything else: shown as base64. */
    BINARY;

    /** Finds out the kind of one field after the other, each in one piece or several. For use by one thread. */
    static final class Classifier {
        private final JsonBytes json = new JsonBytes();
        private final Utf8 utf8 = new Utf8();
        private boolean maybeJson;

        /** Begins with a new field. */
        void begin() {
            json.reset();
            utf8.reset();
            maybeJson = true;
        }

        /** Takes the field's next bytes. */
        void feed(byte[] bytes, int from, int to) {
            maybeJson = maybeJson && json.feed(bytes, from, to);
            utf8.feed(bytes, from, to);
        }

        /** The kind of all bytes since {@link #begin()}, as {@code values} wants them shown. */
        ValueKind end(Values values) {
            return values.settle(maybeJson && json.isComplete(), utf8.isComplete());
        }

        /** The kind of a field that is there as a whole. */
        ValueKind of(byte[] bytes, int from, int to, Values values) {
            if (values == Values.BASE64) {
                return BINARY;
            }
            if (values != Values.TEXT && json.isJson(bytes, from, to)) {
                return JSON;
            }
            return values != Values.JSON && Utf8.isValid(bytes, from, to) ? TEXT : BINARY;
        }
    }
}
