package io.sluice.server.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageSizeAccumulator;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

/** One connection that speaks Kafka's protocol a frame at a time, also frames that no client would send. */
public final class KafkaWire implements AutoCloseable {
    private static final int DEADLINE_MS = 20_000;

    private final Socket socket;
    private final DataInputStream in;
    private int lastCorrelationId;

    /** Connects to a port of this machine. */
    public KafkaWire(int port) {
        this(port, 0);
    }

    /** @param receiveBytes how much the system takes in that the test has not asked for; 0 for what is usual */
    public KafkaWire(int port, int receiveBytes) {
        try {
            socket = new Socket();
            if (receiveBytes > 0) {
                socket.setReceiveBufferSize(receiveBytes);
            }
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(DEADLINE_MS);
            socket.connect(new InetSocketAddress("127.0.0.1", port));
            in = new DataInputStream(socket.getInputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A whole frame: its length, the header, the message. */
    public static byte[] frame(ApiKeys key, int version, int correlationId, ApiMessage request) {
        RequestHeaderData header = new RequestHeaderData()
                .setRequestApiKey(key.id)
                .setRequestApiVersion((short) version)
                .setClientId("wire")
                .setCorrelationId(correlationId);
        short headerVersion = key.requestHeaderVersion((short) version);
        ObjectSerializationCache cache = new ObjectSerializationCache();
        MessageSizeAccumulator size = new MessageSizeAccumulator();
        header.addSize(size, cache, headerVersion);
        request.addSize(size, cache, (short) version);
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES + size.totalSize());
        bytes.putInt(size.totalSize());
        ByteBufferAccessor writer = new ByteBufferAccessor(bytes);
        header.write(writer, cache, headerVersion);
        request.write(writer, cache, (short) version);
        assertThat(bytes.hasRemaining()).isFalse();
        return bytes.array();
    }

    /** Sends a request and returns its correlation id. */
    public int send(ApiKeys key, int version, ApiMessage request) {
        send(frame(key, version, ++lastCorrelationId, request));
        return lastCorrelationId;
    }

    /** Sends bytes as they are. */
    public void send(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends bytes as they are, if anybody takes them: a connection that the other side has closed may break meanwhile. */
    public void trySend(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
        } catch (IOException e) {
            // Whether that was right shows in what is read next.
        }
    }

    /** Asks and waits for the answer. */
    public <T extends ApiMessage> T call(ApiKeys key, int version, ApiMessage request) {
        int correlationId = send(key, version, request);
        return receive(key, version, correlationId);
    }

    /** The next answer, which must be this one, to its last byte. */
    @SuppressWarnings("unchecked")
    public <T extends ApiMessage> T receive(ApiKeys key, int version, int correlationId) {
        ByteBufferAccessor reader = new ByteBufferAccessor(ByteBuffer.wrap(receiveFrame()));
        ResponseHeaderData header = new ResponseHeaderData(reader, key.responseHeaderVersion((short) version));
        assertThat(header.correlationId()).as("%s version %d", key, version).isEqualTo(correlationId);
        ApiMessage response = key.messageType.newResponse();
        response.read(reader, (short) version);
        assertThat(reader.remaining())
                .as("bytes behind %s version %d", key, version)
                .isZero();
        // Who asks for an API knows the class of its answer.
        return (T) response;
    }

    /** The bytes of the next answer, without their length. */
    public byte[] receiveFrame() {
        try {
            byte[] bytes = new byte[in.readInt()];
            in.readFully(bytes);
            return bytes;
        } catch (EOFException | SocketException e) {
            throw new AssertionError("the connection was closed, an answer was expected", e);
        } catch (SocketTimeoutException e) {
            throw new AssertionError("no answer within " + DEADLINE_MS + " ms", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What came of a request that may be none. */
    enum Outcome {
        ANSWERED,
        ENDED,
        /** Nothing so far. */
        WAITING
    }

    /** Waits a moment for an answer of any kind, or the end. */
    Outcome tryReceive(int timeoutMs) {
        try {
            socket.setSoTimeout(timeoutMs);
            int size = in.readInt();
            socket.setSoTimeout(DEADLINE_MS);
            in.readFully(new byte[size]);
            return Outcome.ANSWERED;
        } catch (SocketTimeoutException e) {
            return Outcome.WAITING;
        } catch (IOException e) {
            return Outcome.ENDED;
        }
    }

    /** Nothing comes any more: fails if anything does, or if the other side does not close. */
    public void assertClosed() {
        try {
            assertThat(in.read()).as("what came instead of the end").isEqualTo(-1);
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the connection was not closed within " + DEADLINE_MS + " ms", e);
        } catch (SocketException e) {
            // Reset, because it was closed with bytes of ours unread.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How many bytes have come that nobody has asked for yet. */
    public int available() {
        try {
            return in.available();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Closes it, with a reset if there is anything unread or it is wanted. */
    public void reset() {
        try {
            socket.setSoLinger(true, 0);
        } catch (SocketException e) {
            throw new UncheckedIOException(e);
        }
        close();
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
