package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.HttpFace;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.RouteGroup;
import io.sluice.server.http.Routes;
import io.sluice.server.kafka.clients.Installed;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** npm's client of event streams comes back to a broker that had no answer for it because it stopped, or had just begun. */
class PushAcrossStopTest {
    private static final String EVENTS = "/v1/topics/t/events";

    @TempDir
    Path folder;

    @Test
    void aStopIsNoEndForWhoWaitsForAStreamNorIsAStart() throws Exception {
        Installed.nodeWithPackages();
        AtomicBoolean asked = new AtomicBoolean();
        AtomicBoolean toldToWait = new AtomicBoolean();
        RouteGroup stops = router -> Routes.get(router, EVENTS, ctx -> asked.set(true));
        RouteGroup begins = router -> Routes.get(router, EVENTS, ctx -> {
            if (toldToWait.compareAndSet(false, true)) {
                HttpErrors.respond(ctx, new HttpProblem(503, "loading", "it is being read").retryAfterMs(10));
            } else {
                ctx.response()
                        .setChunked(true)
                        .putHeader("Content-Type", "text/event-stream")
                        .write("data: {\"key\":\"k\",\"value\":\"v\"}\n\n");
            }
        });
        try (HttpFace before = new HttpFace(HttpFace.WIDE, stops);
                HttpFace after = new HttpFace(HttpFace.WIDE, begins);
                CuttingProxy proxy = new CuttingProxy(new SplittableRandom(1), 1)) {
            proxy.leaveWhole();
            proxy.leadTo(before.port());
            try (PushClient client = new PushClient(folder, "events", proxy.port(), 1)) {
                client.await("a request", asked::get);
                proxy.leadTo(after.port());
                before.stop();

                assertThat(client.linesAtTheEnd()).containsExactly("k v");
                assertThat(toldToWait).isTrue();
            }
        }
    }
}
