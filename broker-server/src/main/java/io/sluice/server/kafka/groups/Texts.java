package io.sluice.server.kafka.groups;

/** The protocol says "none" by null, we say it by an empty text. */
final class Texts {
    private Texts() {}

    static String orEmpty(String text) {
        return text == null ? "" : text;
    }

    static String orNull(String text) {
        return text.isEmpty() ? null : text;
    }
}
