package io.sluice.server.http.queues;

import com.fasterxml.jackson.core.io.JsonStringEncoder;

/** Text as JSON has it. */
final class JsonText {
    private JsonText() {}

    static String quoted(String text) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }
}
