package io.sluice.server.why;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Two samples of whatever was asked for lately, so that there is one to compare with. Bounded in the partitions that all samples
 * together have. Safe on any thread.
 */
public final class Samples {
    /** How many partitions of one topic or group are measured. */
    public static final int MAX_PARTITIONS = 1_000;

    /** How long a rate is measured at least. */
    public static final long MIN_AGE_MS = 1_000;

    /** A sample older than this says nothing of the present. */
    static final long MAX_AGE_MS = 300_000;

    /** After this the newer sample takes the place of the older one. */
    static final long TURN_MS = 30_000;

    /** How far samples are apart at least, but for the first two. */
    private static final long NEWER_MS = 10_000;

    private static final int MAX_KEPT_PARTITIONS = 100_000;

    private final Map<String, Pair> kept = new LinkedHashMap<>(16, 0.75f, true);
    private long partitions;

    private record Pair(Sample older, Sample newer) {
        long size() {
            return (long) older.offsets().size() + newer.offsets().size();
        }
    }

    /** A sample that is old enough to compare with, if there is one. */
    public synchronized Optional<Sample> before(String key, long nowMs) {
        Pair pair = kept.get(key);
        if (pair == null || nowMs - pair.older().atMs() < MIN_AGE_MS) {
            return Optional.empty();
        }
        return nowMs - pair.older().atMs() > MAX_AGE_MS ? Optional.empty() : Optional.of(pair.older());
    }

    /** Remembers a sample for the next time. */
    public synchronized void add(String key, Sample sample) {
        Pair pair = kept.remove(key);
        partitions -= pair == null ? 0 : pair.size();
        Pair next = pair;
        if (pair == null || sample.atMs() - pair.newer().atMs() > MAX_AGE_MS) {
            next = new Pair(sample, sample);
        } else if (pair.newer() == pair.older() || sample.atMs() - pair.newer().atMs() > NEWER_MS) {
            next = new Pair(sample.atMs() - pair.older().atMs() > TURN_MS ? pair.newer() : pair.older(), sample);
        }
        kept.put(key, next);
        partitions += next.size();
        for (Iterator<Pair> eldest = kept.values().iterator(); partitions > MAX_KEPT_PARTITIONS; ) {
            partitions -= eldest.next().size();
            eldest.remove();
        }
    }
}
