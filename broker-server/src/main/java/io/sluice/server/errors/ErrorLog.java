package io.sluice.server.errors;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The latest errors of the broker's own, those that are alike counted as one. Safe on any thread; a call takes a lock for as long as a
 * map takes, and nobody calls for what goes well.
 */
public final class ErrorLog {
    /** How many errors are kept that are not alike. */
    public static final int MAX_KEPT = 500;

    /** How long a text may be; the rest is cut off. */
    static final int MAX_CHARS = 1_000;

    private final InstantSource clock;
    /** The one that has not been seen for longest first. */
    private final LinkedHashMap<Kind, Seen> kept = new LinkedHashMap<>();

    private long forgotten;

    public ErrorLog(InstantSource clock) {
        this.clock = clock;
    }

    /** What errors have in common that are counted as one. */
    private record Kind(String code, String where, String client) {}

    private static final class Seen {
        private final long firstMs;
        private long lastMs;
        private long count;
        private String message = "";

        private Seen(long firstMs) {
            this.firstMs = firstMs;
        }
    }

    /**
     * An error, and how often it has been.
     *
     * @param code its stable name
     * @param where the request that met it, or the part of the broker that logged it
     * @param client the address of the client that was answered with it, without its port; empty if nobody was
     * @param message what was said the last time
     * @param firstMs when it was first, in ms since the epoch
     * @param lastMs when it was last, in ms since the epoch
     * @param count how often
     */
    public record Entry(
            String code, String where, String client, String message, long firstMs, long lastMs, long count) {}

    /** Something went wrong. */
    public synchronized void add(String code, String where, String client, String message) {
        long nowMs = clock.millis();
        Kind kind = new Kind(cut(code), cut(where), cut(client));
        Seen seen = kept.remove(kind);
        if (seen == null) {
            seen = new Seen(nowMs);
            if (kept.size() == MAX_KEPT) {
                kept.remove(kept.keySet().iterator().next());
                forgotten++;
            }
        }
        seen.lastMs = nowMs;
        seen.count++;
        seen.message = cut(message);
        kept.put(kind, seen);
    }

    private static String cut(String text) {
        return text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS);
    }

    /** The latest errors, the last first. */
    public synchronized List<Entry> latest(int limit) {
        List<Entry> all = new ArrayList<>(kept.size());
        kept.forEach((kind, seen) -> all.add(entry(kind, seen)));
        Collections.reverse(all);
        return all.subList(0, Math.min(limit, all.size()));
    }

    /** The last error of a code that has been since a time, in ms since the epoch. */
    public synchronized Optional<Entry> since(String code, long fromMs) {
        Entry found = null;
        for (Map.Entry<Kind, Seen> one : kept.entrySet()) {
            if (one.getKey().code().equals(code) && one.getValue().lastMs >= fromMs) {
                found = entry(one.getKey(), one.getValue());
            }
        }
        return Optional.ofNullable(found);
    }

    /** How many were dropped because others came. */
    public synchronized long forgotten() {
        return forgotten;
    }

    private static Entry entry(Kind kind, Seen seen) {
        return new Entry(kind.code(), kind.where(), kind.client(), seen.message, seen.firstMs, seen.lastMs, seen.count);
    }
}
