package io.sluice.loadtest;

import io.sluice.loadtest.machine.Machine;
import io.sluice.loadtest.target.EventLoops;
import io.sluice.loadtest.target.Target;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * Runs workloads in turns: the first repeat of each, then the second of each, and so on, so that whatever drifts on the
 * machine meets them all alike.
 */
final class Bench {
    private final Target target;
    private final List<Map.Entry<String, String>> headers;
    private final OptionalLong pid;
    private final int repeats;
    private final Consumer<String> progress;

    /**
     * @param target the broker; a post workload names its own server
     * @param headers sent with every request
     * @param pid the server's process; looked for if empty
     * @param progress told what is going on, a line at a time
     */
    Bench(
            Target target,
            List<Map.Entry<String, String>> headers,
            OptionalLong pid,
            int repeats,
            Consumer<String> progress) {
        this.target = target;
        this.headers = headers;
        this.pid = pid;
        this.repeats = repeats;
        this.progress = progress;
    }

    /**
     * Runs all of them.
     *
     * @throws IOException if a run could not begin or end
     */
    BenchResult run(List<Workload> workloads) throws IOException {
        Instant startedAt = Instant.now();
        List<Server> servers = workloads.stream().map(this::server).toList();
        List<List<RunResult>> runs = new ArrayList<>();
        workloads.forEach(workload -> runs.add(new ArrayList<>()));
        int threads = workloads.stream().mapToInt(Workload::threads).max().orElse(1);
        // Names nobody else uses, also when two of us run at once.
        String prefix = "bench-" + Long.toString(startedAt.toEpochMilli(), 36) + "-"
                + ProcessHandle.current().pid();
        try (EventLoops loops = new EventLoops(threads)) {
            for (int repeat = 1; repeat <= repeats; repeat++) {
                for (int i = 0; i < workloads.size(); i++) {
                    Workload workload = workloads.get(i);
                    String topic = prefix + "-" + i + "-" + repeat;
                    RunResult run = new LoadRun(workload, servers.get(i), topic, loops).run();
                    runs.get(i).add(run);
                    progress.accept(workload.name() + ", repeat " + repeat + " of " + repeats + ": "
                            + Report.number(run.recordsPerSecond()) + " records/s, " + run.errorCount() + " errors"
                            + (run.keptUp() ? "" : ", not kept up"));
                }
            }
        }
        List<WorkloadResult> results = new ArrayList<>();
        for (int i = 0; i < workloads.size(); i++) {
            results.add(new WorkloadResult(workloads.get(i), List.copyOf(runs.get(i))));
        }
        String named = workloads.stream().allMatch(workload -> workload.post().isPresent())
                ? servers.get(0).target().toString()
                : target.toString();
        return new BenchResult(startedAt, named, versions(servers.get(0)), Machine.current(), results);
    }

    private Server server(Workload workload) {
        return Server.of(workload.post().map(Workload.Post::target).orElse(target), headers, pid);
    }

    private static Map<String, String> versions(Server server) {
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put("server", server.control().version().orElse("unknown"));
        versions.put("load_test", LoadTest.Version.current());
        versions.put("client_jvm", System.getProperty("java.vm.name") + " " + Runtime.version());
        versions.put("client_transport", EventLoops.transport());
        return versions;
    }
}
