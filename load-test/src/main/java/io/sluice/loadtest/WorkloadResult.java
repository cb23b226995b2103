package io.sluice.loadtest;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * All repeats of one workload.
 *
 * @param workload what was run
 * @param runs in the order they were run; at least one
 */
record WorkloadResult(Workload workload, List<RunResult> runs) {

    /** The middle of some figures and how far they reach. */
    record Spread(double median, double min, double max) {
        /** Of an even number the middle is the mean of the two in the middle. */
        static Spread of(double... values) {
            double[] sorted = values.clone();
            Arrays.sort(sorted);
            int middle = sorted.length / 2;
            double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
            return new Spread(median, sorted[0], sorted[sorted.length - 1]);
        }
    }

    /** A figure over the repeats that have it; empty if none has. */
    Optional<Spread> spread(Function<RunResult, OptionalDouble> figure) {
        double[] values = runs.stream()
                .map(figure)
                .filter(OptionalDouble::isPresent)
                .mapToDouble(OptionalDouble::getAsDouble)
                .toArray();
        return values.length == 0 ? Optional.empty() : Optional.of(Spread.of(values));
    }

    Map<String, Long> errors() {
        Map<String, Long> all = new TreeMap<>();
        runs.forEach(run -> run.errors().forEach((kind, count) -> all.merge(kind, count, Long::sum)));
        return all;
    }

    boolean keptUp() {
        return runs.stream().allMatch(RunResult::keptUp);
    }

    /** Whether every repeat went as it was meant to. */
    boolean isClean() {
        return keptUp() && runs.stream().allMatch(run -> run.errorCount() == 0 && run.requests() > 0);
    }
}
