package io.sluice.server.http;

import io.vertx.ext.web.Router;

/** Some routes that belong together. Each event loop has its own router, so a group is mounted more than once. */
public interface RouteGroup {
    /** Adds the routes. */
    void mount(Router router);
}
