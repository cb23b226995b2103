package io.sluice.server.http.records;

import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.internal.buffer.BufferInternal;

/** Sends answers whose bytes are ready. */
final class Responses {
    static final CharSequence JSON = HttpHeaders.createOptimized("application/json");

    private Responses() {}

    /** Answers with what the output holds, as JSON, unless the request has been answered otherwise. */
    static void json(HttpServerResponse response, JsonOutput output) {
        json(response, JSON, output);
    }

    /** As {@link #json(HttpServerResponse, JsonOutput)}, by another media type. */
    static void json(HttpServerResponse response, CharSequence mediaType, JsonOutput output) {
        if (isOpen(response)) {
            response.putHeader(HttpHeaders.CONTENT_TYPE, mediaType);
            response.end(buffer(output.toByteArray()));
        }
    }

    /** Answers 202 without a body. */
    static void accepted(HttpServerResponse response) {
        if (isOpen(response)) {
            response.setStatusCode(202).end();
        }
    }

    /** Whether an answer can still be given: the client may have gone, or been told that the broker stops. */
    static boolean isOpen(HttpServerResponse response) {
        return !response.ended() && !response.closed();
    }

    /** A buffer over an array that nobody changes from now on: nothing is copied. */
    static Buffer buffer(byte[] bytes) {
        return BufferInternal.buffer(Unpooled.wrappedBuffer(bytes));
    }
}
