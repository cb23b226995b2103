package io.sluice.server.http;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The face's own description: {@code /openapi}, and an index of links at {@code /}. */
public final class MetaRoutes implements RouteGroup {
    private static final String OPENAPI = "/openapi.json";

    private final String version;
    private final Buffer openApi = resource(OPENAPI);

    /**
     * Routes that describe.
     *
     * @param version the broker's version
     */
    public MetaRoutes(String version) {
        this.version = version;
    }

    @Override
    public void mount(Router router) {
        Routes.get(router, "/", ctx -> json(ctx, index()));
        Routes.get(router, "/openapi", ctx -> json(ctx, openApi));
        Routes.get(router, "/openapi/v3", ctx -> json(ctx, openApi));
    }

    private Buffer index() {
        JsonObject links = new JsonObject()
                .put("topics", "/v1/topics")
                .put("groups", "/v1/groups")
                .put("clients", "/v1/clients")
                .put("openapi", "/openapi")
                .put("health", "/health/ready")
                .put("metrics", "/metrics");
        return new JsonObject()
                .put("name", "sluice")
                .put("version", version)
                // What clients of the REST v2 face look for here.
                .put("bridge_version", version)
                .put("links", links)
                .toBuffer();
    }

    private static void json(RoutingContext ctx, Buffer document) {
        ctx.response().putHeader("Content-Type", "application/json").end(document);
    }

    private static Buffer resource(String path) {
        try (InputStream in = MetaRoutes.class.getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalStateException("the resource " + path + " is missing from the build");
            }
            return Buffer.buffer(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
