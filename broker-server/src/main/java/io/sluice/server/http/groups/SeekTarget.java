package io.sluice.server.http.groups;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.engine.TimestampedOffset;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.JsonAnswer;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.PointInTime;
import io.vertx.core.Future;
import java.util.Map;

/**
 * Where a group is to go.
 *
 * @param kind how to find the offset of a partition
 * @param timeMs for TIME, in ms since the epoch
 * @param offsets for OFFSETS
 */
record SeekTarget(Kind kind, long timeMs, Map<TopicPartition, Long> offsets) {
    /** The ways of saying it. */
    enum Kind {
        EARLIEST,
        LATEST,
        TIME,
        OFFSETS
    }

    /**
     * Reads the field {@code to}.
     *
     * @param nowMs what a duration counts back from, in ms since the epoch
     * @throws HttpProblem 400 invalid_argument
     */
    static SeekTarget of(JsonNode to, long nowMs) {
        if (to.isObject()) {
            return new SeekTarget(Kind.OFFSETS, 0, PositionMap.of(to, "to"));
        }
        if (to.isIntegralNumber() && to.canConvertToLong() && to.longValue() >= 0) {
            return new SeekTarget(Kind.TIME, to.longValue(), Map.of());
        }
        if (!to.isTextual()) {
            throw wrong();
        }
        String text = to.textValue();
        return switch (text) {
            case "earliest" -> new SeekTarget(Kind.EARLIEST, 0, Map.of());
            case "latest" -> new SeekTarget(Kind.LATEST, 0, Map.of());
            default -> new SeekTarget(Kind.TIME, PointInTime.of(text, nowMs).orElseThrow(SeekTarget::wrong), Map.of());
        };
    }

    private static HttpProblem wrong() {
        return JsonFields.invalid(
                "to",
                "must be \"earliest\", \"latest\", a time like \"2026-01-31T12:00:00Z\" or in ms since the epoch, a duration"
                        + " back from now like \"-15m\" (ms, s, m, h, d), or offsets {\"topic\": {\"0\": offset}}");
    }

    /** The offset in a partition that it stands for; not for OFFSETS. */
    Future<Long> in(PartitionLog log) {
        return switch (kind) {
            case EARLIEST -> Future.succeededFuture(log.logStartOffset());
            case LATEST -> Future.succeededFuture(log.highWatermark());
            case TIME ->
                JsonAnswer.here(log.offsetForTimestamp(timeMs))
                        .map(found -> found.map(TimestampedOffset::offset).orElseGet(log::highWatermark));
            case OFFSETS -> throw new IllegalStateException("offsets are given");
        };
    }
}
