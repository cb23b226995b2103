package io.sluice.loadtest;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;

/**
 * The latencies as one SVG picture that needs nothing else: how rare a latency is from left to right (each step is ten
 * times rarer), the latency itself from bottom to top, both logarithmic. One line a repeat, one colour a workload.
 */
final class PercentilePlot {
    private static final int LEFT = 70;
    private static final int TOP = 40;
    private static final int PLOT_WIDTH = 720;
    private static final int PLOT_HEIGHT = 400;
    private static final int LEGEND_LINE = 18;
    private static final int TICKS_PER_HALF = 8;
    private static final String[] COLORS = {
        "#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22"
    };

    private final List<WorkloadResult> results;
    private final StringBuilder svg = new StringBuilder();
    /** How many tens of rarity and which powers of ten of milliseconds the axes span. */
    private final int xDecades;

    private final int yLow;
    private final int yHigh;

    private PercentilePlot(List<WorkloadResult> results) {
        this.results = results;
        long samples = 1;
        double low = Double.MAX_VALUE;
        double high = 0;
        for (WorkloadResult result : results) {
            for (RunResult run : result.runs()) {
                Histogram latency = run.latency();
                if (latency.getTotalCount() > 0) {
                    samples = Math.max(samples, latency.getTotalCount());
                    low = Math.min(low, toMs(latency.getMinValue()));
                    high = Math.max(high, toMs(latency.getMaxValue()));
                }
            }
        }
        xDecades = (int) Math.max(1, Math.ceil(Math.log10(samples)));
        yLow = high == 0 ? -1 : (int) Math.floor(Math.log10(low));
        yHigh = high == 0 ? 1 : Math.max(yLow + 1, (int) Math.ceil(Math.log10(high)));
    }

    static String svg(List<WorkloadResult> results) {
        return new PercentilePlot(results).draw();
    }

    private String draw() {
        int height = TOP + PLOT_HEIGHT + 50 + results.size() * LEGEND_LINE;
        int width = LEFT + PLOT_WIDTH + 30;
        append(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
                        + " font-family=\"sans-serif\" font-size=\"12\">%n",
                width, height, width, height);
        append("<rect width=\"%d\" height=\"%d\" fill=\"white\"/>%n", width, height);
        append(
                "<text x=\"%d\" y=\"22\" font-size=\"15\">Latency from the intended send time, by percentile</text>%n",
                LEFT);
        drawAxes();
        for (int i = 0; i < results.size(); i++) {
            String color = COLORS[i % COLORS.length];
            for (RunResult run : results.get(i).runs()) {
                drawLine(run.latency(), color);
            }
            drawLegend(i, color);
        }
        svg.append("</svg>\n");
        return svg.toString();
    }

    private void drawAxes() {
        for (int decade = 0; decade <= xDecades; decade++) {
            double x = x(decade);
            append(
                    "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#ddd\"/>%n",
                    x, TOP, x, TOP + PLOT_HEIGHT);
            append(
                    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>%n",
                    x,
                    TOP + PLOT_HEIGHT + 18,
                    decade == 0
                            ? "0%"
                            : decade == 1 ? "90%" : "99" + (decade == 2 ? "" : "." + "9".repeat(decade - 2)) + "%");
        }
        for (int power = yLow; power <= yHigh; power++) {
            double y = y(power);
            append(
                    "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#ddd\"/>%n",
                    LEFT, y, LEFT + PLOT_WIDTH, y);
            append(
                    "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s ms</text>%n",
                    LEFT - 6,
                    y + 4,
                    power >= 0
                            ? String.format(Locale.ROOT, "%.0f", Math.pow(10, power))
                            : String.format(Locale.ROOT, "%." + -power + "f", Math.pow(10, power)));
        }
        append(
                "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#666\"/>%n",
                LEFT, TOP, PLOT_WIDTH, PLOT_HEIGHT);
    }

    private void drawLine(Histogram latency, String color) {
        if (latency.getTotalCount() == 0) {
            return;
        }
        List<String> points = new ArrayList<>();
        double rarest = Math.log10(latency.getTotalCount());
        for (HistogramIterationValue step : latency.percentiles(TICKS_PER_HALF)) {
            double above = 1 - step.getPercentileLevelIteratedTo() / 100;
            double rarity = above <= 0 ? rarest : Math.min(rarest, -Math.log10(above));
            points.add(
                    String.format(Locale.ROOT, "%.1f,%.1f", x(rarity), y(Math.log10(toMs(step.getValueIteratedTo())))));
        }
        append(
                "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" stroke-opacity=\"0.8\"/>%n",
                String.join(" ", points), color);
    }

    private void drawLegend(int index, String color) {
        int y = TOP + PLOT_HEIGHT + 44 + index * LEGEND_LINE;
        append(
                "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"3\"/>%n",
                LEFT, y - 4, LEFT + 24, y - 4, color);
        append(
                "<text x=\"%d\" y=\"%d\">%s</text>%n",
                LEFT + 32, y, escape(results.get(index).workload().name()));
    }

    private double x(double rarity) {
        return LEFT + PLOT_WIDTH * rarity / xDecades;
    }

    private double y(double logMs) {
        double inside = Math.max(yLow, Math.min(yHigh, logMs));
        return TOP + PLOT_HEIGHT * (yHigh - inside) / (yHigh - yLow);
    }

    /** At least a microsecond, so that it has a logarithm worth drawing. */
    private static double toMs(long ns) {
        return Math.max(ns, 1_000) / 1e6;
    }

    private static String escape(String text) {
        StringBuilder safe = new StringBuilder();
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> safe.append("&amp;");
                case '<' -> safe.append("&lt;");
                case '>' -> safe.append("&gt;");
                case '"' -> safe.append("&quot;");
                default -> safe.appendCodePoint(c < ' ' ? ' ' : c);
            }
        });
        return safe.toString();
    }

    private void append(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values));
    }
}
