package io.sluice.server.http;

import io.vertx.core.json.JsonObject;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An answer that says what is wrong, in the shape of RFC 9457. Thrown or given to {@link HttpErrors#respond}; it has
 * no stack trace, because it is an answer and not a fault of ours.
 */
public final class HttpProblem extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String code;
    private final transient Map<String, Object> members = new LinkedHashMap<>();
    private final transient Map<String, String> headers = new LinkedHashMap<>();

    /**
     * A problem.
     *
     * @param status the HTTP status, 400 to 599
     * @param code the stable name of the problem in snake_case, by which programs tell it from others
     * @param detail a sentence for people that names what is wrong, with the numbers
     */
    public HttpProblem(int status, String code, String detail) {
        super(detail, null, false, false);
        if (status < 400 || status > 599) {
            throw new IllegalArgumentException("status " + status + " is not one of an error");
        }
        this.status = status;
        this.code = code;
    }

    /**
     * Adds a member to the problem document, such as {@code field}, {@code line} or {@code retry_after_ms}.
     *
     * @param member its name in snake_case
     * @param value text, a number, a boolean, or a list or map of these
     */
    public HttpProblem with(String member, Object value) {
        members.put(member, value);
        return this;
    }

    /** Adds a header to the answer, such as {@code Allow}. */
    public HttpProblem withHeader(String name, String value) {
        headers.put(name, value);
        return this;
    }

    /** Says when it is worth asking again: the member {@code retry_after_ms}, and Retry-After in whole seconds. */
    public HttpProblem retryAfterMs(long retryAfterMs) {
        with("retry_after_ms", retryAfterMs);
        return withHeader("Retry-After", Long.toString(Math.max(1, (retryAfterMs + 999) / 1000)));
    }

    /** The HTTP status. */
    public int status() {
        return status;
    }

    /** The stable name of the problem. */
    public String code() {
        return code;
    }

    /** What is wrong, for people. */
    public String detail() {
        return getMessage();
    }

    /** The members beside type, title, status, detail and code, in the order they were added. */
    public Map<String, Object> members() {
        return Collections.unmodifiableMap(members);
    }

    /** What is wrong as a member {@code error} says it of one of several things that are answered together. */
    public JsonObject error() {
        JsonObject error = new JsonObject().put("code", code).put("detail", detail());
        members.forEach(error::put);
        return error;
    }

    /** The headers that the answer carries beside the content type. */
    public Map<String, String> headers() {
        return Collections.unmodifiableMap(headers);
    }
}
