package io.sluice.server.http.records;

import io.sluice.server.http.HttpErrors;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;

/** Who is told what became of records: a request, or a message of a connection that stays open. For one event loop. */
interface ProduceReply {
    /** Whether there is still somebody to be told. */
    boolean isOpen();

    /** Calls an action once nobody is told anything any more: all is said, or the client has gone. */
    void whenEnded(Runnable action);

    /** All is said without a document, unless it was said before. */
    void end(int status);

    /**
     * Says what a document holds, unless something was said before.
     *
     * @param document JSON; valid during the call
     */
    void end(int status, CharSequence mediaType, JsonOutput document);

    /** Says what went wrong, unless something was said before. */
    void refuse(Throwable failure);

    /** The answer of a request. */
    static ProduceReply of(RoutingContext ctx) {
        return new OverHttp(ctx);
    }

    /** The answer of a request. */
    record OverHttp(RoutingContext ctx) implements ProduceReply {
        @Override
        public boolean isOpen() {
            return Responses.isOpen(ctx.response());
        }

        @Override
        public void whenEnded(Runnable action) {
            ctx.addEndHandler(ended -> action.run());
        }

        @Override
        public void end(int status) {
            HttpServerResponse response = ctx.response();
            if (Responses.isOpen(response)) {
                response.setStatusCode(status).end();
            }
        }

        @Override
        public void end(int status, CharSequence mediaType, JsonOutput document) {
            if (isOpen()) {
                ctx.response().setStatusCode(status);
                Responses.json(ctx.response(), mediaType, document);
            }
        }

        @Override
        public void refuse(Throwable failure) {
            HttpErrors.respond(ctx, failure);
        }
    }
}
