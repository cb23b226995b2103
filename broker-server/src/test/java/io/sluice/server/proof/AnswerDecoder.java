package io.sluice.server.proof;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Reads HTTP answers one after the other as their bytes come, in pieces of any size. It knows what the broker sends and
 * not all of HTTP. For use by one thread.
 */
final class AnswerDecoder {
    private static final int MAX_HEAD_BYTES = 16 * 1024;

    /** What becomes of an answer. */
    interface Sink {
        /** The head has come. */
        void head(int status, String head);

        /** Bytes of the body have come. */
        void body(byte[] source, int from, int to);

        /** The answer is complete. */
        void end();
    }

    private enum State {
        HEAD,
        BODY,
        CHUNK_SIZE,
        CHUNK,
        CHUNK_END,
        TRAILER
    }

    private final Sink sink;
    private final StringBuilder line = new StringBuilder();
    private State state = State.HEAD;
    private long left;

    AnswerDecoder(Sink sink) {
        this.sink = sink;
    }

    /** Takes the next bytes of the connection. */
    void feed(byte[] source, int from, int to) {
        int at = from;
        while (at < to) {
            switch (state) {
                case BODY, CHUNK -> {
                    int count = (int) Math.min(left, to - at);
                    sink.body(source, at, at + count);
                    at += count;
                    left -= count;
                    if (left == 0) {
                        if (state == State.BODY) {
                            end();
                        } else {
                            state = State.CHUNK_END;
                        }
                    }
                }
                default -> {
                    line.append((char) (source[at++] & 0xff));
                    if (line.length() > MAX_HEAD_BYTES) {
                        throw new AssertionError("not HTTP: " + line.substring(0, 200));
                    }
                    line();
                }
            }
        }
    }

    private void line() {
        int length = line.length();
        switch (state) {
            case HEAD -> {
                if (length >= 4 && line.lastIndexOf("\r\n\r\n") == length - 4) {
                    head(take());
                }
            }
            case CHUNK_SIZE -> {
                if (line.charAt(length - 1) == '\n') {
                    left = Long.parseLong(take().trim(), 16);
                    state = left == 0 ? State.TRAILER : State.CHUNK;
                }
            }
            case CHUNK_END -> {
                if (length == 2) {
                    take();
                    state = State.CHUNK_SIZE;
                }
            }
            case TRAILER -> {
                if (line.charAt(length - 1) == '\n' && take().equals("\r\n")) {
                    end();
                }
            }
            default -> throw new AssertionError(state);
        }
    }

    private String take() {
        String text = line.toString();
        line.setLength(0);
        return text;
    }

    private void head(String head) {
        if (head.startsWith("HTTP/1.1 100")) {
            return;
        }
        sink.head(Integer.parseInt(head.split(" ", 3)[1]), head);
        String lower = head.toLowerCase(Locale.ROOT);
        if (lower.contains("transfer-encoding: chunked")) {
            state = State.CHUNK_SIZE;
            return;
        }
        int at = lower.indexOf("content-length: ");
        boolean none = at < 0 || head.startsWith("HTTP/1.1 204") || head.startsWith("HTTP/1.1 304");
        left = none
                ? 0
                : Long.parseLong(
                        lower.substring(at + 16, lower.indexOf("\r\n", at)).trim());
        state = State.BODY;
        if (left == 0) {
            end();
        }
    }

    private void end() {
        state = State.HEAD;
        sink.end();
    }

    /** Whether no answer is under way. */
    boolean isBetweenAnswers() {
        return state == State.HEAD && line.isEmpty();
    }

    /** A text as the bytes of a request. */
    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
