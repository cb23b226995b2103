package io.sluice.server.http.records;

import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.MemoryBudget;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.util.Arrays;
import java.util.function.LongFunction;

/**
 * Takes in the body of one request, within a limit and within the memory budget. If its length is known, it is copied
 * once, to where it is wanted. Owned by the request's event loop.
 */
final class BodyReader {
    private static final int FIRST_BYTES = 8 * 1024;

    private final HttpServerRequest request;
    private final MemoryBudget.Reservation memory;
    private final long limitBytes;
    private final LongFunction<HttpProblem> tooLarge;
    private final Promise<Body> promise = Promise.promise();

    private byte[] array;
    private int start;
    private int length;
    private boolean done;

    /**
     * A body as it came.
     *
     * @param array holds it
     * @param from where it begins
     * @param length how many bytes it has
     */
    record Body(byte[] array, int from, int length) {}

    /**
     * @param memory what the body takes is reserved here; the caller gives it back
     * @param tooLarge the problem to answer to a body of more bytes than the limit
     */
    BodyReader(
            HttpServerRequest request,
            MemoryBudget.Reservation memory,
            long limitBytes,
            LongFunction<HttpProblem> tooLarge) {
        this.request = request;
        this.memory = memory;
        this.limitBytes = limitBytes;
        this.tooLarge = tooLarge;
    }

    /**
     * Reads into an array of the body's own.
     *
     * @param contentLength the body's length, or -1 if it is not known
     * @return fails with 413 or 503 overloaded, or if the client goes away
     */
    Future<Body> read(long contentLength) {
        if (contentLength > limitBytes) {
            throw tooLarge.apply(contentLength);
        }
        int capacity = contentLength < 0 ? FIRST_BYTES : (int) contentLength;
        memory.grow(capacity);
        return readInto(new byte[capacity], 0);
    }

    /** Reads to a place that has room for the whole body, and is reserved by the caller. */
    Future<Body> readInto(byte[] target, int at) {
        array = target;
        start = at;
        request.handler(this::take);
        request.endHandler(end -> finish());
        request.exceptionHandler(failure -> fail(HttpErrors.bodyFailure(failure)));
        request.resume();
        return promise.future();
    }

    private void take(Buffer chunk) {
        if (done) {
            return;
        }
        int needed = start + length + chunk.length();
        if (length + (long) chunk.length() > limitBytes) {
            fail(tooLarge.apply(length + (long) chunk.length()));
            return;
        }
        if (needed > array.length) {
            int capacity = (int) Math.max(needed, Math.min(limitBytes, array.length * 2L));
            try {
                memory.grow(capacity - array.length);
            } catch (HttpProblem overloaded) {
                fail(overloaded);
                return;
            }
            array = Arrays.copyOf(array, capacity);
        }
        chunk.getBytes(array, start + length);
        length += chunk.length();
    }

    private void finish() {
        if (!done) {
            done = true;
            promise.complete(new Body(array, start, length));
        }
    }

    private void fail(Throwable failure) {
        if (!done) {
            done = true;
            request.pause();
            array = new byte[0];
            promise.fail(failure);
        }
    }
}
