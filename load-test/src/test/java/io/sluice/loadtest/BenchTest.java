package io.sluice.loadtest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.loadtest.fixture.FakeBroker;
import io.sluice.loadtest.target.Target;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BenchTest {
    private FakeBroker broker;

    @BeforeEach
    void start() throws Exception {
        broker = new FakeBroker();
    }

    @AfterEach
    void stop() throws Exception {
        broker.close();
    }

    @Test
    void closedLoopCountsWhatWasAcknowledged() throws Exception {
        RunResult run = run(Map.of("connections", "4", "records-per-request", "3", "partitions", "2"));

        assertThat(run.errors()).isEmpty();
        assertThat(run.requests()).isPositive().isLessThanOrEqualTo(broker.produceRequests());
        assertThat(run.records()).isEqualTo(run.requests() * 3);
        assertThat(run.bytes()).isEqualTo(run.records() * 100);
        assertThat(run.latency().getTotalCount()).isBetween(run.requests() - 4, run.requests() + 4);
        assertThat(run.keptUp()).isTrue();
        assertThat(broker.mostOpenRequests()).isBetween(1, 4);
        assertThat(run.recordsPerFlush().getAsDouble()).isBetween(5.0, 7.0);
        assertThat(run.clientCpuMicrosPerRecord()).isPresent();
        assertThat(run.brokerCpuMicrosPerRecord()).isPresent();
        assertThat(run.brokerResidentBytes().orElseThrow().now()).isPositive();
    }

    @Test
    void topicIsMadeWithTheConfigAndDeletedAfterwards() throws Exception {
        run(Map.of("config.flush.messages", "5", "partitions", "2"));

        assertThat(broker.created).hasSize(1);
        assertThat(broker.created.values().iterator().next().encode())
                .contains("\"partitions\":2")
                .contains("\"flush.messages\":\"5\"");
        assertThat(broker.deleted).containsExactlyElementsOf(broker.created.keySet());
    }

    @Test
    void openLoopSendsWhatTheScheduleSays() throws Exception {
        RunResult run = run(Map.of("rate", "200/s", "connections", "4", "duration", "1s", "threads", "2"));

        assertThat(run.errors()).isEmpty();
        assertThat(run.keptUp()).isTrue();
        assertThat(run.latency().getTotalCount()).isEqualTo(200);
        assertThat(broker.produceRequests()).isEqualTo(220);
    }

    @Test
    void stallOfTheServerIsInThePercentilesOfAnOpenLoop() throws Exception {
        Workload workload = workload(Map.of("rate", "500/s", "connections", "2", "duration", "2s", "warm-up", "0ms"));
        long stallMs = 800;
        CompletableFuture<RunResult> running = CompletableFuture.supplyAsync(() -> runUnchecked(workload));
        awaitRequests(200);
        broker.stallUntilNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(stallMs);
        RunResult run = running.get(30, TimeUnit.SECONDS);

        // Two requests were in the server's hands during the stall; the hundreds that were due waited too.
        assertThat(run.latency().getTotalCount()).isEqualTo(1_000);
        assertThat(run.latency().getCountBetweenValues(TimeUnit.MILLISECONDS.toNanos(stallMs / 2), Long.MAX_VALUE / 2))
                .isGreaterThan(150);
        assertThat(run.latencyMs(90).getAsDouble()).isGreaterThan(stallMs / 2.0);
        assertThat(run.maxBacklog()).isGreaterThan(300);
    }

    @Test
    void rateBeyondTheServerIsReportedAsNotKeptUp() throws Exception {
        broker.stallUntilNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        RunResult run = run(Map.of(
                "rate", "1000/s",
                "connections", "2",
                "duration", "300ms",
                "warm-up", "0ms",
                "request-timeout", "1500ms"));

        assertThat(run.keptUp()).isFalse();
        assertThat(run.unsent()).isBetween(290L, 300L);
        assertThat(run.errors()).containsEntry("timeout", 2L);
        // What was never answered counts with the time it waited: more than a second.
        assertThat(run.latency().getTotalCount()).isEqualTo(300);
        assertThat(run.latencyMs(50).getAsDouble()).isGreaterThan(1_000);
    }

    @Test
    void refusalsAreCountedByKindAndNotAsLatency() throws Exception {
        broker.produceStatus = 503;
        RunResult run = run(Map.of("rate", "100/s", "connections", "2", "duration", "500ms", "warm-up", "0ms"));

        assertThat(run.errors()).containsExactly(Map.entry("HTTP 503 OVERLOADED", 50L));
        assertThat(run.requests()).isZero();
        assertThat(run.latency().getTotalCount()).isZero();
    }

    @Test
    void requestWithoutAnAnswerIsATimeout() throws Exception {
        broker.silent = true;
        RunResult run =
                run(Map.of("connections", "3", "warm-up", "0ms", "duration", "300ms", "request-timeout", "100ms"));

        assertThat(run.errors()).containsOnlyKeys("timeout");
        assertThat(run.errors().get("timeout")).isGreaterThanOrEqualTo(3);
        assertThat(run.latencyMs(50).getAsDouble()).isGreaterThanOrEqualTo(100);
    }

    @Test
    void connectionThatTheServerClosesAfterAnAnswerIsOpenedAgain() throws Exception {
        broker.closeAfterAnswer = true;
        RunResult run = run(Map.of("connections", "2"));

        assertThat(run.errors()).isEmpty();
        assertThat(run.requests()).isGreaterThan(2);
    }

    @Test
    void fetchReadsTheTopicOverAndOver() throws Exception {
        for (String format : List.of("json", "batches")) {
            RunResult run = run(Map.of(
                    "kind", "fetch",
                    "connections", "2",
                    "partitions", "2",
                    "format", format,
                    "preload-records", "5000"));

            assertThat(run.errors()).isEmpty();
            assertThat(run.records()).isGreaterThan(5_000);
            assertThat(run.bytes()).isPositive();
        }
    }

    @Test
    void endToEndTimesEachRecordToItsArrival() throws Exception {
        RunResult run = run(Map.of(
                "kind", "end-to-end",
                "rate", "100/s",
                "records-per-request", "2",
                "connections", "4",
                "partitions", "3",
                "duration", "1s"));

        assertThat(run.errors()).isEmpty();
        assertThat(run.latency().getTotalCount()).isEqualTo(200);
        // What arrives at the very end of a slow run may count in another window, but not twice.
        assertThat(run.records()).isBetween(1L, 220L);
    }

    @Test
    void recordThatWasAcknowledgedAndNeverArrivesIsAnError() throws Exception {
        broker.forget.set(3);
        RunResult run =
                run(Map.of("kind", "end-to-end", "rate", "100/s", "duration", "300ms", "request-timeout", "300ms"));

        assertThat(run.errors()).containsExactly(Map.entry("acknowledged, never received", 3L));
    }

    @Test
    void queueIsSentTo() throws Exception {
        RunResult run = run(Map.of(
                "kind", "queue-send",
                "connections", "4",
                "records-per-request", "3",
                "config.order", "key",
                "config.max_deliveries", "3",
                "config.flush.messages", "5"));

        assertThat(run.errors()).isEmpty();
        assertThat(run.requests()).isPositive().isLessThanOrEqualTo(broker.produceRequests());
        assertThat(run.records()).isEqualTo(run.requests() * 3);
        assertThat(broker.created.values().iterator().next().encode())
                .isEqualTo("{\"max_deliveries\":3,\"order\":\"key\",\"partitions\":1}");
        assertThat(broker.altered.values().iterator().next().encode())
                .isEqualTo("{\"config\":{\"flush.messages\":\"5\"}}");
        assertThat(broker.deleted).containsExactlyElementsOf(broker.created.keySet());
    }

    @Test
    void turnOfAQueueIsAllThatIsAcknowledged() throws Exception {
        RunResult taken = run(Map.of(
                "kind", "queue-receive-ack",
                "connections", "2",
                "records-per-request", "10",
                "preload-records", "300000"));
        long acknowledged = broker.acknowledged.getAndSet(0);
        RunResult turns = run(Map.of("kind", "queue-end-to-end", "connections", "3", "records-per-request", "7"));

        assertThat(taken.errors()).isEmpty();
        assertThat(taken.records()).isEqualTo(taken.requests() * 10).isLessThanOrEqualTo(acknowledged);
        assertThat(turns.errors()).isEmpty();
        assertThat(turns.records()).isEqualTo(turns.requests() * 7).isLessThanOrEqualTo(broker.acknowledged.get());
        assertThat(turns.bytes()).isEqualTo(turns.records() * 100);
        assertThat(turns.latency().getTotalCount()).isBetween(turns.requests() - 3, turns.requests() + 3);
        assertThat(broker.created).hasSize(2);
    }

    @Test
    void emptyQueueAndRefusedLeasesAreErrors() throws Exception {
        broker.staleLeases.set(2);
        RunResult run = run(Map.of(
                "kind", "queue-receive-ack",
                "preload-records", "10",
                "records-per-request", "3",
                "warm-up", "0ms",
                "duration", "3s"));

        assertThat(run.errors()).containsEntry("leases that could not be acknowledged", 1L);
        assertThat(run.errors()).containsEntry("nothing to receive", 1L).hasSize(2);
        assertThat(run.requests()).isEqualTo(3);
        assertThat(run.records()).isEqualTo(7);
    }

    @Test
    void messageIsTimedToItsAcknowledgementOrItsArrival() throws Exception {
        for (String until : List.of("ack", "arrival")) {
            RunResult run = run(Map.of(
                    "kind", "queue-end-to-end",
                    "until", until,
                    "rate", "100/s",
                    "records-per-request", "2",
                    "connections", "4",
                    "receivers", "3",
                    "duration", "1s"));

            assertThat(run.errors()).isEmpty();
            assertThat(run.latency().getTotalCount()).isEqualTo(200);
            assertThat(run.records()).isBetween(1L, 220L);
        }
        assertThat(broker.acknowledged.get()).isEqualTo(440);
    }

    @Test
    void messageThatWasSentAndNeverAcknowledgedIsAnError() throws Exception {
        broker.forget.set(3);
        RunResult run = run(
                Map.of("kind", "queue-end-to-end", "rate", "100/s", "duration", "300ms", "request-timeout", "300ms"));

        assertThat(run.errors()).containsExactly(Map.entry("acknowledged, never received", 3L));
    }

    @Test
    void turnThatBreaksOffIsCountedOnceAndTheNextBeginsAnew() throws Exception {
        broker.closeAfterAnswer = true;
        RunResult run = run(Map.of("kind", "queue-end-to-end", "connections", "2"));

        // The server ends the connection in the midst of each turn; it goes on over the next one.
        assertThat(run.errors()).isEmpty();
        assertThat(run.requests()).isGreaterThan(2);
    }

    @Test
    void postDrivesAnyServer() throws Exception {
        RunResult run = run(Map.of(
                "kind", "post",
                "url", broker.url() + "/enqueue?x=1",
                "body", "{\"message\":\"{record}\"}"));

        assertThat(run.errors()).isEmpty();
        assertThat(run.requests()).isPositive();
        assertThat(broker.created).isEmpty();
    }

    @Test
    void serverThatIsNotThereIsSaidAtOnce() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        Target nobody = Target.of("http://127.0.0.1:" + port);
        Workload workload = workload(Map.of());
        assertThatThrownBy(() -> bench(nobody).run(List.of(workload)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no answer from http://127.0.0.1:" + port);

        Workload post = workload(Map.of("kind", "post", "url", nobody + "/x"));
        assertThatThrownBy(() -> bench(nobody).run(List.of(post)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("could not be opened");
    }

    @Test
    void repeatsTakeTurns() throws Exception {
        List<String> order = new ArrayList<>();
        Bench bench = new Bench(Target.of(broker.url()), List.of(), OptionalLong.empty(), 2, order::add);
        Workload one = workload(Map.of());
        Workload two = Workload.of("second", "test", one.settings());

        BenchResult result = bench.run(List.of(one, two));

        assertThat(order)
                .extracting(line -> line.substring(0, line.indexOf(':')))
                .containsExactly(
                        "test, repeat 1 of 2", "second, repeat 1 of 2", "test, repeat 2 of 2", "second, repeat 2 of 2");
        assertThat(result.workloads())
                .allSatisfy(workload -> assertThat(workload.runs()).hasSize(2));
        assertThat(result.versions()).containsEntry("server", "9.9");
        assertThat(result.isClean()).isTrue();
    }

    private void awaitRequests(long count) {
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (broker.produceRequests() < count) {
            assertThat(System.nanoTime() - deadlineNs)
                    .as("waiting for the load")
                    .isNegative();
            Thread.onSpinWait();
        }
    }

    private RunResult run(Map<String, String> settings) throws IOException {
        return bench(Target.of(broker.url()))
                .run(List.of(workload(settings)))
                .workloads()
                .get(0)
                .runs()
                .get(0);
    }

    private RunResult runUnchecked(Workload workload) {
        try {
            return bench(Target.of(broker.url()))
                    .run(List.of(workload))
                    .workloads()
                    .get(0)
                    .runs()
                    .get(0);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Bench bench(Target target) {
        return new Bench(target, List.of(), OptionalLong.empty(), 1, line -> {});
    }

    private static Workload workload(Map<String, String> settings) {
        Map<String, String> all = new TreeMap<>(Map.of("warm-up", "100ms", "duration", "400ms"));
        all.putAll(settings);
        return Workload.of("test", "test", all);
    }
}
