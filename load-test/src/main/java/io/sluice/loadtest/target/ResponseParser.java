package io.sluice.loadtest.target;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/**
 * Takes one HTTP/1.1 response at a time out of the bytes of a connection: status, whether the connection lives on, and
 * the body, which is kept until the next {@link #reset()}. Everything else in the head is passed over. Owned by the
 * connection's event loop.
 */
final class ResponseParser {
    static final int MAX_LINE_BYTES = 16 * 1024;
    static final int MAX_HEAD_LINES = 200;

    private static final byte[] CONTENT_LENGTH = ascii("content-length");
    private static final byte[] TRANSFER_ENCODING = ascii("transfer-encoding");
    private static final byte[] CONNECTION = ascii("connection");

    private enum State {
        STATUS_LINE,
        HEADERS,
        BODY,
        CHUNK_SIZE,
        CHUNK_DATA,
        CHUNK_END,
        TRAILERS,
        UNTIL_CLOSE,
        DONE
    }

    private final int maxBodyBytes;
    private final byte[] line = new byte[MAX_LINE_BYTES];
    private final ByteBuf body = Unpooled.buffer(4 * 1024);

    private State state = State.STATUS_LINE;
    private int lineLength;
    private int lineCount;
    private int status;
    private boolean keepAlive;
    private boolean chunked;
    /** Bytes of the body or chunk still to come; -1 if the head did not say. */
    private long remaining = -1;

    ResponseParser(int maxBodyBytes) {
        this.maxBodyBytes = maxBodyBytes;
    }

    /** Makes ready for the next response; the body of the last one is gone. */
    void reset() {
        state = State.STATUS_LINE;
        lineLength = 0;
        lineCount = 0;
        status = 0;
        keepAlive = true;
        chunked = false;
        remaining = -1;
        body.clear();
    }

    /**
     * Reads on.
     *
     * @return whether the response is complete
     * @throws MalformedAnswerException if this is no HTTP/1.1 response, or one beyond the limits
     */
    boolean feed(ByteBuf in) {
        while (state != State.DONE && in.isReadable()) {
            switch (state) {
                case BODY, CHUNK_DATA -> copy(in);
                case UNTIL_CLOSE -> append(in, in.readableBytes());
                default -> {
                    if (readLine(in)) {
                        acceptLine();
                        lineLength = 0;
                    }
                }
            }
        }
        if (state == State.DONE && in.isReadable()) {
            throw new MalformedAnswerException(in.readableBytes() + " bytes after the end of an answer");
        }
        return state == State.DONE;
    }

    /** Whether the end of the connection ends the response well. */
    boolean endsAtClose() {
        return state == State.UNTIL_CLOSE;
    }

    int status() {
        return status;
    }

    boolean keepAlive() {
        return keepAlive;
    }

    /** The body so far; valid until {@link #reset()}. */
    ByteBuf body() {
        return body;
    }

    private boolean readLine(ByteBuf in) {
        int end = in.bytesBefore((byte) '\n');
        int length = end < 0 ? in.readableBytes() : end;
        if (lineLength + length > MAX_LINE_BYTES) {
            throw new MalformedAnswerException("a header line of more than " + MAX_LINE_BYTES + " bytes");
        }
        in.readBytes(line, lineLength, length);
        lineLength += length;
        if (end < 0) {
            return false;
        }
        in.skipBytes(1);
        if (lineLength > 0 && line[lineLength - 1] == '\r') {
            lineLength--;
        }
        return true;
    }

    private void acceptLine() {
        switch (state) {
            case STATUS_LINE -> acceptStatus();
            case HEADERS -> {
                if (lineLength == 0) {
                    endHead();
                } else {
                    acceptHeader();
                }
            }
            case CHUNK_SIZE -> acceptChunkSize();
            case CHUNK_END -> state = State.CHUNK_SIZE;
            case TRAILERS -> {
                if (lineLength == 0) {
                    state = State.DONE;
                }
            }
            default -> throw new AssertionError(state);
        }
    }

