package io.sluice.loadtest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.loadtest.WorkloadResult.Spread;
import java.util.Optional;
import java.util.OptionalDouble;

/** The result for programs: every repeat, with machine, versions and settings. A figure that is not known is null. */
final class ResultJson {
    private static final ObjectMapper JSON = new ObjectMapper();

    private ResultJson() {}

    static String write(BenchResult result) {
        ObjectNode root = JSON.createObjectNode();
        root.put("started_at", result.startedAt().toString());
        root.put("server", result.server());
        root.putObject("machine")
                .put("cpu_model", result.machine().cpuModel())
                .put("cores", result.machine().cores())
                .put("memory_bytes", result.machine().memoryBytes())
                .put("kernel", result.machine().kernel());
        ObjectNode versions = root.putObject("versions");
        result.versions().forEach(versions::put);
        ArrayNode workloads = root.putArray("workloads");
        result.workloads().forEach(workload -> write(workload, workloads.addObject()));
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void write(WorkloadResult result, ObjectNode node) {
        node.put("name", result.workload().name());
        ObjectNode settings = node.putObject("settings");
        result.workload().settings().forEach(settings::put);
        node.put("clean", result.isClean());
        ObjectNode summary = node.putObject("summary");
        put(summary, "records_per_second", result.spread(run -> OptionalDouble.of(run.recordsPerSecond())));
        put(summary, "requests_per_second", result.spread(run -> OptionalDouble.of(run.requestsPerSecond())));
        for (double percentile : Report.PERCENTILES) {
            put(summary, latencyKey(percentile), result.spread(run -> run.latencyMs(percentile)));
        }
        put(summary, "broker_cpu_us_per_record", result.spread(RunResult::brokerCpuMicrosPerRecord));
        put(summary, "client_cpu_us_per_record", result.spread(RunResult::clientCpuMicrosPerRecord));
        put(summary, "records_per_sync", result.spread(RunResult::recordsPerFlush));
        ArrayNode repeats = node.putArray("repeats");
        result.runs().forEach(run -> write(run, repeats.addObject()));
    }

    private static void write(RunResult run, ObjectNode node) {
        node.put("seconds", run.seconds());
        node.put("requests", run.requests());
        node.put("records", run.records());
        node.put("bytes", run.bytes());
        node.put("requests_per_second", run.requestsPerSecond());
        node.put("records_per_second", run.recordsPerSecond());
        node.put("mebibytes_per_second", run.mebibytesPerSecond());
        node.put("latency_samples", run.latency().getTotalCount());
        for (double percentile : Report.PERCENTILES) {
            put(node, latencyKey(percentile), run.latencyMs(percentile));
        }
        ObjectNode errors = node.putObject("errors");
        run.errors().forEach(errors::put);
        node.put("kept_up", run.keptUp());
        node.put("max_backlog", run.maxBacklog());
        node.put("unsent", run.unsent());
        put(node, "broker_cpu_us_per_record", run.brokerCpuMicrosPerRecord());
        put(node, "client_cpu_us_per_record", run.clientCpuMicrosPerRecord());
        put(node, "records_per_sync", run.recordsPerFlush());
        Optional<RunResult.ResidentMemory> memory = run.brokerResidentBytes();
        put(node, "broker_resident_bytes", memory.map(RunResult.ResidentMemory::now));
        put(node, "broker_peak_resident_bytes", memory.map(RunResult.ResidentMemory::peak));
    }

    private static String latencyKey(double percentile) {
        return Report.percentileName(percentile).replace('.', '_') + "_ms";
    }

    private static void put(ObjectNode node, String key, OptionalDouble value) {
        if (value.isPresent()) {
            node.put(key, value.getAsDouble());
        } else {
            node.putNull(key);
        }
    }

    private static void put(ObjectNode node, String key, Optional<?> value) {
        if (value.isEmpty()) {
            node.putNull(key);
        } else if (value.get() instanceof Spread spread) {
            node.putObject(key)
                    .put("median", spread.median())
                    .put("min", spread.min())
                    .put("max", spread.max());
        } else {
            node.putPOJO(key, value.get());
        }
    }
}
