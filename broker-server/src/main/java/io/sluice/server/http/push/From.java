package io.sluice.server.http.push;

import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.PointInTime;
import java.util.Map;
import java.util.Optional;

/**
 * Where a stream begins.
 *
 * @param kind how to find the offset in a partition
 * @param timeMs for TIME, in ms since the epoch
 * @param offsets for CURSOR, the next offset of each partition that it names
 */
record From(Kind kind, long timeMs, Map<TopicIdPartition, Long> offsets) {
    static final From EARLIEST = new From(Kind.EARLIEST, 0, Map.of());
    static final From LATEST = new From(Kind.LATEST, 0, Map.of());

    /** The ways of saying it. */
    enum Kind {
        EARLIEST,
        LATEST,
        TIME,
        CURSOR
    }

    /** Behind what a cursor names. */
    static From cursor(String text) {
        return new From(Kind.CURSOR, 0, PushCursor.decode(text));
    }

    /**
     * Reads {@code from}.
     *
     * @param nowMs what a while ago counts back from, in ms since the epoch
     * @throws HttpProblem 400 invalid_argument, or invalid_cursor
     */
    static From of(String text, long nowMs) {
        switch (text) {
            case "earliest" -> {
                return EARLIEST;
            }
            case "latest" -> {
                return LATEST;
            }
            default -> {
                Optional<Long> time = PointInTime.of(text, nowMs);
                if (time.isPresent()) {
                    return new From(Kind.TIME, time.get(), Map.of());
                }
            }
        }
        try {
            return cursor(text);
        } catch (HttpProblem e) {
            throw new HttpProblem(
                            400,
                            "invalid_argument",
                            "from must be earliest, latest, a time like 2026-01-31T12:00:00Z, a while ago like -15m (ms, s, m, h,"
                                    + " d), or a cursor that a stream gave: " + e.detail())
                    .with("field", "from");
        }
    }
}
