package io.sluice.server.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * Why a request was refused, as the broker told it (RFC 9457).
 *
 * @param status the HTTP status
 * @param code the broker's stable code, or {@code HTTP_<status>} if the answer had none
 * @param detail the sentence for a person
 * @param retryAfter how long to wait before the next try; zero if the broker did not say
 * @param document the whole answer; a missing node if it was no JSON
 */
public record Problem(int status, String code, String detail, Duration retryAfter, JsonNode document) {
    private static final int MAX_TEXT = 300;

    /** Reads the refusal from an answer of any shape: something between us and the broker may have written it. */
    public static Problem of(HttpResponse<byte[]> response) {
        return of(response, response.body());
    }

    /** As {@link #of(HttpResponse)}, for an answer whose body has been read. */
    public static Problem of(HttpResponse<?> response, byte[] content) {
        String code = "HTTP_" + response.statusCode();
        String detail = "";
        JsonNode body = MissingNode.getInstance();
        try {
            body = Json.parse(content);
            code = body.path("code").asText(code);
            detail = body.path("detail").asText(body.path("title").asText(""));
        } catch (IOException notJson) {
            String text = new String(content, StandardCharsets.UTF_8).strip();
            detail = text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) + "..." : text;
        }
        if (detail.isEmpty()) {
            detail = "HTTP status " + response.statusCode() + " from " + response.uri();
        }
        return new Problem(response.statusCode(), code, detail, retryAfterOf(response), body);
    }

    private static Duration retryAfterOf(HttpResponse<?> response) {
        return response.headers()
                .firstValue("Retry-After")
                .filter(value -> value.matches("\\d{1,6}"))
                .map(value -> Duration.ofSeconds(Long.parseLong(value)))
                .orElse(Duration.ZERO);
    }

    /** Whether the same request may succeed later without anybody changing it. */
    public boolean retriable() {
        return switch (status) {
            case 429, 502, 503, 504, 507 -> true;
            default -> false;
        };
    }

    /** Whether it is the records that are wrong: no other broker or later time would take them. */
    public boolean blamesRecords() {
        return switch (status) {
            case 400, 413, 422 -> true;
            default -> code.equals("unknown_partition");
        };
    }

    /** Detail and code in one line. */
    public String message() {
        return detail + " (" + code + ")";
    }
}
