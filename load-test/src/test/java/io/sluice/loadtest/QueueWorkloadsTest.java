package io.sluice.loadtest;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtest.target.Target;
import io.sluice.server.BrokerServer;
import io.sluice.server.ServerOnFreePorts;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The workloads of queues against a whole broker: that the two speak the same language. */
@Timeout(120)
class QueueWorkloadsTest {
    @TempDir
    private Path data;

    @Test
    void everyKindOfQueueWorkloadRunsWithoutAnErrorAndLeavesNothingBehind() throws Exception {
        try (BrokerServer server = ServerOnFreePorts.over(data)) {
            String url = "http://127.0.0.1:" + server.httpPort();
            Map<String, String> brief = Map.of("warm-up", "0ms", "duration", "500ms", "preload-records", "200000");
            List<Workload> workloads = List.of(
                    WorkloadFiles.load("queue-send-10x100B", brief),
                    WorkloadFiles.load("queue-receive-ack-100x100B", brief),
                    WorkloadFiles.load("queue-end-to-end-1x1KB", brief),
                    WorkloadFiles.load("queue-end-to-end-100B-open", brief));

            BenchResult result =
                    new Bench(Target.of(url), List.of(), OptionalLong.empty(), 1, line -> {}).run(workloads);

            assertThat(result.workloads()).hasSize(4).allSatisfy(workload -> {
                assertThat(workload.errors()).isEmpty();
                // On a machine that is busy nothing may be answered within the time; what was begun in it is answered.
                assertThat(workload.runs().get(0).latency().getTotalCount()).isPositive();
            });
            assertThat(queues(url)).isEqualTo("{\"queues\":[]}");
        }
    }

    private static String queues(String url) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(url + "/v1/queues")).build();
        return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
    }
}
