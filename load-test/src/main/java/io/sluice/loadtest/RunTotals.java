package io.sluice.loadtest;

import java.util.List;
import java.util.OptionalDouble;
import org.HdrHistogram.Histogram;

/** Adds up what the loops of a run have counted, once they are done. */
final class RunTotals {
    private final ErrorCounts errors = new ErrorCounts();
    private final Histogram latency = LatencyRecorder.emptyHistogram();
    private long requests;
    private long records;
    private long bytes;
    private long maxBacklog;
    private long unsent;

    private RunTotals() {}

    static RunTotals of(List<ClientLoop> loops) {
        RunTotals totals = new RunTotals();
        for (ClientLoop loop : loops) {
            ClientLoop.Tally tally = loop.tally();
            totals.errors.addAll(loop.errors());
            totals.requests += tally.requests;
            totals.records += tally.records;
            totals.bytes += tally.bytes;
            totals.maxBacklog += tally.maxBacklog;
            totals.unsent += tally.unsent;
        }
        return totals;
    }

    void add(LatencyRecorder recorder) {
        latency.add(recorder.histogram());
    }

    void addError(String kind, long count) {
        if (count > 0) {
            errors.add(kind, count);
        }
    }

    /** Counts the records that these readers got instead of those that were produced. */
    void countArrivals(ClientLoop readers) {
        records = readers.tally().records;
        bytes = readers.tally().bytes;
        errors.addAll(readers.errors());
    }

    RunResult result(Workload workload, Usage usage) {
        return new RunResult(
                workload.duration().toNanos() / 1e9,
                requests,
                records,
                bytes,
                latency,
                errors.byKind(),
                maxBacklog,
                unsent,
                unsent == 0 && maxBacklog <= workload.maxBacklog(),
                perRecord(usage.brokerCpuMicros()),
                usage.brokerMemory(),
                perRecord(usage.clientCpuMicros()),
                usage.recordsPerFlush());
    }

    private OptionalDouble perRecord(OptionalDouble micros) {
        return micros.isEmpty() || records == 0
                ? OptionalDouble.empty()
                : OptionalDouble.of(micros.getAsDouble() / records);
    }
}
