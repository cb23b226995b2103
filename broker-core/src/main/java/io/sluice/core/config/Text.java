package io.sluice.core.config;

import java.util.stream.Collectors;
import java.util.stream.Stream;

/** How values and lists look in messages. */
final class Text {
    /** Longer values are cut in messages: a message is for a line of a terminal. */
    private static final int MAX_SHOWN_CHARS = 80;

    private Text() {}

    static String join(Stream<?> parts) {
        return parts.map(Object::toString).collect(Collectors.joining(", "));
    }

    /** A value that came from outside, short and without characters that would break a line. */
    static String shown(String value) {
        StringBuilder shown = new StringBuilder();
        value.codePoints().limit(MAX_SHOWN_CHARS).forEach(c -> {
            if (Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE) {
                shown.append(String.format("\\u%04x", c));
            } else {
                shown.appendCodePoint(c);
            }
        });
        return shown.length() < value.length() && value.codePointCount(0, value.length()) > MAX_SHOWN_CHARS
                ? shown + "... (" + value.length() + " characters)"
                : shown.toString();
    }
}
