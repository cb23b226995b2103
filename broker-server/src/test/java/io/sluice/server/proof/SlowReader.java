package io.sluice.server.proof;

import io.sluice.server.proof.ExpectedAnswer.Form;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * A client that asks for very much from some offset on, and takes it a few kilobytes at a time. It checks all it gets. An
 * answer that ends is followed by the next. For use by one thread.
 */
final class SlowReader implements AutoCloseable, AnswerDecoder.Sink {
    private static final int RECEIVE_BUFFER_BYTES = 8 * 1024;

    private final SeededValues values;
    private final String topic;
    private final Form form;
    private final SocketChannel channel;
    private final AnswerDecoder decoder = new AnswerDecoder(this);
    private final byte[] bytes = new byte[64 * 1024];
    private ExpectedAnswer expected;
    private int status;
    private long offset;
    private long checkedBytes;
    private long refusals;
    private boolean asks = true;

    SlowReader(SeededValues values, int port, String topic, Form form, long offset) throws IOException {
        this.values = values;
        this.topic = topic;
        this.form = form;
        this.offset = offset;
        channel = SocketChannel.open();
        channel.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER_BYTES);
        channel.connect(new InetSocketAddress("127.0.0.1", port));
        ask();
        channel.configureBlocking(false);
    }

    private void ask() throws IOException {
        expected = new ExpectedAnswer(values, form, offset);
        String request = "GET /v1/topics/" + topic + "/partitions/0/records?wait_ms=1000&max_bytes=104857600&offset="
                + offset + " HTTP/1.1\r\nHost: x\r\nAccept: " + form.mediaType() + "\r\n\r\n";
        channel.write(ByteBuffer.wrap(AnswerDecoder.ascii(request)));
    }

    /**
     * Takes what is there, up to a limit.
     *
     * @throws IOException if the server closed the connection
     */
    void take(int maxBytes) throws IOException {
        int count = channel.read(ByteBuffer.wrap(bytes, 0, Math.min(maxBytes, bytes.length)));
        if (count < 0) {
            throw new IOException("closed by the server while " + this);
        }
        decoder.feed(bytes, 0, count);
    }

    @Override
    public void head(int newStatus, String head) {
        status = newStatus;
        if (status != 200 && status != 429 && status != 503) {
            throw new AssertionError(this + " was answered " + head);
        }
    }

    @Override
    public void body(byte[] source, int from, int to) {
        if (status == 200) {
            expected.feed(source, from, to);
            checkedBytes += to - from;
        }
    }

    @Override
    public void end() {
        if (status == 200) {
            expected.end();
            offset = expected.nextOffset();
        } else {
            refusals++;
        }
        if (asks) {
            try {
                ask();
            } catch (IOException e) {
                throw new AssertionError(this + " cannot ask again", e);
            }
        }
    }

    /** Does not ask again when the present answer has ended. */
    void askNoMore() {
        asks = false;
    }

    /** Whether nothing is under way any more. */
    boolean isDone() {
        return !asks && decoder.isBetweenAnswers();
    }

    long checkedBytes() {
        return checkedBytes;
    }

    long refusals() {
        return refusals;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    @Override
    public String toString() {
        return "reading " + topic + " as " + form + " from " + offset;
    }
}
