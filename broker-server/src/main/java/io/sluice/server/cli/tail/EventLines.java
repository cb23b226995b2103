package io.sluice.server.cli.tail;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Reads Server-Sent Events. A part of one at the end is none. For use by one thread. */
final class EventLines {
    private final BufferedReader lines;
    private final Runnable onLine;
    private String id = "";

    /**
     * An event.
     *
     * @param name its name, {@code message} unless it has one
     * @param id the id that holds behind it
     */
    record Event(String name, String id, String data) {}

    /** @param onLine what to do whenever a line has come */
    EventLines(InputStream in, Runnable onLine) {
        this.lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        this.onLine = onLine;
    }

    /** The next event; empty if the stream has ended. */
    Optional<Event> next() throws IOException {
        String name = "message";
        StringBuilder data = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            onLine.run();
            if (line.isEmpty()) {
                if (data.length() > 0) {
                    return Optional.of(new Event(name, id, data.substring(0, data.length() - 1)));
                }
                name = "message";
                continue;
            }
            int colon = line.indexOf(':');
            String field = colon < 0 ? line : line.substring(0, colon);
            String value = colon < 0 ? "" : line.substring(line.startsWith(" ", colon + 1) ? colon + 2 : colon + 1);
            switch (field) {
                case "data" -> data.append(value).append('\n');
                case "event" -> name = value;
                case "id" -> id = value;
                default -> {
                    // A comment, or the time after which browsers come again.
                }
            }
        }
        return Optional.empty();
    }
}
