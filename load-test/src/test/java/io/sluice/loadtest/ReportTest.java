package io.sluice.loadtest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.loadtest.machine.Machine;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

class ReportTest {
    private static final Workload WORKLOAD = Workload.of("mine", "test", Map.of("rate", "100/s"));

    @Test
    void jsonHasMachineVersionsSettingsAndEveryRepeat() throws Exception {
        JsonNode root = new ObjectMapper().readTree(ResultJson.write(result(run(1_000, 0, true), run(3_000, 2, true))));

        assertThat(root.get("started_at").asText()).isEqualTo("2026-01-02T03:04:05Z");
        assertThat(names(root.get("machine"))).containsExactly("cpu_model", "cores", "memory_bytes", "kernel");
        assertThat(root.at("/versions/server").asText()).isEqualTo("1.2.3");
        JsonNode workload = root.at("/workloads/0");
        assertThat(names(workload)).containsExactly("name", "settings", "clean", "summary", "repeats");
        assertThat(workload.at("/settings/rate").asText()).isEqualTo("100/s");
        assertThat(workload.at("/clean").asBoolean()).isFalse();
        assertThat(workload.at("/summary/records_per_second/median").asDouble()).isEqualTo(200);
        assertThat(workload.at("/summary/records_per_second/min").asDouble()).isEqualTo(100);
        assertThat(workload.at("/summary/records_per_second/max").asDouble()).isEqualTo(300);
        assertThat(workload.get("repeats")).hasSize(2);
        JsonNode second = workload.at("/repeats/1");
        assertThat(second.at("/errors/timeout").asLong()).isEqualTo(2);
        assertThat(second.get("p50_ms").asDouble()).isBetween(49.0, 51.0);
        assertThat(second.get("p99_9_ms").asDouble()).isBetween(99.0, 101.0);
        assertThat(second.get("max_ms").asDouble()).isBetween(99.0, 101.0);
        assertThat(second.get("broker_cpu_us_per_record").asDouble()).isEqualTo(2.5);
        assertThat(second.has("broker_resident_bytes")).isTrue();
    }

    @Test
    void figureThatIsNotKnownIsNullAndNotZero() throws Exception {
        JsonNode repeat = new ObjectMapper()
                .readTree(ResultJson.write(result(run(0, 0, true))))
                .at("/workloads/0/repeats/0");

        assertThat(repeat.get("records_per_sync").isNull()).isTrue();
        assertThat(repeat.get("p50_ms").isNull()).isTrue();
        assertThat(repeat.get("max_ms").isNull()).isTrue();
        assertThat(repeat.get("records_per_second").asDouble()).isZero();
    }

    @Test
    void percentileOfTooFewSamplesIsLeftOut() {
        assertThat(run(999, 0, true).latencyMs(99.9)).isEmpty();
        assertThat(run(1_000, 0, true).latencyMs(99.9)).isPresent();
        assertThat(run(1, 0, true).latencyMs(100)).isPresent();
    }

    @Test
    void tableShowsMedianRangeAndWhatWentWrong() {
        String table = Report.table(result(run(1_000, 0, true), run(2_000, 3, true), run(9_000, 0, false)));

        assertThat(table)
                .contains("| mine | 3 | 200 |")
                .contains("| | | 100-900 |")
                .contains("mine: ERRORS 3 x timeout")
                .contains("mine, repeat 3: NOT KEPT UP: meant 100.0 requests/s, achieved 900.0")
                .contains("n/a");
        List<String> rows = table.lines().filter(line -> line.startsWith("|")).toList();
        assertThat(rows)
                .hasSize(4)
                .allSatisfy(row -> assertThat(row.chars().filter(c -> c == '|').count())
                        .isEqualTo(rows.get(0).chars().filter(c -> c == '|').count()));
    }

    @Test
    void runWithoutASingleAnswerIsNotClean() {
        assertThat(result(run(100, 0, true)).isClean()).isTrue();
        assertThat(result(run(0, 0, true)).isClean()).isFalse();
        assertThat(result(run(100, 1, true)).isClean()).isFalse();
        assertThat(result(run(100, 0, false)).isClean()).isFalse();
    }

    @Test
    void plotIsWellFormedAndHasALineForEachRepeat() throws Exception {
        Workload awkward = Workload.of("a <b> & \"c\"\u0001", "test", Map.of());
        List<WorkloadResult> results = List.of(
                new WorkloadResult(awkward, List.of(run(10, 0, true), run(100_000, 0, true))),
                new WorkloadResult(WORKLOAD, List.of(run(0, 1, true))));

        Document plot = parse(PercentilePlot.svg(results));

        assertThat(plot.getDocumentElement().getTagName()).isEqualTo("svg");
        assertThat(plot.getElementsByTagName("polyline").getLength()).isEqualTo(2);
        assertThat(plot.getElementsByTagName("script").getLength()).isZero();
        assertThat(plot.getDocumentElement().getTextContent())
                .contains("a <b> & \"c\"")
                .contains("mine");
        String points = plot.getElementsByTagName("polyline")
                .item(1)
                .getAttributes()
                .getNamedItem("points")
                .getNodeValue();
        assertThat(points).doesNotContain("NaN").doesNotContain("Infinity");
        double lastX = Double.parseDouble(points.substring(points.lastIndexOf(' ') + 1, points.lastIndexOf(',')));
        double firstX = Double.parseDouble(points.substring(0, points.indexOf(',')));
        assertThat(lastX).isGreaterThan(firstX + 600);
    }

    @Test
    void plotOfNothingIsWellFormed() throws Exception {
        assertThat(parse(PercentilePlot.svg(List.of()))
                        .getElementsByTagName("polyline")
                        .getLength())
                .isZero();
    }

    private static Document parse(String svg) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
        return factory.newDocumentBuilder().parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
    }

    private static List<String> names(JsonNode node) {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static BenchResult result(RunResult... runs) {
        return new BenchResult(
                Instant.parse("2026-01-02T03:04:05Z"),
                "http://127.0.0.1:1",
                Map.of("server", "1.2.3"),
                new Machine("some processor", 2, 1L << 30, "some kernel"),
                List.of(new WorkloadResult(WORKLOAD, List.of(runs))));
    }

    /** A run of 10 s with latencies spread evenly over 100 ms. */
    private static RunResult run(int requests, long errors, boolean keptUp) {
        Histogram latency = LatencyRecorder.emptyHistogram();
        for (int i = 1; i <= requests; i++) {
            latency.recordValue(100_000_000L * i / requests);
        }
        return new RunResult(
                10,
                requests,
                requests,
                requests * 100L,
                latency,
                errors == 0 ? Map.of() : Map.of("timeout", errors),
                0,
                0,
                keptUp,
                OptionalDouble.of(2.5),
                Optional.of(new RunResult.ResidentMemory(1 << 20, 1 << 21)),
                OptionalDouble.of(1.5),
                OptionalDouble.empty());
    }
}
