package io.sluice.server.http;

import io.netty.handler.codec.http.TooLongHttpContentException;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.server.clients.Client;
import io.sluice.server.http.json.JsonFault;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one place where a failure becomes an HTTP answer: {@code application/problem+json} (RFC 9457) with a stable
 * {@code code}. What the broker refuses keeps the broker's sentence; what we did not foresee is logged and answered
 * without our internals.
 */
public final class HttpErrors {
    private static final Logger LOG = LoggerFactory.getLogger(HttpErrors.class);
    private static final String TYPE_PREFIX = "urn:sluice:problem:";
    /** The code of what nobody foresaw: the only one whose cause is logged and not told. */
    private static final String UNFORESEEN = "internal_error";
    /** How long the rest of a body is read and dropped after its request was refused. */
    private static final long LINGER_MS = 2_000;
    /** A body whose length has fewer digits than this is read to its end rather than cut off: up to 99 999 bytes. */
    private static final int SMALL_BODY_DIGITS = 6;

    /** How an {@link ErrorCode} looks over HTTP; {@code retryAfterMs} is 0 where trying again is no use. */
    record Answer(int status, String code, long retryAfterMs) {}

    private HttpErrors() {}

    /** The map. A switch without a default: a new error code does not compile until it has its place here. */
    static Answer answerTo(ErrorCode code) {
        return switch (code) {
            case UNKNOWN_TOPIC -> new Answer(404, "unknown_topic", 0);
            case UNKNOWN_PARTITION -> new Answer(404, "unknown_partition", 0);
            case TOPIC_EXISTS -> new Answer(409, "topic_exists", 0);
            case INVALID_TOPIC -> new Answer(400, "invalid_topic", 0);
            case INVALID_PARTITIONS -> new Answer(400, "invalid_partitions", 0);
            case INVALID_CONFIG -> new Answer(400, "invalid_config", 0);
            case INVALID_ARGUMENT -> new Answer(400, "invalid_argument", 0);
            case OFFSET_OUT_OF_RANGE -> new Answer(416, "offset_out_of_range", 0);
            case CORRUPT_BATCH -> new Answer(400, "corrupt_batch", 0);
            case INVALID_RECORD -> new Answer(422, "invalid_record", 0);
            case INVALID_TIMESTAMP -> new Answer(422, "invalid_timestamp", 0);
            case UNSUPPORTED_FORMAT -> new Answer(415, "unsupported_format", 0);
            case RECORD_TOO_LARGE -> new Answer(413, "record_too_large", 0);
            case OUT_OF_ORDER_SEQUENCE -> new Answer(409, "out_of_order_sequence", 0);
            case INVALID_PRODUCER_EPOCH -> new Answer(409, "invalid_producer_epoch", 0);
            case IDEMPOTENCY_KEY_REUSED -> new Answer(422, "idempotency_key_reused", 0);
            case OVERLOADED -> new Answer(503, "overloaded", 1_000);
            case DISK_LOW -> new Answer(507, "disk_low", 5_000);
            case PARTITION_OFFLINE -> new Answer(503, "partition_offline", 30_000);
            case DATA_CORRUPT -> new Answer(500, "data_corrupt", 0);
            case FENCED -> new Answer(503, "fenced", 1_000);
            case NOT_OWNER -> new Answer(503, "not_owner", 1_000);
            case SHUTTING_DOWN -> new Answer(503, "shutting_down", 2_000);
            case DATA_DIRECTORY_LOCKED -> new Answer(500, "data_directory_locked", 0);
            case STORAGE_FAILED -> new Answer(503, "storage_failed", 10_000);
            case INTERNAL -> new Answer(500, UNFORESEEN, 0);
        };
    }

    /** The answer to a failure, whatever it is. Failures that nobody foresaw become {@code internal_error}. */
    public static HttpProblem problem(Throwable failure) {
        Throwable cause = unwrapped(failure);
        if (cause instanceof HttpProblem problem) {
            return problem;
        }
        if (cause instanceof BrokerException refusal) {
            Answer answer = answerTo(refusal.code());
            HttpProblem problem = new HttpProblem(answer.status(), answer.code(), refusal.getMessage());
            return answer.retryAfterMs() > 0 ? problem.retryAfterMs(answer.retryAfterMs()) : problem;
        }
        if (cause instanceof TooLongHttpContentException) {
            return new HttpProblem(413, "body_too_large", "the request's body is larger than this route takes");
        }
        return new HttpProblem(500, UNFORESEEN, "the broker failed on this request; the cause is in its log");
    }

    /**
     * What it means that a request's body failed: the client has gone, or what it sent is not HTTP. The codec has
     * exceptions of many kinds for that.
     */
    public static Throwable bodyFailure(Throwable failure) {
        return isGone(failure) || failure instanceof TooLongHttpContentException
                ? failure
                : new HttpProblem(
                        400, "malformed_request", "the body of the request is not HTTP: " + failure.getMessage());
    }

    private static boolean isGone(Throwable failure) {
        return failure instanceof HttpClosedException || failure instanceof IOException;
    }

