package io.sluice.loadtest;

import io.sluice.loadtest.machine.Machine;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Everything that a call of the tool has measured, and under which conditions.
 *
 * @param startedAt when it began
 * @param server what was measured
 * @param versions of what took part, by name
 * @param machine where the client ran
 * @param workloads in the order they were named
 */
record BenchResult(
        Instant startedAt,
        String server,
        Map<String, String> versions,
        Machine machine,
        List<WorkloadResult> workloads) {

    boolean isClean() {
        return workloads.stream().allMatch(WorkloadResult::isClean);
    }
}
