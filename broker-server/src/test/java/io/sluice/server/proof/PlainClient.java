package io.sluice.server.proof;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/**
 * A client on one connection that it keeps, with nothing between the test and the wire. It opens another one when the
 * server has said that it closes. For use by one thread.
 */
final class PlainClient implements AutoCloseable {
    private static final int DEADLINE_MS = 60_000;
    private static final byte[] NOTHING = new byte[0];

    private final int port;
    private final byte[] bytes = new byte[64 * 1024];
    private Optional<Socket> socket = Optional.empty();

    /**
     * An answer.
     *
     * @param head its first line and headers
     * @param body its body as text, byte by byte
     */
    record Answer(int status, String head, String body) {
        /** A header, or the empty text. */
        String header(String name) {
            return head.lines()
                    .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT) + ":"))
                    .map(line -> line.substring(name.length() + 1).trim())
                    .findFirst()
                    .orElse("");
        }
    }

    PlainClient(int port) {
        this.port = port;
    }

    Answer get(String path) throws IOException {
        return send("GET", path, "", NOTHING);
    }

    /** The value of a meter without labels, or the sum over all labels. */
    double metric(String name) throws IOException {
        return get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    Answer send(String method, String path) throws IOException {
        return send(method, path, "", NOTHING);
    }

    /**
     * Makes a request and reads all of its answer.
     *
     * @param contentType the type of the body; empty for none
     */
    Answer send(String method, String path, String contentType, byte[] body) throws IOException {
        Collector collector = new Collector();
        stream(method, path, contentType.isEmpty() ? "" : "Content-Type: " + contentType + "\r\n", body, collector);
        return collector.answer();
    }

    /** Posts a JSON document on a connection of its own, and reads all of the answer. */
    static Answer postOnce(int port, String path, String json) throws IOException {
        try (PlainClient client = new PlainClient(port)) {
            Collector collector = new Collector();
            String headers = "Content-Type: application/json\r\nConnection: close\r\n";
            client.stream("POST", path, headers, json.getBytes(StandardCharsets.UTF_8), collector);
            return collector.answer();
        }
    }

    /** Makes a request with these header lines and hands on the answer as it comes. */
    void stream(String method, String path, String headers, byte[] body, AnswerDecoder.Sink sink) throws IOException {
        String head = method + " " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "Content-Length: " + body.length
                + "\r\n\r\n";
        Watch watch = new Watch(sink);
        AnswerDecoder decoder = new AnswerDecoder(watch);
        Socket open = open();
        try {
            open.getOutputStream().write(AnswerDecoder.ascii(head));
            open.getOutputStream().write(body);
        } catch (IOException e) {
            // The server may have answered before it took everything: then its answer is there to read.
            watch.closes = true;
        }
        while (!watch.ended) {
            int count = open.getInputStream().read(bytes);
            if (count < 0) {
                close();
                throw new IOException("closed in the answer to " + method + " " + path);
            }
            decoder.feed(bytes, 0, count);
        }
        if (watch.closes) {
            close();
        }
    }

    private Socket open() throws IOException {
        if (socket.isEmpty()) {
            Socket fresh = new Socket();
            fresh.connect(new InetSocketAddress("127.0.0.1", port), DEADLINE_MS);
            fresh.setSoTimeout(DEADLINE_MS);
            fresh.setTcpNoDelay(true);
            socket = Optional.of(fresh);
        }
        return socket.get();
    }

    @Override
    public void close() throws IOException {
        if (socket.isPresent()) {
            socket.get().close();
            socket = Optional.empty();
        }
    }

    /** Notes the end of an answer, and whether the connection ends with it. */
    private static final class Watch implements AnswerDecoder.Sink {
        private final AnswerDecoder.Sink sink;
        private boolean closes;
        private boolean ended;

        Watch(AnswerDecoder.Sink sink) {
            this.sink = sink;
        }

        @Override
        public void head(int status, String head) {
            closes |= head.toLowerCase(Locale.ROOT).contains("connection: close");
            sink.head(status, head);
        }

        @Override
        public void body(byte[] source, int from, int to) {
            sink.body(source, from, to);
        }

        @Override
        public void end() {
            ended = true;
            sink.end();
        }
    }

    private static final class Collector implements AnswerDecoder.Sink {
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private int status;
        private String head = "";

        private Answer answer() {
            return new Answer(status, head, body.toString(StandardCharsets.ISO_8859_1));
        }

        @Override
        public void head(int newStatus, String newHead) {
            status = newStatus;
            head = newHead;
        }

        @Override
        public void body(byte[] source, int from, int to) {
            body.write(source, from, to - from);
        }

        @Override
        public void end() {}
    }
}