    private void acceptStatus() {
        boolean http1 = lineLength >= 12
                && line[0] == 'H'
                && line[1] == 'T'
                && line[2] == 'T'
                && line[3] == 'P'
                && line[5] == '1'
                && line[8] == ' ';
        if (!http1) {
            throw new MalformedAnswerException("not an HTTP/1.1 answer: " + text(0, Math.min(lineLength, 40)));
        }
        status = (int) number(9, 12, 10);
        keepAlive = line[7] != '0';
        state = State.HEADERS;
    }

    private void acceptHeader() {
        if (++lineCount > MAX_HEAD_LINES) {
            throw new MalformedAnswerException("more than " + MAX_HEAD_LINES + " header lines");
        }
        if (isNamed(CONTENT_LENGTH)) {
            remaining = number(valueFrom(CONTENT_LENGTH), lineLength, 10);
            checkBody(remaining);
        } else if (isNamed(TRANSFER_ENCODING)) {
            chunked = text(valueFrom(TRANSFER_ENCODING), lineLength).equalsIgnoreCase("chunked");
        } else if (isNamed(CONNECTION)) {
            keepAlive = !text(valueFrom(CONNECTION), lineLength).equalsIgnoreCase("close");
        }
    }

    private void endHead() {
        if (status >= 100 && status < 200) {
            reset();
        } else if (status == 204 || status == 304 || (!chunked && remaining == 0)) {
            state = State.DONE;
        } else if (chunked) {
            state = State.CHUNK_SIZE;
        } else if (remaining > 0) {
            state = State.BODY;
        } else {
            keepAlive = false;
            state = State.UNTIL_CLOSE;
        }
    }

    private void acceptChunkSize() {
        int end = 0;
        while (end < lineLength && line[end] != ';' && line[end] != ' ') {
            end++;
        }
        remaining = number(0, end, 16);
        checkBody(body.readableBytes() + remaining);
        state = remaining == 0 ? State.TRAILERS : State.CHUNK_DATA;
    }

    private void copy(ByteBuf in) {
        int length = (int) Math.min(remaining, in.readableBytes());
        append(in, length);
        remaining -= length;
        if (remaining == 0) {
            state = state == State.BODY ? State.DONE : State.CHUNK_END;
        }
    }

    private void append(ByteBuf in, int length) {
        checkBody((long) body.readableBytes() + length);
        body.writeBytes(in, length);
    }

    private void checkBody(long bytes) {
        if (bytes > maxBodyBytes) {
            throw new MalformedAnswerException("a body of " + bytes + " bytes, " + maxBodyBytes + " is the limit");
        }
    }

    private boolean isNamed(byte[] name) {
        if (lineLength <= name.length || line[name.length] != ':') {
            return false;
        }
        for (int i = 0; i < name.length; i++) {
            // Header names are ASCII: this bit is all that tells their cases apart.
            if ((line[i] | 0x20) != (name[i] | 0x20)) {
                return false;
            }
        }
        return true;
    }

    private int valueFrom(byte[] name) {
        int from = name.length + 1;
        while (from < lineLength && (line[from] == ' ' || line[from] == '\t')) {
            from++;
        }
        return from;
    }

    private long number(int from, int to, int radix) {
        long value = 0;
        if (from >= to || to - from > 15) {
            throw new MalformedAnswerException("not a number: '" + text(from, to) + "'");
        }
        for (int i = from; i < to; i++) {
            int digit = Character.digit(line[i], radix);
            if (digit < 0) {
                throw new MalformedAnswerException("not a number: '" + text(from, to) + "'");
            }
            value = value * radix + digit;
        }
        return value;
    }

    private String text(int from, int to) {
        return new String(line, from, Math.max(0, to - from), StandardCharsets.ISO_8859_1).strip();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
