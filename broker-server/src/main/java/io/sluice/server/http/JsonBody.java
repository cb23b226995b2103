package io.sluice.server.http;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.http.json.JsonFault;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Reads the small JSON bodies of requests that manage things. Records do not come this way: they are streamed. */
public final class JsonBody {
    private static final String BODY = "the body";
    private static final List<String> NATIVE = List.of("application/json");
    private static final int MAX_DEPTH = 16;
    private static final int MAX_WORD_CHARS = 512;
    /** How many names, values, brackets and braces there may be: each may take many times its bytes in memory. */
    private static final int MAX_TOKENS = 200_000;
    /** What a byte of a body takes at most until it has been read: the buffer grows by doubling. */
    private static final int BYTES_PER_BYTE = 2;

    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxTokenCount(MAX_TOKENS)
                            .maxNumberLength(MAX_WORD_CHARS)
                            .maxNameLength(MAX_WORD_CHARS)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private JsonBody() {}

    /**
     * The body as the fields of one JSON object; no body is the empty object. Fails with unsupported_media_type,
     * unsupported_encoding, body_too_large, overloaded, invalid_json or duplicate_field.
     */
    public static Future<JsonFields> read(RoutingContext ctx, int maxBytes) {
        return read(ctx, maxBytes, NATIVE);
    }

    /** As {@link #read(RoutingContext, int)}, of one of these media types. */
    public static Future<JsonFields> read(RoutingContext ctx, int maxBytes, List<String> mediaTypes) {
        HttpServerRequest request = ctx.request();
        String contentType = request.getHeader("Content-Type");
        if (contentType != null && !mediaTypes.contains(typeOf(contentType))) {
            return Future.failedFuture(new HttpProblem(
                    415,
                    "unsupported_media_type",
                    "the body is " + contentType + "; this route takes " + String.join(" or ", mediaTypes)));
        }
        requirePlain(request);
        if (length(request) > maxBytes) {
            return Future.failedFuture(tooLarge(maxBytes));
        }
        Promise<JsonFields> fields = Promise.promise();
        Buffer body = Buffer.buffer();
        MemoryBudget.Reservation memory = MemoryBudget.of(request).reserve(ctx, 0);
        request.handler(chunk -> {
            try {
                if (body.length() + chunk.length() > maxBytes) {
                    throw tooLarge(maxBytes);
                }
                memory.grow((long) BYTES_PER_BYTE * chunk.length());
                body.appendBuffer(chunk);
            } catch (HttpProblem e) {
                request.handler(dropped -> {});
                fields.tryFail(e);
            }
        });
        request.exceptionHandler(failure -> fields.tryFail(HttpErrors.bodyFailure(failure)));
        // What was read stays counted until the request is answered: a poll may wait long, with all the names that it
        // brought.
        request.endHandler(nothing -> {
            try {
                fields.tryComplete(parse(body));
            } catch (HttpProblem e) {
                fields.tryFail(e);
            }
        });
        return fields.future();
    }

    private static HttpProblem tooLarge(int maxBytes) {
        return new HttpProblem(413, "body_too_large", "the body is larger than the " + maxBytes + " bytes it may have")
                .with("max_bytes", maxBytes);
    }

    /** How long the body of a request is; -1 if that is not known before. */
    public static long length(HttpServerRequest request) {
        String length = request.getHeader("Content-Length");
        return length == null ? -1 : Query.number("Content-Length", length, 0, Long.MAX_VALUE);
    }

    /**
     * Refuses bodies that are compressed.
     *
     * @throws HttpProblem 415 unsupported_encoding
     */
    public static void requirePlain(HttpServerRequest request) {
        String encoding = request.getHeader("Content-Encoding");
        if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
            throw new HttpProblem(
                            415,
                            "unsupported_encoding",
                            "bodies are not taken in Content-Encoding \"" + encoding + "\"")
                    .with("field", "Content-Encoding");
        }
    }

    /** The fields of a body that has come; see {@link #read}. */
    public static JsonFields parse(Buffer body) {
        byte[] bytes = body.getBytes();
        if (bytes.length == 0) {
            return new JsonFields(MAPPER.createObjectNode());
        }
        Optional<ObjectNode> flat = FlatJson.read(bytes);
        if (flat.isPresent()) {
            return new JsonFields(flat.get());
        }
        JsonNode node;
        try {
            node = MAPPER.readTree(bytes);
        } catch (JacksonException e) {
            throw refusal(bytes, e);
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory cannot fail", e);
        }
        if (!node.isObject()) {
            int fault = node.isMissingNode() ? bytes.length : 0;
            throw HttpErrors.invalidJson(BODY, JsonFault.at(bytes, 0, fault, JsonFault.NO_OBJECT));
        }
        return new JsonFields(node);
    }

    /** Jackson's words are for whoever programs with it, so what is wrong is found again, for whoever sent it. */
    private static HttpProblem refusal(byte[] bytes, JacksonException refused) {
        Optional<JsonFault> fault = JsonFault.in(bytes, 0, bytes.length);
        if (fault.isPresent()) {
            return HttpErrors.invalidJson(BODY, fault.get());
        }
        if (refused instanceof StreamConstraintsException) {
            return new HttpProblem(
                    400,
                    "invalid_json",
                    "the body nests deeper than " + MAX_DEPTH + " levels, has more than " + MAX_TOKENS
                            + " names, values and brackets, or a number or a name of more than " + MAX_WORD_CHARS
                            + " characters");
        }
        // What is JSON and within the limits is refused for one more reason only.
        String field = refused.getProcessor() instanceof JsonParser parser ? nameOf(parser.getParsingContext()) : "";
        return new HttpProblem(400, "duplicate_field", field + " is there twice").with("field", field);
    }

    /** The field at hand with all that it stands in: {@code config.retention.ms}. */
    private static String nameOf(JsonStreamContext field) {
        JsonStreamContext parent = field.getParent();
        return parent == null || parent.inRoot()
                ? field.getCurrentName()
                : nameOf(parent) + "." + field.getCurrentName();
    }

    private static String typeOf(String contentType) {
        return contentType.split(";", 2)[0].trim().toLowerCase(Locale.ROOT);
    }
}
