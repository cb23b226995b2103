package io.sluice.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.HttpFace;
import io.sluice.server.fixture.RawConnection;
import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A route with a shortcut answers what it would answer without one. */
class ShortcutsTest {
    private final HttpFace face = new HttpFace(HttpFace.WIDE, router -> {
        Handler<RoutingContext> use = ctx -> {
            if (ctx.pathParam("name").equals("bad")) {
                throw new HttpProblem(400, "invalid_argument", "bad is no name");
            }
            boolean routed = ctx.currentRoute().getPath() != null;
            ctx.response()
                    .end("used " + ctx.pathParam("name") + " of "
                            + ctx.pathParams().size() + (routed ? " by the router" : " by a shortcut"));
        };
        Routes.frequent(router, "/v1/short/:name/use", use);
        router.post("/v1/other/:name/use").handler(use);
    });

    @AfterEach
    void close() {
        face.close();
    }

    private String answer(String request) {
        try (RawConnection connection = new RawConnection(face.port())) {
            connection.send(request + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            return connection.readToEnd();
        }
    }

    @Test
    void aPlainPathTakesTheShortcut() {
        for (String name : List.of("a", "a.b-c_D9", "...x", "0")) {
            assertThat(answer("POST /v1/short/" + name + "/use"))
                    .startsWith("HTTP/1.1 200")
                    .endsWith("used " + name + " of 1 by a shortcut");
        }
        Await.until(
                "they are counted",
                () -> face.meters()
                        .contains(
                                "sluice_http_requests_total{method=\"POST\",route=\"/v1/short/:name/use\",status=\"200\"} 4.0"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "POST /v1/%s/a/use",
                "POST /v1/%s/a/use?x=1",
                "POST /v1/%s/a/use/",
                "POST /v1/%s/a/useless",
                "POST /v1/%s/a/us",
                "POST /v1/%s/a/b/use",
                "POST /v1/%s/a//use",
                "POST /v1/%s//use",
                "POST /v1/%s/use",
                "POST /v1//%s/a/use",
                "POST //v1/%s/a/use",
                "POST /v1/./%s/a/use",
                "POST /v1/%s/./use",
                "POST /v1/%s/../use",
                "POST /v1/%s/x/../a/use",
                "POST /v1/%s/.../use",
                "POST /v1/%s/%%61/use",
                "POST /v1/%s/a%%2Fb/use",
                "POST /v1/%s/%%C3%%A4/use",
                "POST /v1/%s/a%%zz/use",
                "POST /v1/%s/a+b/use",
                "POST /v1/%s/a~b/use",
                "POST /v1/%s/a:b/use",
                "POST /V1/%s/a/use",
                "POST http://x/v1/%s/a/use",
                "POST /v1/%s/bad/use",
                "GET /v1/%s/a/use",
                "OPTIONS /v1/%s/a/use",
                "use /v1/%s/a/use"
            })
    void allElseIsAsWithoutIt(String request) {
        String shortly = answer(String.format(request, "short"));
        String usually = answer(String.format(request, "other"));

        assertThat(shortly.replace("by a shortcut", "by the router")).isEqualTo(usually.replace("other", "short"));
    }
}
