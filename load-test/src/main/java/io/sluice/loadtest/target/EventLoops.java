package io.sluice.loadtest.target;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The client's event loops. Epoll where there is one: its timers are finer than a millisecond, which a schedule of
 * several thousand requests a second needs.
 */
public final class EventLoops implements AutoCloseable {
    private static final int CONNECT_TIMEOUT_MS = 5_000;

    private final MultiThreadIoEventLoopGroup group;
    private final Class<? extends Channel> channelType;
    private final List<EventLoop> loops = new ArrayList<>();

    /** @param count how many threads drive the connections */
    public EventLoops(int count) {
        IoHandlerFactory transport = Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        channelType = Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class;
        group = new MultiThreadIoEventLoopGroup(count, new DefaultThreadFactory("load", true), transport);
        for (int i = 0; i < count; i++) {
            loops.add(group.next());
        }
    }

    /** Its loops, always in the same order. */
    public List<EventLoop> loops() {
        return List.copyOf(loops);
    }

    /** The transport in use: epoll or nio. */
    public static String transport() {
        return Epoll.isAvailable() ? "epoll" : "nio";
    }

    Bootstrap bootstrap(EventLoop loop) {
        return new Bootstrap()
                .group(loop)
                .channel(channelType)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MS)
                .option(ChannelOption.RECVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator(512, 4096, 256 * 1024));
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }
}
