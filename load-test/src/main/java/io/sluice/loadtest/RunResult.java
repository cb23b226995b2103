package io.sluice.loadtest;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.HdrHistogram.Histogram;

/**
 * What one repeat of a workload came to. Counts are of the measured window.
 *
 * @param seconds how long was measured
 * @param requests successful answers
 * @param records records that they stand for; of an end-to-end run, records that arrived
 * @param bytes bytes of values produced, or of bodies fetched
 * @param latency in ns from the intended send time; time-outs and requests never sent count with the time they waited
 * @param errors requests that failed, by kind
 * @param maxBacklog the most requests that were due and unsent at once; 0 in a closed loop
 * @param unsent requests that were due and never sent
 * @param keptUp whether the client could send what was due: nothing unsent, and the backlog within its bound
 * @param brokerCpuMicrosPerRecord processor time of the server's process; empty if the process is not known
 * @param brokerResidentBytes memory of the server's process at the end, and the most it ever had
 * @param clientCpuMicrosPerRecord processor time of this process
 * @param recordsPerFlush records that one sync made durable; empty if the server does not say
 */
record RunResult(
        double seconds,
        long requests,
        long records,
        long bytes,
        Histogram latency,
        Map<String, Long> errors,
        long maxBacklog,
        long unsent,
        boolean keptUp,
        OptionalDouble brokerCpuMicrosPerRecord,
        Optional<ResidentMemory> brokerResidentBytes,
        OptionalDouble clientCpuMicrosPerRecord,
        OptionalDouble recordsPerFlush) {

    /** Memory of a process, in bytes. */
    record ResidentMemory(long now, long peak) {}

    double requestsPerSecond() {
        return requests / seconds;
    }

    double recordsPerSecond() {
        return records / seconds;
    }

    double mebibytesPerSecond() {
        return bytes / seconds / (1024 * 1024);
    }

    long errorCount() {
        return errors.values().stream().mapToLong(Long::longValue).sum();
    }

    /** A percentile in ms; empty if there are too few samples for it to mean anything. 100 is the maximum. */
    OptionalDouble latencyMs(double percentile) {
        long needed = percentile >= 100 ? 1 : Math.round(100 / (100 - percentile));
        return latency.getTotalCount() < needed
                ? OptionalDouble.empty()
                : OptionalDouble.of(latency.getValueAtPercentile(percentile) / 1e6);
    }
}
