package io.sluice.loadtest;

import com.sun.management.OperatingSystemMXBean;
import io.sluice.loadtest.machine.BrokerMetrics;
import io.sluice.loadtest.machine.ProcessStats;
import java.lang.management.ManagementFactory;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.locks.LockSupport;

/**
 * What the measured window of a run took of both processes.
 *
 * @param brokerCpuMicros processor time of the server's process; empty if it is not known
 * @param brokerMemory of the server's process, at the end of the window
 * @param clientCpuMicros processor time of this process; empty if the JVM cannot tell
 * @param recordsPerFlush records that one sync made durable; empty if the server does not say
 */
record Usage(
        OptionalDouble brokerCpuMicros,
        Optional<RunResult.ResidentMemory> brokerMemory,
        OptionalDouble clientCpuMicros,
        OptionalDouble recordsPerFlush) {

    /** Waits for the window to begin and to end, and looks at both ends. */
    static Usage over(Window window, Server server) {
        sleepUntil(window.measureFromNs());
        BrokerMetrics metricsBefore = server.metrics();
        Optional<ProcessStats> brokerBefore = broker(server);
        long clientBeforeNs = clientCpuNs();

        sleepUntil(window.endNs());

        Optional<ProcessStats> brokerAfter = broker(server);
        long clientAfterNs = clientCpuNs();
        BrokerMetrics metricsAfter = server.metrics();
        OptionalDouble brokerCpu = brokerBefore.isPresent() && brokerAfter.isPresent()
                ? OptionalDouble.of(
                        brokerAfter.get().cpuMicros() - brokerBefore.get().cpuMicros())
                : OptionalDouble.empty();
        return new Usage(
                brokerCpu,
                brokerAfter.map(
                        stats -> new RunResult.ResidentMemory(stats.residentBytes(), stats.peakResidentBytes())),
                clientBeforeNs < 0 || clientAfterNs < 0
                        ? OptionalDouble.empty()
                        : OptionalDouble.of((clientAfterNs - clientBeforeNs) / 1e3),
                metricsAfter.recordsPerFlushSince(metricsBefore));
    }

    private static Optional<ProcessStats> broker(Server server) {
        return server.pid().isPresent() ? ProcessStats.of(server.pid().getAsLong()) : Optional.empty();
    }

    private static long clientCpuNs() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean bean
                ? bean.getProcessCpuTime()
                : -1;
    }

    private static void sleepUntil(long ns) {
        for (long left = ns - System.nanoTime(); left > 0; left = ns - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
