package io.sluice.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.HttpFace;
import io.sluice.server.fixture.RawConnection;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(BlockedThreadsFail.class)
class HttpFaceTest {
    private static final RouteGroup HELLO =
            router -> Routes.get(router, "/hello", ctx -> ctx.response().end("hello"));
    private static final RouteGroup TOPIC = router -> router.put("/topics/:topic")
            .handler(ctx -> JsonBody.read(ctx, 65_536)
                    .onComplete(fields -> ctx.response().end("ok"), failure -> HttpErrors.respond(ctx, failure)));

    @Test
    void aHeadThatDoesNotCompleteIsAnswered408() {
        try (HttpFace face = new HttpFace(timeouts(300, 60_000), HELLO);
                RawConnection client = new RawConnection(face.port())) {
            client.send("GET /hello HTTP/1.1\r\nHost: x\r\n");

            assertThat(client.readToEnd()).startsWith("HTTP/1.1 408 ").contains("\"code\":\"request_timeout\"");
        }
    }

    @Test
    void aHeadThatTricklesIsAnswered408() {
        try (HttpFace face = new HttpFace(timeouts(300, 60_000), HELLO);
                RawConnection client = new RawConnection(face.port())) {
            long timer = face.vertx().setPeriodic(50, id -> client.send("X-A: b\r\n"));
            client.send("GET /hello HTTP/1.1\r\n");

            String answer = client.readUntil("request_timeout");
            face.vertx().cancelTimer(timer);

            assertThat(answer).startsWith("HTTP/1.1 408 ");
        }
    }

    @Test
    void aBodyThatDoesNotCompleteIsAnswered408() {
        try (HttpFace face = new HttpFace(timeouts(300, 60_000), TOPIC);
                RawConnection client = new RawConnection(face.port())) {
            client.send("PUT /topics/a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{");

            assertThat(client.readToEnd()).startsWith("HTTP/1.1 408 ").contains("1 bytes in");
        }
    }

