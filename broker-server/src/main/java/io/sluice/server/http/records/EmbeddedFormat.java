package io.sluice.server.http.records;

import java.util.Arrays;
import java.util.Optional;

/** What keys and values are in requests and answers of the REST v2 face. */
public enum EmbeddedFormat {
    /** Any JSON, kept as the bytes that it has. */
    JSON("json", Values.JSON),
    /** Any bytes, as base64. */
    BINARY("binary", Values.BASE64),
    /** UTF-8 text, as a string. */
    TEXT("text", Values.TEXT);

    private final String word;
    private final Values shown;

    EmbeddedFormat(String word, Values shown) {
        this.word = word;
        this.shown = shown;
    }

    /** As it stands in settings and messages. */
    public String word() {
        return word;
    }

    /** The media type of records in this format. */
    public String mediaType() {
        return "application/vnd.kafka." + word + ".v2+json";
    }

    /** How fields of records are shown in it. */
    Values shown() {
        return shown;
    }

    /** The format of a word. */
    public static Optional<EmbeddedFormat> ofWord(String word) {
        return Arrays.stream(values())
                .filter(format -> format.word.equals(word))
                .findFirst();
    }

    /** The format of a media type, in lower case and without parameters. */
    public static Optional<EmbeddedFormat> ofMediaType(String type) {
        return Arrays.stream(values())
                .filter(format -> format.mediaType().equals(type))
                .findFirst();
    }
}
