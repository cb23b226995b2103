package io.sluice.server.cli.produce;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.Streams;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** What has been acknowledged so far, drawn for a person who watches. Counting is safe on any thread. */
final class Progress implements AutoCloseable {
    private static final long REDRAW_MS = 500;

    private final Streams streams;
    private final long startNs = System.nanoTime();
    private final LongAdder read = new LongAdder();
    private final LongAdder acknowledged = new LongAdder();
    private final LongAdder acknowledgedBytes = new LongAdder();
    private final Thread painter;

    Progress(Streams streams) {
        this.streams = streams;
        this.painter = new Thread(this::paint, "progress");
        painter.setDaemon(true);
        if (streams.progress()) {
            painter.start();
        }
    }

    /** A record was read from the input. */
    void read() {
        read.increment();
    }

    /**
     * The broker has these records.
     *
     * @param bytes how much of the input they were
     */
    void acknowledged(long records, long bytes) {
        acknowledged.add(records);
        acknowledgedBytes.add(bytes);
    }

    private double elapsedSeconds() {
        return (System.nanoTime() - startNs) / 1e9;
    }

    /** What is safe and what is not, for a run that did not come to its end. */
    String counts() {
        return String.format(
                Locale.ROOT,
                "%,d of the %,d %s acknowledged",
                acknowledged.sum(),
                read.sum(),
                read.sum() == 1 ? "record read was" : "records read were");
    }

    /** The result for a program. */
    ObjectNode document(String topic) {
        return Json.object()
                .put("topic", topic)
                .put("records", acknowledged.sum())
                .put("bytes", acknowledgedBytes.sum())
                .put("elapsed_ms", Math.round(elapsedSeconds() * 1000));
    }

    private void paint() {
        try {
            while (true) {
                TimeUnit.MILLISECONDS.sleep(REDRAW_MS);
                streams.err().print("\r" + text() + "\u001b[K");
                streams.err().flush();
            }
        } catch (InterruptedException closed) {
            streams.err().print("\r\u001b[K");
            streams.err().flush();
        }
    }

    /** Records, bytes and rate, for a person. */
    String text() {
        long records = acknowledged.sum();
        double seconds = elapsedSeconds();
        return String.format(
                Locale.ROOT,
                "%,d %s acknowledged, %s in %.1f s, %,.0f records/s",
                records,
                records == 1 ? "record" : "records",
                size(acknowledgedBytes.sum()),
                seconds,
                records / Math.max(seconds, 1e-3));
    }

    private static String size(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        String units = "KMGT";
        int unit = 0;
        double scaled = bytes / 1024.0;
        while (scaled >= 1024 && unit < units.length() - 1) {
            scaled /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %ciB", scaled, units.charAt(unit));
    }

    @Override
    public void close() {
        painter.interrupt();
        try {
            painter.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
