package io.sluice.server.kafka;

import io.netty.buffer.ByteBufAllocator;
import io.vertx.core.Context;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.protocol.ApiMessage;

/**
 * One request on its way, and the memory that it takes. For the connection's event loop, but for {@link #hold()} and
 * {@link #letGo()}.
 *
 * @param <Q> its message
 */
public final class ApiRequest<Q extends ApiMessage> {
    private final RequestHeaderData header;
    private final Q message;
    private final KafkaClient client;
    private final KafkaSession session;
    private final Context context;
    private final ByteBufAllocator allocator;
    private final FrameMemory memory;
    private final int bytes;
    private final AtomicInteger holders = new AtomicInteger(1);
    private Runnable written = () -> {};
    private Runnable stopping = () -> {};

    ApiRequest(
            RequestHeaderData header,
            Q message,
            KafkaClient client,
            KafkaSession session,
            Context context,
            ByteBufAllocator allocator,
            FrameMemory memory,
            int bytes) {
        this.header = header;
        this.message = message;
        this.client = client;
        this.session = session;
        this.context = context;
        this.allocator = allocator;
        this.memory = memory;
        this.bytes = bytes;
    }

    public Q message() {
        return message;
    }

    public short version() {
        return header.requestApiVersion();
    }

    /** The name that the client gave itself; empty if it gave none. */
    public String clientId() {
        return header.clientId() == null ? "" : header.clientId();
    }

    public KafkaClient client() {
        return client;
    }

    /** What handlers keep for the connection. */
    public KafkaSession session() {
        return session;
    }

    /** The connection's event loop, to come back to from other threads. */
    public Context context() {
        return context;
    }

    /** Where the connection's buffers come from. Safe on any thread. */
    public ByteBufAllocator allocator() {
        return allocator;
    }

    RequestHeaderData header() {
        return header;
    }

    /** Somebody else has the request's bytes now, or a batch made of them. On any thread. */
    public void hold() {
        holders.incrementAndGet();
    }

    /** Whoever held them has let go of them; or, once, the request has been answered. On any thread. */
    public void letGo() {
        if (holders.decrementAndGet() == 0 && bytes > 0) {
            memory.give(bytes);
        }
    }

    /** What to do when the response has gone out, or never will. */
    public void whenWritten(Runnable action) {
        written = action;
    }

    /** How to end a wait, with whatever there is to answer, when the broker stops. */
    public void whenStopping(Runnable action) {
        stopping = action;
    }

    Runnable stopping() {
        return stopping;
    }

    Runnable written() {
        return written;
    }
}
