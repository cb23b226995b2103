package io.sluice.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.server.clients.Client;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * One connection under the eyes of {@link Connections}: what it is doing, and since when. Owned by the connection's
 * event loop. It sits first in the channel's pipeline, because only there the first byte of a head that never
 * completes can be seen.
 */
final class WatchedConnection extends ChannelDuplexHandler {
    private static final int SWITCHING_PROTOCOLS = 101;
    private static final byte[] HEAD_TIMED_OUT = headTimedOut();

    private final Channel channel;
    private final HttpLimits limits;
    private final Client client;
    /** Whether the connection is one too many: it gets one 503 and no more. */
    private final boolean refused;

    /** When the present state began. */
    private long sinceNs;
    /** Whether bytes of a head have come that is not complete. */
    private boolean headBegun;
    /** The request that is being answered; null between requests. */
    private HttpServerRequest request;

    private RoutingContext ctx;
    /** How many bytes of a response waited for the client at the last look. */
    private long unsentBytes;
    /** When the client last took a byte of the response, or none waited. */
    private long takenNs;

    WatchedConnection(Channel channel, HttpLimits limits, Client client, boolean refused, long nowNs) {
        this.channel = channel;
        this.limits = limits;
        this.client = client;
        this.refused = refused;
        this.sinceNs = nowNs;
        this.takenNs = nowNs;
    }

    boolean refused() {
        return refused;
    }

    Client client() {
        return client;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (request == null && !headBegun) {
            headBegun = true;
            sinceNs = System.nanoTime();
        }
        if (message instanceof ByteBuf bytes) {
            client.received(bytes.readableBytes());
            boolean isRead = request == null
                    || !request.isEnded()
                    || OpenStream.of(ctx)
                            .map(stream -> stream.received(bytes.readableBytes()))
                            .orElse(true);
            if (!isRead) {
                bytes.release();
                return;
            }
        }
        context.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (message instanceof ByteBuf bytes) {
            client.sent(bytes.readableBytes());
        }
        context.write(message, promise);
    }

    void requestBegan(RoutingContext begun) {
        headBegun = false;
        ctx = begun;
        request = begun.request();
        sinceNs = System.nanoTime();
        takenNs = sinceNs;
        client.inFlight(1);
        Caller.introduce(client, begun.request());
    }

    void requestEnded(HttpServerRequest ended) {
        // What has become a WebSocket goes on with the request it began with.
        if (request == ended && ended.response().getStatusCode() != SWITCHING_PROTOCOLS) {
            request = null;
            ctx = null;
            sinceNs = System.nanoTime();
            client.inFlight(0);
        }
    }

    /** Looks whether the connection has used up its time, and ends it if so. */
    void tick(long nowNs, long tickNs) {
        if (request != null) {
            tickRequest(nowNs, tickNs);
        } else if (refused && olderThan(1_000, nowNs)) {
            channel.close();
        } else if (headBegun && olderThan(limits.requestTimeoutMs(), nowNs)) {
            // Past the HTTP codec, which knows of no request to answer: the bytes go out as they are.
            channel.pipeline()
                    .context(this)
                    .writeAndFlush(Unpooled.wrappedBuffer(HEAD_TIMED_OUT))
                    .addListener(ChannelFutureListener.CLOSE);
        } else if (!headBegun && olderThan(limits.idleTimeoutMs(), nowNs)) {
            channel.close();
        }
    }

    private void tickRequest(long nowNs, long tickNs) {
        if (!request.isEnded()) {
            if (!channel.config().isAutoRead()) {
                // We do not read at the moment: that time is ours and not the client's.
                sinceNs += tickNs;
                return;
            }
            long granted = limits.requestTimeoutMs() + request.bytesRead() * 1_000 / limits.minBodyBytesPerSecond();
            if (olderThan(granted, nowNs)) {
                HttpErrors.closeAfterResponse(request);
                HttpErrors.respond(
                        request,
                        new HttpProblem(
                                408,
                                "request_timeout",
                                "the body of the request did not come in time: " + request.bytesRead() + " bytes in "
                                        + TimeUnit.NANOSECONDS.toMillis(nowNs - sinceNs) + " ms"));
            }
            return;
        }
        long unsentNow = unsentBytes();
        if (unsentNow == 0 || unsentNow != unsentBytes) {
            unsentBytes = unsentNow;
            takenNs = nowNs;
        } else if (nowNs - takenNs > TimeUnit.MILLISECONDS.toNanos(limits.idleTimeoutMs())) {
            cut(channel);
        }
    }

    /**
     * Ends a connection though something waits to be sent: past the handlers, of which Vert.x' closes behind what waits, and so
     * never if the client takes nothing. Safe on any thread.
     */
    static void cut(Channel channel) {
        ChannelHandlerContext first = channel.pipeline().firstContext();
        if (first != null) {
            first.close();
        }
    }

    /** The answer to a head that never completes, as its bytes: nobody parsed a request that it could belong to. */
    private static byte[] headTimedOut() {
        String document = HttpErrors.document(
                        new HttpProblem(408, "request_timeout", "the head of the request did not come in time"))
                .encode();
        String response = "HTTP/1.1 408 Request Timeout\r\nContent-Type: application/problem+json\r\n"
                + "Connection: close\r\nContent-Length: " + document.length() + "\r\n\r\n" + document;
        return response.getBytes(StandardCharsets.US_ASCII);
    }

    /** Answers a request that reads and has nothing to send yet, because the broker stops. */
    void endWaiting() {
        if (request == null) {
            return;
        }
        OpenStream.of(ctx).ifPresent(OpenStream::stop);
        if (request != null && isReading(request) && !request.response().headWritten()) {
            HttpErrors.respond(
                    request,
                    new BrokerException(ErrorCode.SHUTTING_DOWN, "the broker stops; ask again elsewhere or later"));
        }
    }

    /** A poll reads too: what it commits may be committed again. */
    private static boolean isReading(HttpServerRequest request) {
        return request.method() == HttpMethod.GET
                || request.path().startsWith("/v1/groups/") && request.path().endsWith("/poll");
    }

    private long unsentBytes() {
        ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
        return buffer == null ? 0 : buffer.totalPendingWriteBytes();
    }

    private boolean olderThan(long ms, long nowNs) {
        return nowNs - sinceNs > TimeUnit.MILLISECONDS.toNanos(ms);
    }
}
