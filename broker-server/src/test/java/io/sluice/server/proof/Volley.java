package io.sluice.server.proof;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Sends any bytes, each on a connection of its own and many at once, and waits for what becomes of them. */
final class Volley {
    private static final int AT_ONCE = 200;
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(20);

    private final int port;

    /**
     * What became of one.
     *
     * @param sent the bytes as text
     * @param status of the first answer, 0 if the connection was closed without one
     * @param body of the first answer
     */
    record Outcome(String sent, int status, String body) {
        @Override
        public String toString() {
            String shown = sent.length() > 600 ? sent.substring(0, 600) + "..." : sent;
            return status + " " + body + "\nfor: " + shown.replace("\r", "\\r").replace("\n", "\\n");
        }
    }

    Volley(int port) {
        this.port = port;
    }

    /** Sends text, its characters as bytes. */
    Outcome one(String request) throws IOException {
        return all(List.of(request.getBytes(StandardCharsets.ISO_8859_1))).get(0);
    }

    /** Sends all, and returns when each has been answered or its connection closed. */
    List<Outcome> all(List<byte[]> requests) throws IOException {
        List<Outcome> outcomes = new ArrayList<>();
        for (int from = 0; from < requests.size(); from += AT_ONCE) {
            List<byte[]> some = requests.subList(from, Math.min(requests.size(), from + AT_ONCE));
            List<Socket> sockets = new ArrayList<>();
            try {
                for (byte[] request : some) {
                    sockets.add(send(request));
                }
                for (int i = 0; i < some.size(); i++) {
                    outcomes.add(await(sockets.get(i), some.get(i)));
                }
            } finally {
                for (Socket socket : sockets) {
                    socket.close();
                }
            }
        }
        return outcomes;
    }

    private Socket send(byte[] request) throws IOException {
        Socket socket = new Socket();
        socket.connect(new InetSocketAddress("127.0.0.1", port), 20_000);
        try {
            socket.getOutputStream().write(request);
        } catch (IOException e) {
            // It was refused before all of it had come; the answer may be there to read.
            return socket;
        }
        return socket;
    }

    private static Outcome await(Socket socket, byte[] request) throws IOException {
        String sent = new String(request, StandardCharsets.ISO_8859_1);
        First first = new First();
        AnswerDecoder decoder = new AnswerDecoder(first);
        byte[] bytes = new byte[8 * 1024];
        long deadlineNs = System.nanoTime() + DEADLINE_NS;
        while (!first.ended) {
            long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNs - System.nanoTime());
            if (leftMs <= 0) {
                throw new AssertionError("neither answered nor closed: " + new Outcome(sent, 0, ""));
            }
            socket.setSoTimeout((int) leftMs);
            int count;
            try {
                count = socket.getInputStream().read(bytes);
            } catch (SocketTimeoutException e) {
                continue;
            } catch (IOException reset) {
                count = -1;
            }
            if (count < 0) {
                break;
            }
            decoder.feed(bytes, 0, count);
        }
        return new Outcome(sent, first.status, first.body.toString(StandardCharsets.ISO_8859_1));
    }

    /** Keeps the first answer. */
    private static final class First implements AnswerDecoder.Sink {
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private int status;
        private boolean ended;

        @Override
        public void head(int newStatus, String head) {
            if (!ended) {
                status = newStatus;
            }
        }

        @Override
        public void body(byte[] source, int from, int to) {
            if (!ended) {
                body.write(source, from, to - from);
            }
        }

        @Override
        public void end() {
            ended = true;
        }
    }
}
