package io.sluice.server.http;

import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The messages that come over a WebSocket, each when it is whole; what is not whole yet is counted. Owned by the connection's event loop.
 *
 * <p>The codes with which a WebSocket is closed are those of RFC 6455, 7.4.1, and of IANA's registry.
 */
public final class SocketMessages {
    public static final short NORMAL = 1000;
    public static final short GOING_AWAY = 1001;
    public static final short PROTOCOL = 1002;
    public static final short POLICY = 1008;
    public static final short TOO_LARGE = 1009;
    public static final short TRY_AGAIN_LATER = 1013;

    /** A close frame has room for that and the code; RFC 6455, 5.5. */
    private static final int MAX_REASON_BYTES = 123;

    private final MemoryBudget.Reservation memory;
    /** How many bytes are reserved: those of frames and messages that are not whole yet. */
    private long unreadBytes;
    /** How many of them are in the frames of a message of which the last is to come. */
    private long begunBytes;
    /** Does what the message asks for that the frame has ended. */
    private Optional<Runnable> whole = Optional.empty();

    public SocketMessages(MemoryBudget memory) {
        // Only what is not whole yet is counted here.
        this.memory = memory.reserve(0);
    }

    /**
     * Makes a request a WebSocket, if it is one to be. A handshake that cannot be is answered with what is wrong with it.
     *
     * @param cors which pages of other origins may connect
     * @param stream what the socket is from now on
     * @throws HttpProblem 426 if the request wants no WebSocket, 403 if it comes from a page that may not have one
     */
    public static Future<ServerWebSocket> upgrade(RoutingContext ctx, Cors cors, OpenStream stream) {
        HttpServerRequest request = ctx.request();
        requireUpgrade(request);
        requireKnownOrigin(request, cors);
        OpenStream.answer(ctx, stream);
        return request.toWebSocket().onFailure(failure -> {
            if (!ctx.response().ended()) {
                HttpErrors.respond(ctx, failure);
            }
        });
    }

    /** @throws HttpProblem 426 */
    public static void requireUpgrade(HttpServerRequest request) {
        if (!request.canUpgradeToWebSocket()) {
            throw new HttpProblem(426, "upgrade_required", "this address is for WebSockets")
                    .withHeader("Upgrade", "websocket");
        }
    }

    /** Browsers let a page of anybody connect to any WebSocket, and leave it to the server to say no. */
    private static void requireKnownOrigin(HttpServerRequest request, Cors cors) {
        String origin = request.getHeader("Origin");
        if (origin == null) {
            return;
        }
        String host = request.getHeader("Host");
        int scheme = origin.indexOf("://");
        boolean isOwn = scheme >= 0 && origin.substring(scheme + 3).equalsIgnoreCase(host);
        if (!isOwn && !cors.allows(origin)) {
            throw new HttpProblem(
                    403,
                    "foreign_origin",
                    "pages of " + origin + " may not connect: they are neither of " + host
                            + " nor among http.cors.allowed.origins");
        }
    }

    /**
     * The code with which a socket is closed of which no more can be read. A frame that is too large is a fault of the frame to Netty, and a message of several
     * frames that is too large is an IllegalStateException to Vert.x.
     */
    public static short codeOf(Throwable failure) {
        boolean isTooLarge = failure instanceof TooLongFrameException
                || failure instanceof IllegalStateException
                || failure instanceof CorruptedWebSocketFrameException frame
                        && frame.closeStatus().code() == TOO_LARGE;
        return isTooLarge ? TOO_LARGE : PROTOCOL;
    }

    /** Closes a socket with as much of a reason as there is room for. */
    public static void close(ServerWebSocket socket, short code, String why) {
        String reason = why;
        while (reason.getBytes(StandardCharsets.UTF_8).length > MAX_REASON_BYTES) {
            reason = reason.substring(0, Math.min(reason.length() - 1, MAX_REASON_BYTES));
        }
        socket.close(code, reason);
    }

    /**
     * Is asked how to close, before a socket closes.
     *
     * @param how takes whether it is the client that closes
     */
    public static void beforeClose(ServerWebSocket socket, Consumer<Boolean> how) {
        // Vert.x asks whoever closes, and knows only after that what the client closed with.
        socket.shutdownHandler(
                nothing -> Vertx.currentContext().runOnContext(then -> how.accept(socket.closeStatusCode() != null)));
    }

    /**
     * Reads what comes from now on.
     *
     * @param text takes each message of text
     * @param binary is called for each that is not
     */
    public void read(ServerWebSocket socket, Consumer<String> text, Runnable binary) {
        // Each frame is shown to its own handler when a message that ends with it has been shown.
        socket.textMessageHandler(message -> whole = Optional.of(() -> text.accept(message)));
        socket.binaryMessageHandler(bytes -> whole = Optional.of(binary));
        socket.frameHandler(this::frame);
    }

    /**
     * So many bytes have come.
     *
     * @return whether there is room for them
     */
    public boolean received(int bytes) {
        boolean isRead = memory.tryGrow(bytes);
        if (isRead) {
            unreadBytes += bytes;
        }
        return isRead;
    }

    /** A frame is whole: its bytes are given back if it is of no message, and those of its message if it is the last of that. */
    private void frame(WebSocketFrame frame) {
        long bytes = wireBytes(frame.binaryData().length());
        boolean isOfMessage = frame.isText() || frame.isBinary() || frame.isContinuation();
        if (isOfMessage && !frame.isFinal()) {
            begunBytes += bytes;
            return;
        }
        if (isOfMessage) {
            bytes += begunBytes;
            begunBytes = 0;
        }
        // What came with the handshake was never reserved.
        unreadBytes = Math.max(0, unreadBytes - bytes);
        memory.shrink(unreadBytes);
        // Before it is done: what it asks for takes memory of its own.
        Optional<Runnable> now = whole;
        whole = Optional.empty();
        now.ifPresent(Runnable::run);
    }

    /** How many bytes a client sends for a frame of so many; the mask is of them. */
    private static long wireBytes(long payload) {
        return 2 + (payload < 126 ? 0 : payload < 65_536 ? 2 : 8) + 4 + payload;
    }

    /** The socket is gone: nothing is counted any more. */
    public void close() {
        memory.close();
    }
}
