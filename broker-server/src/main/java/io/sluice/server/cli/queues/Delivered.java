package io.sluice.server.cli.queues;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A message as a receive gave it, whose bytes were asked for as base64.
 *
 * @param lease what settles it
 * @param deliveries how often it has been given out, this one included
 * @param headers by name; of several of one name the last
 */
record Delivered(
        String id,
        String lease,
        int deliveries,
        long enqueuedMs,
        long firstReceivedMs,
        Optional<byte[]> key,
        byte[] value,
        Map<String, byte[]> headers) {

    /** The member of a receive that makes the answer fit. */
    static final String VALUES = "base64";

    static Delivered of(JsonNode message) {
        Map<String, byte[]> headers = new LinkedHashMap<>();
        JsonNode binary = message.path("headers_base64");
        (binary.isMissingNode() ? message.path("headers") : binary)
                .properties()
                .forEach(header -> bytes(header.getValue()).ifPresent(it -> headers.put(header.getKey(), it)));
        return new Delivered(
                message.path("id").asText(),
                message.path("lease").asText(),
                message.path("deliveries").asInt(1),
                message.path("enqueued_at").asLong(),
                message.path("first_received_at").asLong(),
                bytes(message.path("key_base64")),
                bytes(message.path("value_base64")).orElse(new byte[0]),
                headers);
    }

    private static Optional<byte[]> bytes(JsonNode base64) {
        try {
            return base64.isTextual() ? Optional.of(base64.binaryValue()) : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
