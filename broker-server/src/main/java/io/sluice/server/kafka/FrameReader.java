package io.sluice.server.kafka;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.common.protocol.ApiKeys;

/**
 * Cuts the bytes of a connection into requests: a length of four bytes, and so many bytes. What a request takes is reserved
 * before its bytes are let in, and while the connection has enough to do nothing more is read. For the connection's event
 * loop.
 */
final class FrameReader extends ByteToMessageDecoder {
    /** Requests up to this size are let in without a reservation: the buffers of the socket are as large. */
    static final int SMALL_BYTES = 16 * 1024;

    private static final int NO_FRAME = -1;

    private final KafkaLimits limits;
    private final FrameMemory memory;
    private final Consumer<String> refuse;
    private final Runnable granted = this::memoryGranted;
    private ChannelHandlerContext context;
    private int size = NO_FRAME;
    private Reservation reservation = Reservation.NONE;
    private long begunNs;
    private long lastTickNs = System.nanoTime();
    private boolean held;
    private boolean broken;

    private enum Reservation {
        NONE,
        WAITING,
        HELD
    }

    /**
     * A request as it came.
     *
     * @param bytes its bytes, to be released
     * @param reservedBytes what it holds of the memory, to be given back
     */
    record Frame(ByteBuf bytes, int reservedBytes) {}

    /**
     * @param refuse called with the reason when the bytes are no requests: nothing more is read
     */
    FrameReader(KafkaLimits limits, FrameMemory memory, Consumer<String> refuse) {
        this.limits = limits;
        this.memory = memory;
        this.refuse = refuse;
        setCumulator(COMPOSITE_CUMULATOR);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    /** Reads nothing more until {@link #resume}. */
    void hold() {
        held = true;
        updateReading();
    }

    /** Reads on. */
    void resume() {
        if (held) {
            held = false;
            goOn();
        }
    }

    /** Looks how long a request has been coming, and gives up if it is too slow: its memory is missing elsewhere. */
    void tick(long nowNs) {
        long tickNs = nowNs - lastTickNs;
        lastTickNs = nowNs;
        if (size == NO_FRAME || broken) {
            return;
        }
        if (!context.channel().config().isAutoRead()) {
            // We do not read at the moment: that time is ours and not the client's.
            begunNs += tickNs;
            return;
        }
        int come = actualReadableBytes();
        long tookMs = TimeUnit.NANOSECONDS.toMillis(nowNs - begunNs);
        if (tookMs > limits.requestTimeoutMs() + come * 1_000L / limits.minBytesPerSecond()) {
            giveUp(
                    internalBuffer(),
                    "a request of " + size + " bytes did not come in time: " + come + " bytes in " + tookMs + " ms");
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        if (broken) {
            ((ByteBuf) message).release();
            return;
        }
        super.channelRead(ctx, message);
        updateReading();
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (held || reservation == Reservation.WAITING || broken) {
            return;
        }
        if (size == NO_FRAME && !readSize(in)) {
            return;
        }
        if (!hasFittingSize(in)) {
            return;
        }
        if (reservation == Reservation.NONE && size > SMALL_BYTES) {
            reservation = memory.take(size, granted) ? Reservation.HELD : Reservation.WAITING;
            if (reservation == Reservation.WAITING) {
                return;
            }
        }
        if (in.readableBytes() >= size) {
            out.add(new Frame(in.readRetainedSlice(size), reservation == Reservation.HELD ? size : 0));
            size = NO_FRAME;
            reservation = Reservation.NONE;
        }
    }

    private boolean readSize(ByteBuf in) {
        if (in.readableBytes() < Integer.BYTES) {
            return false;
        }
        int next = in.readInt();
        if (next < 0 || next > limits.maxFrameBytes()) {
            giveUp(in, "a request of " + next + " bytes, socket.request.max.bytes is " + limits.maxFrameBytes());
            return false;
        }
        size = next;
        begunNs = System.nanoTime();
        return true;
    }

    /** Whether a request is not larger than its kind may be, as far as can be told. */
    private boolean hasFittingSize(ByteBuf in) {
        if (size <= limits.maxPlainFrameBytes()) {
            return true;
        }
        if (in.readableBytes() < Short.BYTES) {
            return false;
        }
        short key = in.getShort(in.readerIndex());
        if (key != ApiKeys.PRODUCE.id) {
            giveUp(
                    in,
                    "a request of " + size + " bytes for API " + key + ", " + limits.maxPlainFrameBytes()
                            + " is the limit for one without records");
            return false;
        }
        return true;
    }

    private void giveUp(ByteBuf in, String why) {
        broken = true;
        in.skipBytes(in.readableBytes());
        refuse.accept(why);
    }

    private void memoryGranted() {
        context.executor().execute(() -> {
            reservation = Reservation.HELD;
            if (context.isRemoved()) {
                giveBack();
            } else {
                goOn();
            }
        });
    }

    private void goOn() {
        if (context.isRemoved()) {
            return;
        }
        updateReading();
        // What has come already may hold whole requests. Not from here: this may be called by what decoding has begun.
        context.executor().execute(() -> {
            if (!context.isRemoved() && !held) {
                try {
                    super.channelRead(context, Unpooled.EMPTY_BUFFER);
                    super.channelReadComplete(context);
                } catch (Exception e) {
                    context.fireExceptionCaught(e);
                }
            }
        });
    }

    private void updateReading() {
        boolean reads = !held && reservation != Reservation.WAITING;
        if (context.channel().config().isAutoRead() != reads) {
            context.channel().config().setAutoRead(reads);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        // A request that is not complete is none; whole ones have been handed on.
        broken = true;
        super.channelInactive(ctx);
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext ctx) {
        giveBack();
    }

    private void giveBack() {
        if (reservation == Reservation.HELD) {
            memory.give(size);
            reservation = Reservation.NONE;
        } else if (reservation == Reservation.WAITING && memory.leave(granted)) {
            // Else it has been granted just now, and comes back from there.
            reservation = Reservation.NONE;
        }
    }
}
