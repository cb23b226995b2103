package io.sluice.loadtest.target;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import java.util.concurrent.TimeUnit;

/**
 * One kept-alive connection that carries one request at a time. It connects again by itself, after a pause, until it
 * is closed. Everything of it happens on its event loop, which also calls the listener.
 */
public final class HttpConnection extends ChannelInboundHandlerAdapter {
    private static final long RECONNECT_PAUSE_MS = 50;
    private static final int MAX_BODY_BYTES = 128 * 1024 * 1024;

    /** What happens to a connection; called on its event loop. */
    public interface Listener {
        /** It can take a request. */
        void ready(HttpConnection connection);

        /**
         * Its request was answered. {@link #ready} follows.
         *
         * @param status the HTTP status
         * @param body borrowed: gone when this returns
         */
        void answered(HttpConnection connection, int status, ByteBuf body);

        /**
         * Its request will not be answered, or, if none was under way, it could not connect. {@link #ready} follows once
         * it is connected again.
         *
         * @param kind what went wrong, one of few
         * @param wasBusy whether a request was under way
         */
        void failed(HttpConnection connection, String kind, boolean wasBusy);
    }

    private final int index;
    private final EventLoops loops;
    private final EventLoop loop;
    private final Target target;
    private final Listener listener;
    private final ResponseParser parser = new ResponseParser(MAX_BODY_BYTES);

    private Channel channel;
    private boolean busy;
    private boolean closed;
    private long sentNs;

    /** @param index the caller's number for it */
    public HttpConnection(int index, EventLoops loops, EventLoop loop, Target target, Listener listener) {
        this.index = index;
        this.loops = loops;
        this.loop = loop;
        this.target = target;
        this.listener = listener;
    }

    /** The caller's number for it. */
    public int index() {
        return index;
    }

    /** Whether a request is under way. */
    public boolean isBusy() {
        return busy;
    }

    /** When the request under way was sent, by {@link System#nanoTime}. */
    public long sentNs() {
        return sentNs;
    }

    /** Connects; {@link Listener#ready} or {@link Listener#failed} tells how it went. */
    public void connect() {
        assert loop.inEventLoop();
        Bootstrap bootstrap = loops.bootstrap(loop).handler(this);
        bootstrap.connect(target.host(), target.port()).addListener((ChannelFuture connected) -> {
            if (connected.isSuccess()) {
                if (closed) {
                    connected.channel().close();
                }
            } else if (!closed) {
                listener.failed(this, "connect failed", false);
                connectLater();
            }
        });
    }

    /** Sends a request, whose buffer this takes over. Only when {@link Listener#ready}. */
    public void send(ByteBuf request, long nowNs) {
        assert loop.inEventLoop() && !busy && channel != null;
        busy = true;
        sentNs = nowNs;
        parser.reset();
        channel.writeAndFlush(request, channel.voidPromise());
    }

    /** Gives up the request under way, if any, and the connection with it; it connects again. */
    public void abort(String kind) {
        assert loop.inEventLoop();
        drop(kind);
    }

    /** Ends it for good, without a word to the listener. */
    public void close() {
        assert loop.inEventLoop();
        closed = true;
        busy = false;
        if (channel != null) {
            channel.close();
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        if (closed) {
            context.close();
            return;
        }
        channel = context.channel();
        parser.reset();
        listener.ready(this);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            if (context.channel() != channel || closed) {
                return;
            }
            if (!busy) {
                drop("answer without a request");
            } else if (parser.feed(in)) {
                complete();
            }
        } catch (MalformedAnswerException e) {
            drop("malformed answer: " + e.getMessage());
        } finally {
            in.release();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (context.channel() != channel || closed) {
            return;
        }
        if (busy && parser.endsAtClose()) {
            complete();
        } else {
            drop("connection closed");
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (context.channel() == channel && !closed) {
            drop("connection failed");
        }
    }

    private void complete() {
        busy = false;
        listener.answered(this, parser.status(), parser.body());
        if (closed) {
            return;
        }
        if (parser.keepAlive()) {
            listener.ready(this);
        } else {
            // The server wants a new connection per answer: that is no failure, and there is no reason to pause.
            forget();
            connect();
        }
    }

    private void drop(String kind) {
        boolean wasBusy = busy;
        busy = false;
        forget();
        listener.failed(this, kind, wasBusy);
        if (!closed) {
            connectLater();
        }
    }

    private void forget() {
        Channel old = channel;
        channel = null;
        if (old != null) {
            old.close();
        }
    }

    private void connectLater() {
        loop.schedule(
                () -> {
                    if (!closed) {
                        connect();
                    }
                },
                RECONNECT_PAUSE_MS,
                TimeUnit.MILLISECONDS);
    }

    @Override
    public boolean isSharable() {
        // The same handler serves each connection that follows the last, never two at a time.
        return true;
    }
}
