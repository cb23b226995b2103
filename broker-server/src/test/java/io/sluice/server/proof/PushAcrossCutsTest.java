package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.RunningServer;
import io.sluice.server.kafka.clients.Installed;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is pushed to npm's clients over connections that break, by a broker that is restarted, is what was produced. */
class PushAcrossCutsTest {
    private static final int PARTITIONS = 8;
    private static final int KEYS = 40;
    private static final int RECORDS = 6_000;
    private static final int RECORDS_A_REQUEST = 50;
    private static final int REQUESTS_BETWEEN_RESTARTS = 40;
    private static final int BYTES_UNTIL_CUT = 40_000;
    private static final int CUTS = 8;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"events", "ws"})
    void everyRecordComesOnceAndInTheOrderOfItsKey(String how) throws Exception {
        Installed.nodeWithPackages();
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        try (RunningServer server = TestServers.on(folder.resolve("data"), Map.of("http.shutdown.timeout.ms", "3000"));
                CuttingProxy proxy = new CuttingProxy(random.split(), BYTES_UNTIL_CUT)) {
            proxy.leadTo(server.port());
            server.send("PUT", "/v1/topics/t", "{\"partitions\": " + PARTITIONS + "}");
            try (PushClient client = new PushClient(folder, how, proxy.port(), RECORDS)) {
                produce(server, proxy, random);
                for (int cut = 1; cut <= CUTS + 1; cut++) {
                    // A client comes back after seconds, so each has a time of its own.
                    int wanted = cut;
                    client.await("cut " + wanted, () -> proxy.cuts() >= wanted);
                }
                proxy.leaveWhole();

                check(client.linesAtTheEnd());
            }
        }
    }

    private static void produce(RunningServer server, CuttingProxy proxy, SplittableRandom random) {
        int[] next = new int[KEYS];
        for (int request = 0; request < RECORDS / RECORDS_A_REQUEST; request++) {
            if (request % REQUESTS_BETWEEN_RESTARTS == REQUESTS_BETWEEN_RESTARTS - 1) {
                server.restart();
                proxy.leadTo(server.port());
            }
            JsonArray records = new JsonArray();
            for (int i = 0; i < RECORDS_A_REQUEST; i++) {
                int key = random.nextInt(KEYS);
                JsonObject record = new JsonObject().put("key", "k" + key).put("value", "v" + next[key]++);
                if (random.nextBoolean()) {
                    record.put("headers", new JsonObject().put("ce_type", "CREATE"));
                }
                records.add(record);
            }
            HttpResponse<String> produced = server.send(
                    "POST",
                    "/v1/topics/t/records",
                    new JsonObject().put("records", records).encode());
            assertThat(produced.statusCode()).as(produced.body()).isEqualTo(200);
        }
    }

    private static void check(List<String> lines) {
        Map<String, Integer> next = new HashMap<>();
        List<String> wrong = new ArrayList<>();
        for (String line : lines) {
            String[] parts = line.split(" ");
            int expected = next.merge(parts[0], 1, Integer::sum) - 1;
            if (!parts[1].equals("v" + expected)) {
                wrong.add(line + " instead of v" + expected);
            }
        }
        assertThat(wrong).as("out of order, missing or repeated").isEmpty();
        assertThat(new HashSet<>(lines)).hasSize(RECORDS);
        assertThat(lines).hasSize(RECORDS);
    }
}