    @Test
    void aBodyThatComesFastEnoughMayTakeLongerThanTheTimeout() {
        HttpLimits limits = new HttpLimits(10, 8_192, 4_096, 65_536, 200, 100, 30_000, 5_000, 65_536);
        try (HttpFace face = new HttpFace(limits, TOPIC);
                RawConnection client = new RawConnection(face.port())) {
            client.send("PUT /topics/a HTTP/1.1\r\nHost: x\r\nContent-Length: 602\r\n\r\n{" + " ".repeat(300));
            // The 301 bytes have bought 3 s at 100 bytes per second; the rest comes well after the 200 ms.
            Promise<Void> later = Promise.promise();
            face.vertx().setTimer(800, id -> later.complete());
            Await.on(later.future());
            client.send(" ".repeat(300) + "}");

            assertThat(client.readUntil("ok")).startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void anAddressThatIsNoTextIsRefused() {
        for (String address : List.of("/hello?key=%ff%fe", "/hello?key=\u00fc", "/%c3", "/hello?%80=1")) {
            assertThat(answerTo("GET " + address + " HTTP/1.1\r\nHost: x\r\n\r\n"))
                    .as(address)
                    .startsWith("HTTP/1.1 400 ")
                    .contains("\"code\":\"malformed_request\"", "UTF-8");
        }
        assertThat(answerTo("GET /hello?key=%c3%bc%25 HTTP/1.1\r\nHost: x\r\n\r\n"))
                .startsWith("HTTP/1.1 200 ");
    }

    @Test
    void aRequestWithTwoHostsIsRefused() {
        assertThat(answerTo("GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"))
                .startsWith("HTTP/1.1 400 ")
                .contains("more than one Host");
    }

    private static String answerTo(String request) {
        try (HttpFace face = new HttpFace(timeouts(60_000, 300), HELLO);
                RawConnection client = new RawConnection(face.port())) {
            client.send(request);
            return client.readToEnd();
        }
    }

    @Test
    void anIdleConnectionIsClosed() {
        try (HttpFace face = new HttpFace(timeouts(60_000, 300), HELLO);
                RawConnection silent = new RawConnection(face.port());
                RawConnection used = new RawConnection(face.port())) {
            used.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(used.readUntil("hello")).startsWith("HTTP/1.1 200 ");

            assertThat(silent.readToEnd()).isEmpty();
            assertThat(used.readToEnd()).isEmpty();
        }
    }

    @Test
    void aRequestThatWaitsForItsAnswerIsNotIdle() {
        Promise<String> answer = Promise.promise();
        RouteGroup slow = router -> Routes.get(
                router,
                "/slow",
                ctx -> answer.future().onSuccess(text -> ctx.response().end(text)));
        try (HttpFace face = new HttpFace(timeouts(100, 100), slow);
                RawConnection client = new RawConnection(face.port())) {
            client.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
            face.vertx().setTimer(600, id -> answer.complete("at last"));

            assertThat(client.readUntil("at last")).startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void oneConnectionTooManyIsAnswered503AndClosed() {
        HttpLimits limits = new HttpLimits(3, 8_192, 4_096, 65_536, 30_000, 1_024, 30_000, 5_000, 65_536);
        try (HttpFace face = new HttpFace(limits, HELLO)) {
            List<RawConnection> open = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                open.add(new RawConnection(face.port()));
                open.get(i).send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
                open.get(i).readUntil("hello");
            }

            try (RawConnection oneMore = new RawConnection(face.port())) {
                oneMore.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
                assertThat(oneMore.readToEnd())
                        .startsWith("HTTP/1.1 503 ")
                        .contains("Retry-After: 1")
                        .contains("\"code\":\"too_many_connections\"");
            }
            try (RawConnection silent = new RawConnection(face.port())) {
                assertThat(silent.readToEnd()).isEmpty();
            }
            open.forEach(RawConnection::close);
            Await.until("the closed connections are gone", () -> face.meters().contains("sluice_http_connections 0.0"));
            try (RawConnection next = new RawConnection(face.port())) {
                next.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
                assertThat(next.readUntil("hello")).startsWith("HTTP/1.1 200 ");
            }
        }
    }

    @Test
    void whatIsNotHttpIsAnswered400AndClosed() {
        try (HttpFace face = new HttpFace(HttpFace.WIDE, HELLO);
                RawConnection client = new RawConnection(face.port())) {
            client.send("\u0000\u0001\u0002 garbage\r\n\r\n");

            assertThat(client.readToEnd())
                    .startsWith("HTTP/1.")
                    .contains(" 400 ")
                    .contains("malformed_request");
        }
    }

    @Test
    void headersAndAddressHaveALimit() {
        try (HttpFace face = new HttpFace(HttpFace.WIDE, HELLO);
                RawConnection headers = new RawConnection(face.port());
                RawConnection address = new RawConnection(face.port())) {
            headers.send("GET /hello HTTP/1.1\r\nX-Long: " + "x".repeat(9_000) + "\r\n\r\n");
            address.send("GET /" + "x".repeat(5_000) + " HTTP/1.1\r\nHost: x\r\n\r\n");

            assertThat(headers.readToEnd()).contains(" 431 ").contains("headers_too_large");
            assertThat(address.readToEnd()).contains(" 414 ").contains("address_too_long");
        }
    }

    @Test
    void anotherMethodIsAnswered405WithTheOnesThatAreAllowed() {
        try (HttpFace face = new HttpFace(HttpFace.WIDE, HELLO, TOPIC);
                RawConnection client = new RawConnection(face.port())) {
            client.send("POST /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

            assertThat(client.readToEnd())
                    .startsWith("HTTP/1.1 405 ")
                    .contains("Allow: GET, HEAD\r\n")
                    .contains("method_not_allowed");
        }
    }

    @Test
    void anUnknownPathIsAnswered404() {
        try (HttpFace face = new HttpFace(HttpFace.WIDE, HELLO);
                RawConnection client = new RawConnection(face.port())) {
            client.send("GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

            assertThat(client.readToEnd()).startsWith("HTTP/1.1 404 ").contains("\"code\":\"not_found\"");
        }
    }

    @Test
    void aHeadRequestIsAnsweredWithoutABody() {
        try (HttpFace face = new HttpFace(HttpFace.WIDE, HELLO);
                RawConnection client = new RawConnection(face.port())) {
            client.send("HEAD /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

            assertThat(client.readToEnd()).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\n");
        }
    }

    @Test
    void aMistakeInACallbackIsAnswered500() {
        RouteGroup broken = router -> Routes.get(
                router,
                "/broken",
                ctx -> ctx.vertx().setTimer(10, id -> {
                    throw new IllegalStateException("our mistake");
                }));
        try (HttpFace face = new HttpFace(HttpFace.WIDE, broken);
                RawConnection client = new RawConnection(face.port())) {
            client.send("GET /broken HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

            assertThat(client.readToEnd())
                    .startsWith("HTTP/1.1 500 ")
                    .contains("internal_error")
                    .doesNotContain("our mistake");
        }
    }

    @Test
    void aFailureInTheMiddleOfAResponseCutsItOff() {
        RouteGroup halfway = router -> Routes.get(router, "/half", ctx -> {
            ctx.response()
                    .setChunked(true)
                    .write("first half")
                    .onSuccess(nothing -> HttpErrors.respond(
                            ctx, new HttpProblem(500, "data_corrupt", "the second half is damaged")));
        });
        try (HttpFace face = new HttpFace(HttpFace.WIDE, halfway);
                RawConnection client = new RawConnection(face.port())) {
            client.send("GET /half HTTP/1.1\r\nHost: x\r\n\r\n");

            assertThat(client.readToEnd()).contains("first half").doesNotContain("\r\n0\r\n");
        }
    }

    @Test
    void aRefusedRequestWithASmallBodyKeepsItsConnection() {
        try (HttpFace face = new HttpFace(HttpFace.WIDE, HELLO);
                RawConnection client = new RawConnection(face.port())) {
            client.send("PUT /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345");
            assertThat(client.readUntil("}")).startsWith("HTTP/1.1 404 ");

            client.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");

            assertThat(client.readUntil("hello")).startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void stoppingFinishesWhatIsInFlightAndEndsWhatOnlyWaits() {
        AtomicReference<Promise<String>> post = new AtomicReference<>();
        RouteGroup waiting = router -> {
            Routes.get(router, "/wait", ctx -> {});
            router.post("/work").handler(ctx -> {
                Promise<String> work = Promise.promise();
                work.future().onSuccess(text -> ctx.response().end(text));
                post.set(work);
            });
        };
        try (HttpFace face = new HttpFace(HttpFace.WIDE, waiting);
                RawConnection idle = new RawConnection(face.port());
                RawConnection waiter = new RawConnection(face.port());
                RawConnection worker = new RawConnection(face.port())) {
            waiter.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
            worker.send("POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
            Await.until("the work has begun", () -> post.get() != null);

            face.vertx().setTimer(1_500, id -> post.get().complete("done"));
            long tookMs = face.stop();

            assertThat(tookMs).isBetween(1_000L, 4_500L);
            assertThat(idle.readToEnd()).isEmpty();
            assertThat(waiter.readToEnd()).startsWith("HTTP/1.1 503 ").contains("shutting_down");
            assertThat(worker.readToEnd()).startsWith("HTTP/1.1 200 ").endsWith("done");
        }
    }

    private static String get(String path, String... headers) {
        return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + String.join("\r\n", headers) + "\r\n\r\n";
    }

    @Test
    void whoWaitsForAStreamOfEventsWhenTheBrokerStopsIsToldToComeAgain() {
        AtomicInteger waiting = new AtomicInteger();
        RouteGroup events = router -> Routes.get(router, "/events", ctx -> waiting.incrementAndGet());
        try (HttpFace face = new HttpFace(HttpFace.WIDE, events);
                RawConnection browser = new RawConnection(face.port());
                RawConnection curl = new RawConnection(face.port())) {
            browser.send(get("/events", "Accept: text/event-stream", "Last-Event-ID: 4-17"));
            curl.send(get("/events", "Accept: */*"));
            Await.until("both wait", () -> waiting.get() == 2);

            face.stop();

            assertThat(browser.readToEnd())
                    .startsWith("HTTP/1.1 200 ")
                    .containsIgnoringCase("content-type: text/event-stream\r\n")
                    .endsWith(
                            "\r\n\r\nid: 4-17\nretry: 2000\nevent: sluice.end\ndata: {\"code\":\"shutting_down\","
                                    + "\"detail\":\"the broker stops; ask again elsewhere or later\",\"retry_after_ms\":2000}\n\n");
            assertThat(curl.readToEnd()).startsWith("HTTP/1.1 503 ").contains("shutting_down");
        }
    }

    @Test
    void onlyWhatPassesIsToldAsAStreamThatEnds() {
        HttpProblem passing = new HttpProblem(503, "loading", "it is read").retryAfterMs(300);
        HttpProblem lasting = new HttpProblem(404, "unknown_topic", "there is none");
        RouteGroup refusing = router -> {
            Routes.get(router, "/passing", ctx -> HttpErrors.respond(ctx, passing));
            Routes.get(router, "/lasting", ctx -> HttpErrors.respond(ctx, lasting));
        };
        String stream = "Accept: text/event-stream";
        try (HttpFace face = new HttpFace(HttpFace.WIDE, refusing);
                RawConnection client = new RawConnection(face.port())) {
            client.send(get("/passing", stream));
            assertThat(client.readUntil("}\n\n"))
                    .startsWith("HTTP/1.1 200 ")
                    .contains("\r\n\r\nretry: 300\nevent: sluice.end\ndata: {\"code\":\"loading\"");
            client.send(get("/lasting", stream));
            assertThat(client.readUntil("}")).startsWith("HTTP/1.1 404 ").contains("unknown_topic");
            client.send(get("/passing", "Accept: application/json, text/event-stream;q=0"));
            assertThat(client.readUntil("}")).startsWith("HTTP/1.1 503 ");
            client.send(get("/passing", stream, "Connection: close").replace("GET", "HEAD"));
            assertThat(client.readToEnd()).startsWith("HTTP/1.1 503 ");
        }
    }

    @Test
    void requestsAreCountedByTemplateAndNeverByPath() {
        try (HttpFace face = new HttpFace(HttpFace.WIDE, HELLO, TOPIC);
                RawConnection client = new RawConnection(face.port())) {
            for (int i = 0; i < 5; i++) {
                client.send("PUT /topics/t" + i + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
                client.readUntil("ok");
            }
            client.send("GET /secret/path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            client.readToEnd();

            Await.until(
                    "all are counted",
                    () -> face.meters()
                            .contains(
                                    "sluice_http_requests_total{method=\"PUT\",route=\"/topics/:topic\",status=\"200\"} 5.0"));
            assertThat(face.meters())
                    .contains("sluice_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1.0")
                    .contains("sluice_http_request_duration_seconds_bucket")
                    .doesNotContain("/secret");
        }
    }

    private static HttpLimits timeouts(long requestTimeoutMs, long idleTimeoutMs) {
        return new HttpLimits(100, 8_192, 4_096, 65_536, requestTimeoutMs, 1_024, idleTimeoutMs, 5_000, 65_536);
    }
}
