package io.sluice.server.http.records;

import io.sluice.server.http.HttpProblem;

/** How keys, values and headers are shown, as {@code values} says it. */
public enum Values {
    /** JSON as JSON, other UTF-8 as a string, the rest as base64. */
    AUTO,
    /** JSON as JSON, everything else as base64. */
    JSON,
    /** UTF-8 as a string, also if it is JSON; the rest as base64. */
    TEXT,
    /** Everything as base64. */
    BASE64;

    /**
     * What {@code values} says; an empty text means {@link #AUTO}.
     *
     * @throws HttpProblem 400 for any other word
     */
    public static Values parse(String word) {
        return switch (word) {
            case "" -> AUTO;
            case "json" -> JSON;
            case "text" -> TEXT;
            case "base64" -> BASE64;
            default ->
                throw new HttpProblem(400, "invalid_argument", "values is \"" + word + "\", not json, text or base64")
                        .with("field", "values");
        };
    }

    /** What every field is, if this is the only form that is shown. */
    ValueKind strictKind() {
        return switch (this) {
            case JSON -> ValueKind.JSON;
            case TEXT -> ValueKind.TEXT;
            default -> ValueKind.BINARY;
        };
    }

    /** The form of a field, given what its bytes are. */
    ValueKind settle(boolean isJson, boolean isUtf8) {
        if (isJson && (this == AUTO || this == JSON)) {
            return ValueKind.JSON;
        }
        return isUtf8 && (this == AUTO || this == TEXT) ? ValueKind.TEXT : ValueKind.BINARY;
    }
}
