package io.sluice.loadtest.queues;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/** The runs of each system in each case, as the table that a person reads. */
final class ComparisonTable {
    private final Map<Case, Map<String, List<Measured>>> runs = new LinkedHashMap<>();

    void add(Case load, String system, Measured run) {
        runs.computeIfAbsent(load, one -> new LinkedHashMap<>())
                .computeIfAbsent(system, one -> new ArrayList<>())
                .add(run);
    }

    /**
     * The table in Markdown.
     *
     * @param ours the system that the others are compared with
     */
    String text(String ours) {
        StringBuilder text = new StringBuilder();
        runs.forEach((load, systems) -> {
            text.append("\n### ").append(load.name()).append("\n\n");
            text.append(load.isAtRate() ? latencies(systems) : rates(systems, ours));
        });
        return text.toString();
    }

    private static String rates(Map<String, List<Measured>> systems, String ours) {
        StringBuilder rows = new StringBuilder("""
                | system | messages/s | Sluice / it | turn p50 / p99 ms | server us/message | client us/message |
                |---|---|---|---|---|---|
                """);
        Optional<Double> own = Optional.ofNullable(systems.get(ours)).map(all -> median(all, Measured::perSecond));
        systems.forEach((name, all) -> rows.append(String.format(
                Locale.ROOT,
                "| %s | %,.0f (%,.0f-%,.0f) | %s | %s | %s | %.1f |%n",
                name,
                median(all, Measured::perSecond),
                all.stream().mapToDouble(Measured::perSecond).min().orElseThrow(),
                all.stream().mapToDouble(Measured::perSecond).max().orElseThrow(),
                own.filter(rate -> !name.equals(ours))
                        .map(rate -> String.format(Locale.ROOT, "%.2f", rate / median(all, Measured::perSecond)))
                        .orElse(""),
                percentiles(together(all, Measured::times), 50, 99),
                server(all),
                median(all, Measured::clientMicrosPerMessage))));
        return rows.toString();
    }

    private static String latencies(Map<String, List<Measured>> systems) {
        StringBuilder rows = new StringBuilder("""
                | system | arrived: p50 / p99 / p99.9 ms | p99 of each run | acknowledged: p50 / p99 / p99.9 ms | server us/message | client us/message |
                |---|---|---|---|---|---|
                """);
        systems.forEach((name, all) -> rows.append(String.format(
                Locale.ROOT,
                "| %s | %s | %.2f-%.2f | %s | %s | %.1f |%n",
                all.stream().anyMatch(one -> one.abandoned() > 0) ? name + " (does not keep up)" : name,
                percentiles(together(all, Measured::arrivals), 50, 99, 99.9),
                all.stream().mapToDouble(one -> p99(one.arrivals())).min().orElseThrow(),
                all.stream().mapToDouble(one -> p99(one.arrivals())).max().orElseThrow(),
                percentiles(together(all, Measured::times), 50, 99, 99.9),
                server(all),
                median(all, Measured::clientMicrosPerMessage))));
        return rows.toString();
    }

    private static String server(List<Measured> all) {
        double micros = median(all, Measured::serverMicrosPerMessage);
        return micros == 0 ? "in the client" : String.format(Locale.ROOT, "%.1f", micros);
    }

    private static double p99(Histogram times) {
        return times.getValueAtPercentile(99) / 1e6;
    }

    private static String percentiles(Histogram times, double... percents) {
        List<String> each = new ArrayList<>();
        for (double percent : percents) {
            each.add(String.format(Locale.ROOT, "%.2f", times.getValueAtPercentile(percent) / 1e6));
        }
        return String.join(" / ", each);
    }

    private interface TimesOf {
        Histogram in(Measured run);
    }

    private static Histogram together(List<Measured> all, TimesOf times) {
        Histogram sum = new Histogram(3);
        all.forEach(one -> sum.add(times.in(one)));
        return sum;
    }

    private static double median(List<Measured> all, ToDoubleFunction<Measured> figure) {
        double[] sorted = all.stream().mapToDouble(figure).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
