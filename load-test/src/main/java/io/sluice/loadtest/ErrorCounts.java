package io.sluice.loadtest;

import java.util.Map;
import java.util.TreeMap;

/** How often what went wrong, by kind. The number of kinds is bounded. */
final class ErrorCounts {
    static final int MAX_KINDS = 32;
    static final String OTHER = "other";

    private final Map<String, Long> counts = new TreeMap<>();

    void add(String kind, long count) {
        boolean room = counts.size() < MAX_KINDS || counts.containsKey(kind);
        counts.merge(room ? kind : OTHER, count, Long::sum);
    }

    void addAll(ErrorCounts other) {
        other.counts.forEach(this::add);
    }

    Map<String, Long> byKind() {
        return new TreeMap<>(counts);
    }

    long total() {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }
}
