package io.sluice.server.http;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What every router needs around its routes: problem documents for what no route took, and the methods that a path
 * does have.
 */
public final class Routes {
    private static final Pattern PARAMETER = Pattern.compile(":[A-Za-z_]+");

    /** A path template and the methods it takes. */
    private record Template(Pattern path, Set<String> methods) {}

    private Routes() {}

    /** Adds a route that answers GET, and HEAD as every GET should. */
    public static Route get(Router router, String path, Handler<RoutingContext> handler) {
        return router.route(path).method(HttpMethod.GET).method(HttpMethod.HEAD).handler(handler);
    }

    /**
     * Adds a route that answers POST, and comes so often that it does not wait for its turn among all routes.
     *
     * @param path has one parameter, and a segment behind that
     */
    public static void frequent(Router router, String path, Handler<RoutingContext> handler) {
        Shortcuts.post(router, path, handler);
    }

    /** Answers what the routes of this router do not take. Called after all routes are mounted. */
    static void refuseTheRest(Router router) {
        List<Template> templates = templates(router);
        router.errorHandler(404, ctx -> HttpErrors.respond(ctx, notFound(ctx)));
        router.errorHandler(405, ctx -> HttpErrors.respond(ctx, methodNotAllowed(ctx, templates)));
        router.errorHandler(400, ctx -> HttpErrors.respond(ctx, malformed(ctx)));
        router.errorHandler(500, ctx -> HttpErrors.respond(ctx, ctx.failure()));
    }

    private static HttpProblem notFound(RoutingContext ctx) {
        return new HttpProblem(
                        404, "not_found", "there is nothing at " + ctx.request().path())
                .with("openapi", "/openapi");
    }

    private static HttpProblem methodNotAllowed(RoutingContext ctx, List<Template> templates) {
        Set<String> allowed = new TreeSet<>();
        for (Template template : templates) {
            if (template.path().matcher(ctx.normalizedPath()).matches()) {
                allowed.addAll(template.methods());
            }
        }
        return new HttpProblem(
                        405,
                        "method_not_allowed",
                        ctx.request().method() + " is not possible on "
                                + ctx.request().path())
                .withHeader("Allow", String.join(", ", allowed))
                .with("allow", new ArrayList<>(allowed));
    }

    private static HttpProblem malformed(RoutingContext ctx) {
        String why = ctx.failure() == null
                ? "its address cannot be read"
                : ctx.failure().getMessage();
        return new HttpProblem(400, "malformed_request", "the request is malformed: " + why);
    }

    private static List<Template> templates(Router router) {
        List<Template> templates = new ArrayList<>();
        for (Route route : router.getRoutes()) {
            if (route.getPath() != null && route.methods() != null) {
                Set<String> methods = new TreeSet<>();
                route.methods().forEach(method -> methods.add(method.name()));
                String path = PARAMETER.matcher(route.getPath()).replaceAll("[^/]+");
                templates.add(new Template(Pattern.compile(path + "/?"), methods));
            }
        }
        return templates;
    }
}