    /**
     * The answer to a text that is not JSON, or not an object.
     *
     * @param text what the text is called: the body, the record
     */
    public static HttpProblem invalidJson(String text, JsonFault fault) {
        String line = fault.line() == 1 ? "" : "line " + fault.line() + ", ";
        String detail =
                text + " is not a JSON object: " + fault.what() + " (" + line + "column " + fault.column() + ")";
        return new HttpProblem(400, "invalid_json", detail)
                .with("line", fault.line())
                .with("column", fault.column())
                .with("byte_offset", fault.byteOffset());
    }

    /**
     * Answers a request with a failure. If the head of a response has gone out already, the connection is cut instead,
     * so that the client sees a truncated body and not a complete one. Called on the request's event loop.
     */
    public static void respond(RoutingContext ctx, Throwable failure) {
        respond(ctx.request(), failure);
    }

    /** See {@link #respond(RoutingContext, Throwable)}. */
    static void respond(HttpServerRequest request, Throwable failure) {
        Throwable cause = unwrapped(failure);
        if (isGone(cause)) {
            // The client has gone: nobody is there to answer. The disk's failures come as a BrokerException.
            LOG.debug("{} {}: the connection ended: {}", request.method(), request.path(), cause.getMessage());
            request.connection().close();
            return;
        }
        HttpProblem problem = problem(cause);
        if (problem.code().equals(UNFORESEEN)) {
            LOG.error("{} {} failed", request.method(), request.path(), cause);
        }
        if (problem.status() >= 500) {
            remember(request, problem);
        }
        HttpServerResponse response = request.response();
        if (response.ended() || response.closed()) {
            LOG.debug("{} {}: too late to answer {}", request.method(), request.path(), problem.code());
            return;
        }
        if (response.headWritten()) {
            LOG.warn(
                    "{} {}: response cut off: {}: {}",
                    request.method(),
                    request.path(),
                    problem.code(),
                    problem.detail());
            response.reset();
            return;
        }
        if (!request.isEnded()) {
            dropRest(request);
        }
        if (EventStreamProblem.fits(request, problem)) {
            response.putHeader("Content-Type", EventStreamProblem.MEDIA_TYPE)
                    .putHeader("Cache-Control", "no-store")
                    .end(EventStreamProblem.text(request, problem));
            return;
        }
        problem.headers().forEach(response::putHeader);
        boolean restV2 = RestProblem.owns(request.path());
        response.setStatusCode(problem.status())
                .putHeader("Content-Type", restV2 ? RestProblem.MEDIA_TYPE : "application/problem+json");
        response.end((restV2 ? RestProblem.document(problem) : document(problem)).toBuffer());
    }

    /** What the broker could not do is remembered with the client whom it was told. */
    private static void remember(HttpServerRequest request, HttpProblem problem) {
        Client client = Caller.of(request);
        if (client != null) {
            client.failed(problem.code(), request.method() + " " + request.path(), problem.detail());
        }
    }

    /**
     * Reads and drops what still comes of a request that is refused. A small body is no reason to close; after a large
     * or endless one the connection ends, but not at once: closing over unread bytes would reset the connection and
     * take the answer away from the client.
     */
    private static void dropRest(HttpServerRequest request) {
        request.handler(dropped -> {});
        request.endHandler(nothing -> {});
        request.resume();
        if (!hasSmallBody(request)) {
            closeAfterResponse(request);
        }
    }

    /** Ends the connection once the response is out and the request has come, or some time later if it does not. */
    public static void closeAfterResponse(HttpServerRequest request) {
        request.response().putHeader("Connection", "close");
        request.connection().shutdown(LINGER_MS, TimeUnit.MILLISECONDS);
    }

    private static boolean hasSmallBody(HttpServerRequest request) {
        String length = request.getHeader("Content-Length");
        boolean chunked = request.headers().contains("Transfer-Encoding");
        // The codec has checked that a length is a number; it may be too long a number for small.
        return !chunked && (length == null || length.length() < SMALL_BODY_DIGITS);
    }

    /**
     * The document of a failure, for an answer that is no HTTP response. What nobody foresaw is logged.
     *
     * @param what what failed, for the log
     */
    public static JsonObject document(Throwable failure, String what) {
        HttpProblem problem = problem(failure);
        if (problem.code().equals(UNFORESEEN)) {
            LOG.error("{} failed", what, failure);
        }
        return document(problem);
    }

    /** The problem as its JSON document. */
    static JsonObject document(HttpProblem problem) {
        JsonObject document = new JsonObject()
                .put("type", TYPE_PREFIX + problem.code())
                .put("title", title(problem.code()))
                .put("status", problem.status())
                .put("detail", problem.detail())
                .put("code", problem.code());
        for (Map.Entry<String, Object> member : problem.members().entrySet()) {
            document.put(member.getKey(), member.getValue());
        }
        return document;
    }

    /** A title is the code in words: the same for every occurrence, as RFC 9457 wants it. */
    private static String title(String code) {
        String words = code.replace('_', ' ').replace("json", "JSON");
        return words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
    }

    private static Throwable unwrapped(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }
}
