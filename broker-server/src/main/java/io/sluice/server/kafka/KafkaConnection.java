package io.sluice.server.kafka;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.sluice.server.clients.Client;
import io.sluice.server.kafka.FrameReader.Frame;
import io.vertx.core.Context;
import io.vertx.core.internal.net.NetSocketInternal;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageSizeAccumulator;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client. Requests are begun in the order in which they came and answered in that order. One is under way at a time, as
 * Kafka has it; only of produces that follow each other several are, so that one connection can fill a group of the log.
 * While enough is under way, or the client does not take its answers, nothing more is read. Owned by its event loop.
 */
final class KafkaConnection {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaConnection.class);
    /** A client that takes no byte of its answers for so long is cut off: they hold memory that others wait for. */
    private static final long STALL_MS = 60_000;

    private final NetSocketInternal socket;
    private final Context context;
    private final ApiTable apis;
    private final KafkaLimits limits;
    private final FrameMemory memory;
    private final KafkaMetrics metrics;
    private final KafkaClient client;
    private final KafkaSession session = new KafkaSession();
    private final FrameReader frames;
    private final ArrayDeque<Exchange> exchanges = new ArrayDeque<>();
    private int begun;
    private boolean closed;
    private boolean stopping;
    private boolean advancing;
    private long lastMoveNs = System.nanoTime();
    private long unsentBytes;

    /** A request, and its answer when it is there. */
    private static final class Exchange {
        private final Api api;
        private final ApiRequest<ApiMessage> request;
        private CompletableFuture<? extends ApiMessage> answer;
        private boolean answered;

        Exchange(Api api, ApiRequest<ApiMessage> request) {
            this.api = api;
            this.request = request;
        }
    }

    KafkaConnection(
            NetSocketInternal socket,
            Context context,
            ApiTable apis,
            KafkaLimits limits,
            FrameMemory memory,
            KafkaMetrics metrics,
            Client entry) {
        this.socket = socket;
        this.context = context;
        this.apis = apis;
        this.limits = limits;
        this.memory = memory;
        this.metrics = metrics;
        this.client = new KafkaClient(socket.remoteAddress(), socket.localAddress(), entry);
        this.frames = new FrameReader(limits, memory, this::refuse);
    }

    /** Begins to read. */
    void start() {
        ChannelHandlerContext channel = socket.channelHandlerContext();
        socket.exceptionHandler(failure -> LOG.debug("kafka connection of {}: {}", client, failure.toString()));
        socket.messageHandler(message -> take((Frame) message));
        socket.drainHandler(drained -> advance());
        channel.pipeline().addBefore(channel.name(), "frames", frames);
    }

    KafkaClient client() {
        return client;
    }

    /** The bytes are not Kafka's protocol: this connection ends, and no other is disturbed. */
    private void refuse(String why) {
        if (!closed) {
            metrics.refused();
            LOG.info("the kafka connection of {} is closed: {}", client, why);
            socket.close();
        }
    }

    private void take(Frame frame) {
        lastMoveNs = System.nanoTime();
        client.entry().received(Integer.BYTES + frame.bytes().readableBytes());
        boolean handedOn = false;
        try {
            handedOn = !closed && parse(frame);
        } finally {
            frame.bytes().release();
            if (!handedOn && frame.reservedBytes() > 0) {
                memory.give(frame.reservedBytes());
            }
        }
        if (handedOn) {
            advance();
        }
    }

    /** @return whether the request is in the queue */
    private boolean parse(Frame frame) {
        ByteBuf bytes = frame.bytes();
        if (bytes.readableBytes() < 2 * Short.BYTES) {
            refuse("a request of " + bytes.readableBytes() + " bytes has no header");
            return false;
        }
        short key = bytes.getShort(bytes.readerIndex());
        short version = bytes.getShort(bytes.readerIndex() + Short.BYTES);
        Api api = apis.find(key).orElse(null);
        if (api == null) {
            refuse("API " + key + (ApiKeys.hasId(key) ? " (" + ApiKeys.forId(key).name + ")" : "") + " is not served");
            return false;
        }
        boolean asksForVersions = api.key() == ApiKeys.API_VERSIONS;
        if (!api.serves(version) && !asksForVersions) {
            refuse(api.key().name + " version " + version + " is not served, versions " + api.oldest() + " to "
                    + api.newest() + " are");
            return false;
        }
        ByteBufReader reader = new ByteBufReader(bytes);
        ApiRequest<ApiMessage> request;
        try {
            // The header of an ApiVersions request that is newer than we are is read like our newest.
            short headerVersion = api.serves(version)
                    ? api.key().requestHeaderVersion(version)
                    : api.key().requestHeaderVersion(api.newest());
            RequestHeaderData header = new RequestHeaderData(reader, headerVersion);
            ApiMessage message = api.key().messageType.newRequest();
            if (api.serves(version)) {
                if (bytes.readableBytes() > KeyTables.SMALL_BYTES && KeyTables.has(api.key())) {
                    KeyTables.check(api.key(), version, new ByteBufReader(bytes.duplicate()));
                }
                message.read(reader, version);
                if (reader.remaining() > 0) {
                    refuse(api.key().name + " version " + version + " has " + reader.remaining() + " bytes too many");
                    return false;
                }
            }
            ByteBufAllocator allocator = socket.channelHandlerContext().alloc();
            request = new ApiRequest<>(
                    header, message, client, session, context, allocator, memory, frame.reservedBytes());
        } catch (RuntimeException e) {
            // The generated classes throw exceptions of many kinds at bytes that are no message.
            refuse(api.key().name + " version " + version + " cannot be read: " + e.getMessage());
            return false;
        }
        client.entry().clientId(request.clientId());
        exchanges.add(new Exchange(api, request));
        client.entry().inFlight(exchanges.size());
        return true;
    }

    /** Does what can be done now: begin requests, send answers, read on or not. */
    private void advance() {
        if (advancing || closed) {
            return;
        }
        advancing = true;
        try {
            do {
                begin();
            } while (sendAnswers());
        } finally {
            advancing = false;
        }
        if (closed) {
            return;
        }
        if (exchanges.size() < limits.maxInFlight() && !socket.writeQueueFull() && !stopping) {
            frames.resume();
        } else {
            frames.hold();
        }
        if (stopping && exchanges.isEmpty()) {
            socket.close();
        }
    }

    private void begin() {
        if (begun == exchanges.size() || socket.writeQueueFull()) {
            return;
        }
        int at = 0;
        boolean pipelined = true;
        for (Exchange exchange : exchanges) {
            if (at++ < begun) {
                pipelined = pipelined && exchange.api.pipelined();
                continue;
            }
            if (begun > 0 && !(pipelined && exchange.api.pipelined())) {
                return;
            }
            begun++;
            pipelined = exchange.api.pipelined();
            begin(exchange);
        }
    }

    private void begin(Exchange exchange) {
        try {
            exchange.answer = answer(exchange);
        } catch (RuntimeException e) {
            exchange.answer = CompletableFuture.failedFuture(e);
        }
        if (exchange.answer.isDone()) {
            exchange.answered = true;
        } else {
            exchange.answer.whenComplete((message, failure) -> context.runOnContext(v -> {
                exchange.answered = true;
                advance();
            }));
        }
    }

    private CompletableFuture<? extends ApiMessage> answer(Exchange exchange) {
        if (!exchange.api.serves(exchange.request.version())) {
            return CompletableFuture.completedFuture(apis.unsupported());
        }
        return exchange.api.handler().handle(exchange.request);
    }

    /** @return whether any answer has been sent */
    private boolean sendAnswers() {
        boolean any = false;
        while (!exchanges.isEmpty() && exchanges.peek().answered && !closed) {
            Exchange exchange = exchanges.remove();
            begun--;
            client.entry().inFlight(exchanges.size());
            any = true;
            lastMoveNs = System.nanoTime();
            try {
                ApiMessage message = exchange.answer.join();
                if (message != null) {
                    send(exchange, message);
                } else {
                    exchange.request.written().run();
                }
            } catch (RuntimeException e) {
                exchange.request.written().run();
                fail(exchange, e);
            } finally {
                exchange.request.letGo();
            }
        }
        return any;
    }

    /** A mistake of ours: what is left of the connection cannot be answered in order. */
    private void fail(Exchange exchange, RuntimeException failure) {
        if (failure.getCause() instanceof EndOfConnection end) {
            refuse(end.getMessage());
            return;
        }
        LOG.error("{} version {} of {} failed", exchange.api.key().name, exchange.request.version(), client, failure);
        metrics.failed();
        socket.close();
    }

    private void send(Exchange exchange, ApiMessage message) {
        short version = exchange.request.version();
        if (!exchange.api.serves(version)) {
            version = 0;
        }
        ResponseHeaderData header = new ResponseHeaderData()
                .setCorrelationId(exchange.request.header().correlationId());
        short headerVersion = exchange.api.key().responseHeaderVersion(version);
        ObjectSerializationCache cache = new ObjectSerializationCache();
        MessageSizeAccumulator size = new MessageSizeAccumulator();
        try {
            header.addSize(size, cache, headerVersion);
            message.addSize(size, cache, version);
        } catch (UnsupportedVersionException e) {
            throw new IllegalStateException("a field that version " + version + " does not have", e);
        }
        ByteBufWriter writer =
                new ByteBufWriter(socket.channelHandlerContext().alloc(), Integer.BYTES + size.sizeExcludingZeroCopy());
        ByteBuf response;
        try {
            writer.writeInt(size.totalSize());
            header.write(writer, cache, headerVersion);
            message.write(writer, cache, version);
            response = writer.finish();
        } catch (RuntimeException e) {
            writer.release();
            throw e;
        }
        Runnable written = exchange.request.written();
        metrics.answered(response.readableBytes());
        client.entry().sent(response.readableBytes());
        socket.writeMessage(response).onComplete(done -> written.run());
    }

    /** Looks whether anything has moved on the connection lately, and ends it if not. */
    void tick(long nowNs) {
        frames.tick(nowNs);
        long unsentNow = unsentBytes();
        if (unsentNow != unsentBytes) {
            lastMoveNs = nowNs;
        }
        unsentBytes = unsentNow;
        long stillMs = TimeUnit.NANOSECONDS.toMillis(nowNs - lastMoveNs);
        if (unsentNow > 0 && stillMs > Math.min(STALL_MS, limits.idleTimeoutMs())) {
            refuse("it took nothing of its answers for " + stillMs + " ms");
        } else if (exchanges.isEmpty() && stillMs > limits.idleTimeoutMs()) {
            LOG.debug("the kafka connection of {} was idle", client);
            socket.close();
        }
    }

    private long unsentBytes() {
        ChannelOutboundBuffer buffer =
                socket.channelHandlerContext().channel().unsafe().outboundBuffer();
        return buffer == null ? 0 : buffer.totalPendingWriteBytes();
    }

    /** Answers what is under way, begins nothing, and closes. */
    void stop() {
        if (!closed) {
            stopping = true;
            // Who waits for records is told that there are none.
            exchanges.forEach(exchange -> exchange.request.stopping().run());
            advance();
        }
    }

    /** The connection has ended. */
    void ended() {
        closed = true;
        for (Exchange exchange : exchanges) {
            if (exchange.answer != null) {
                exchange.answer.cancel(false);
            }
            exchange.request.written().run();
            exchange.request.letGo();
        }
        exchanges.clear();
    }
}
