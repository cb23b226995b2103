package io.sluice.server.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.util.Locale;

/** Reads the small JSON bodies of requests that manage things. Records do not come this way: they are streamed. */
final class JsonBody {
    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(16)
                            .maxNumberLength(64)
                            .maxNameLength(512)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    // Source text in messages would echo what came in.
                    .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private JsonBody() {}

    /**
     * The body as the fields of one JSON object; no body is the empty object. Fails with unsupported_media_type,
     * body_too_large, invalid_json or invalid_argument.
     */
    static Future<JsonFields> read(RoutingContext ctx, int maxBytes) {
        HttpServerRequest request = ctx.request();
        String contentType = request.getHeader("Content-Type");
        if (contentType != null && !isJson(contentType)) {
            return Future.failedFuture(new HttpProblem(
                    415,
                    "unsupported_media_type",
                    "the body is " + contentType + "; this route takes application/json"));
        }
        Promise<JsonFields> fields = Promise.promise();
        Buffer body = Buffer.buffer();
        request.handler(chunk -> {
            body.appendBuffer(chunk);
            if (body.length() > maxBytes) {
                request.handler(dropped -> {});
                fields.tryFail(new HttpProblem(
                                413, "body_too_large", "the body is larger than the " + maxBytes + " bytes it may have")
                        .with("max_bytes", maxBytes));
            }
        });
        request.exceptionHandler(failure -> fields.tryFail(HttpErrors.bodyFailure(failure)));
        request.endHandler(nothing -> {
            try {
                fields.tryComplete(parse(body));
            } catch (HttpProblem | IOException e) {
                fields.tryFail(e);
            }
        });
        return fields.future();
    }

    static JsonFields parse(Buffer body) throws IOException {
        if (body.length() == 0) {
            return new JsonFields(MAPPER.createObjectNode());
        }
        JsonNode node = MAPPER.readTree(body.getBytes());
        if (!node.isObject()) {
            throw new HttpProblem(400, "invalid_json", "the body must be a JSON object");
        }
        return new JsonFields(node);
    }

    private static boolean isJson(String contentType) {
        String type = contentType.split(";", 2)[0].trim().toLowerCase(Locale.ROOT);
        return type.equals("application/json");
    }
}
