package io.sluice.server.http.push;

import io.sluice.server.fixture.Await;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Reads one stream of events as the standard says, on a thread of its own. */
public final class EventReader implements AutoCloseable {
    private final Socket socket;
    private final List<Event> events = new CopyOnWriteArrayList<>();
    private final List<String> comments = new CopyOnWriteArrayList<>();
    private final StringBuilder head = new StringBuilder();
    private volatile boolean open;
    private volatile boolean ended;
    private volatile long bytes;
    private volatile boolean reading = true;

    /** One event. */
    public record Event(String name, String id, String data) {
        public JsonObject json() {
            return new JsonObject(data);
        }

        String value() {
            return json().getValue("value").toString();
        }
    }

    public EventReader(int port, String path, String... headers) {
        try {
            socket = new Socket("127.0.0.1", port);
            StringBuilder request = new StringBuilder("GET " + path + " HTTP/1.0\r\nHost: localhost\r\n");
            for (int i = 0; i < headers.length; i += 2) {
                request.append(headers[i]).append(": ").append(headers[i + 1]).append("\r\n");
            }
            socket.getOutputStream().write((request + "\r\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new AssertionError("cannot connect", e);
        }
        Thread reader = new Thread(this::read, "events");
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null && !line.isEmpty(); line = lines.readLine()) {
                head.append(line).append('\n');
            }
            open = true;
            String name = "message";
            String id = "";
            StringBuilder data = new StringBuilder();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Await.until("reading", () -> reading);
                bytes += line.length() + 1;
                if (line.isEmpty()) {
                    if (data.length() > 0) {
                        events.add(new Event(name, id, data.toString()));
                    }
                    name = "message";
                    data.setLength(0);
                } else if (line.startsWith(":")) {
                    comments.add(line);
                } else if (line.startsWith("data: ")) {
                    data.append(line.substring(6));
                } else if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("event: ")) {
                    name = line.substring(7);
                }
            }
        } catch (IOException e) {
            // The test has closed it, or the broker has cut it.
        } finally {
            ended = true;
        }
    }

    public String head() {
        Await.until("an answer", () -> open || ended);
        return head.toString();
    }

    /** All events but those of the stream itself. */
    public List<Event> records() {
        return events.stream()
                .filter(event -> !event.name().startsWith("sluice."))
                .toList();
    }

    List<String> values() {
        return records().stream().map(Event::value).toList();
    }

    /** The first event of the stream itself of this kind, which is waited for. */
    public Event own(String kind) {
        String name = "sluice." + kind;
        Await.until(name, () -> events.stream().anyMatch(event -> event.name().equals(name)));
        return events.stream()
                .filter(event -> event.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    public List<Event> all() {
        return events;
    }

    public List<String> comments() {
        return comments;
    }

    String lastId() {
        return events.get(events.size() - 1).id();
    }

    long bytes() {
        return bytes;
    }

    public boolean hasEnded() {
        return ended;
    }

    public void awaitRecords(int count) {
        Await.until(count + " records", () -> records().size() >= count);
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
