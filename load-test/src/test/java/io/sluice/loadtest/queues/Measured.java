package io.sluice.loadtest.queues;

import io.sluice.loadtest.machine.ProcessStats;
import java.util.OptionalLong;
import org.HdrHistogram.Histogram;

/**
 * What a run showed.
 *
 * @param messages acknowledged in its measured time
 * @param seconds that time
 * @param times of each turn, or of each message from its intended send to its acknowledgement; in nanoseconds
 * @param arrivals of each message from its intended send to its arrival; empty for turns
 * @param abandoned how many of a fixed rate were not acknowledged a while after the end; they count in the times with what
 *     they had waited by then
 * @param serverCpuMicros processor time of the server in that time; 0 if it is this process
 * @param clientCpuMicros processor time of this process in that time
 */
record Measured(
        long messages,
        double seconds,
        Histogram times,
        Histogram arrivals,
        long abandoned,
        long serverCpuMicros,
        long clientCpuMicros) {

    double perSecond() {
        return messages / seconds;
    }

    double serverMicrosPerMessage() {
        return (double) serverCpuMicros / messages;
    }

    double clientMicrosPerMessage() {
        return (double) clientCpuMicros / messages;
    }

    /** Processor time in microseconds up to now. */
    record Cpu(long serverMicros, long clientMicros) {
        static Cpu now(OptionalLong server) {
            return new Cpu(
                    server.isEmpty() ? 0 : of(server.getAsLong()),
                    of(ProcessHandle.current().pid()));
        }

        private static long of(long pid) {
            return ProcessStats.of(pid)
                    .orElseThrow(() -> new IllegalStateException("process " + pid + " is not there any more"))
                    .cpuMicros();
        }
    }
}
