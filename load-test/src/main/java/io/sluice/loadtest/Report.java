package io.sluice.loadtest;

import io.sluice.loadtest.WorkloadResult.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * The table for people, in Markdown: for each workload a line of medians over the repeats and a line of ranges, and then
 * in words whatever did not go as it was meant to.
 */
final class Report {
    /** What the report shows of the latencies, in per cent; 100 is the maximum. */
    static final List<Double> PERCENTILES = List.of(50.0, 90.0, 99.0, 99.9, 99.99, 100.0);

    private static final String ABSENT = "n/a";

    private record Column(String title, Function<RunResult, OptionalDouble> figure) {}

    private static final List<Column> COLUMNS = columns();

    private Report() {}

    private static List<Column> columns() {
        List<Column> all = new ArrayList<>();
        all.add(new Column("records/s", run -> OptionalDouble.of(run.recordsPerSecond())));
        all.add(new Column("requests/s", run -> OptionalDouble.of(run.requestsPerSecond())));
        all.add(new Column("MiB/s", run -> OptionalDouble.of(run.mebibytesPerSecond())));
        for (double percentile : PERCENTILES) {
            String unit = percentile == 50 ? " ms" : "";
            all.add(new Column(percentileName(percentile) + unit, run -> run.latencyMs(percentile)));
        }
        all.add(new Column("errors", run -> OptionalDouble.of(run.errorCount())));
        all.add(new Column("broker us/record", RunResult::brokerCpuMicrosPerRecord));
        all.add(new Column("broker MiB", Report::residentMebibytes));
        all.add(new Column("client us/record", RunResult::clientCpuMicrosPerRecord));
        all.add(new Column("records/sync", RunResult::recordsPerFlush));
        return all;
    }

    static String percentileName(double percentile) {
        return percentile >= 100
                ? "max"
                : "p" + String.format(Locale.ROOT, "%s", percentile).replaceAll("\\.0$", "");
    }

    /** The whole report; ends with a line break. */
    static String table(BenchResult result) {
        StringBuilder out = new StringBuilder();
        out.append(String.format(
                Locale.ROOT,
                "%s, %s; %d cores (%s), %s%n",
                result.server(),
                result.versions(),
                result.machine().cores(),
                result.machine().cpuModel(),
                result.machine().kernel()));
        out.append("First line of a workload: median of its repeats. Second line: least to most.\n\n");
        out.append("| workload | runs |");
        COLUMNS.forEach(column -> out.append(' ').append(column.title()).append(" |"));
        out.append("\n|---|---|").append("---|".repeat(COLUMNS.size())).append('\n');
        for (WorkloadResult workload : result.workloads()) {
            appendRows(out, workload);
        }
        result.workloads().forEach(workload -> appendWarnings(out, workload));
        return out.toString();
    }

    private static void appendRows(StringBuilder out, WorkloadResult result) {
        StringBuilder ranges = new StringBuilder("| | |");
        out.append("| ")
                .append(result.workload().name())
                .append(" | ")
                .append(result.runs().size())
                .append(" |");
        for (Column column : COLUMNS) {
            Optional<Spread> spread = result.spread(column.figure());
            out.append(' ')
                    .append(spread.map(s -> number(s.median())).orElse(ABSENT))
                    .append(" |");
            ranges.append(' ')
                    .append(spread.map(s -> number(s.min()) + "-" + number(s.max()))
                            .orElse(""))
                    .append(" |");
        }
        out.append('\n').append(ranges).append('\n');
    }

    private static void appendWarnings(StringBuilder out, WorkloadResult result) {
        String name = result.workload().name();
        result.errors()
                .forEach((kind, count) ->
                        out.append(String.format(Locale.ROOT, "%n%s: ERRORS %,d x %s", name, count, kind)));
        if (!result.errors().isEmpty()) {
            out.append('\n');
        }
        for (int i = 0; i < result.runs().size(); i++) {
            RunResult run = result.runs().get(i);
            if (!run.keptUp()) {
                out.append(String.format(
                        Locale.ROOT,
                        "%n%s, repeat %d: NOT KEPT UP: meant %,.1f requests/s, achieved %,.1f; up to %,d waited, %,d were never sent%n",
                        name,
                        i + 1,
                        result.workload().ratePerSecond().orElse(0.0),
                        run.requestsPerSecond(),
                        run.maxBacklog(),
                        run.unsent()));
            }
            if (run.requests() == 0) {
                out.append(String.format(
                        Locale.ROOT, "%n%s, repeat %d: NOT ONE request was answered well%n", name, i + 1));
            }
        }
    }

    private static OptionalDouble residentMebibytes(RunResult run) {
        return run.brokerResidentBytes()
                .map(memory -> OptionalDouble.of(memory.now() / (1024.0 * 1024)))
                .orElse(OptionalDouble.empty());
    }

    /** Three digits that count, more for large numbers, without an exponent. */
    static String number(double value) {
        double size = Math.abs(value);
        if (size >= 100 || value == Math.rint(value)) {
            return String.format(Locale.ROOT, "%,.0f", value);
        }
        return String.format(Locale.ROOT, size >= 10 ? "%.1f" : size >= 1 ? "%.2f" : "%.3f", value);
    }
}
