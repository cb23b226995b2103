package io.sluice.server.http.records;

import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.Query;
import io.sluice.server.http.filter.RecordFilter;
import io.vertx.ext.web.RoutingContext;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.Set;

/**
 * What a fetch asks for.
 *
 * @param topic the topic's name
 * @param partition the partition's number
 * @param start how to read {@code from}
 * @param from an offset, a time in ms since the epoch, or a number of records before the end
 * @param maxRecords how many records to return at most
 * @param maxBytes how many bytes of records to return at most
 * @param waitMs how long to wait if there are none
 * @param values how keys, values and headers are shown
 * @param filter which records are wanted
 * @param format the form of the answer
 */
record FetchRequest(
        String topic,
        int partition,
        Start start,
        long from,
        int maxRecords,
        int maxBytes,
        long waitMs,
        Values values,
        RecordFilter filter,
        Format format) {
    private static final Set<String> PARAMETERS =
            Set.of("offset", "timestamp", "tail", "max_records", "max_bytes", "wait_ms", "values", "filter");

    /** Where a fetch begins. */
    enum Start {
        /** At the log start offset. */
        BEGINNING,
        OFFSET,
        TIMESTAMP,
        TAIL
    }

    /** The form of an answer. */
    enum Format {
        JSON("application/json"),
        LINES("application/x-ndjson"),
        BATCHES("application/vnd.sluice.batches"),
        EVENTS("application/cloudevents-batch+json");

        private final String mediaType;

        Format(String mediaType) {
            this.mediaType = mediaType;
        }

        String mediaType() {
            return mediaType;
        }
    }

    /**
     * Reads path, query and Accept of a request.
     *
     * @throws HttpProblem 400 or 406, naming the parameter or header
     */
    static FetchRequest of(RoutingContext ctx, RecordLimits limits) {
        Query query = Query.of(ctx, PARAMETERS, Set.of("filter"));
        Start start = Start.BEGINNING;
        long from = 0;
        if (query.has("offset")) {
            start = Start.OFFSET;
            from = query.number("offset", 0, 0, Long.MAX_VALUE);
        }
        if (query.has("timestamp")) {
            requireFirst(start, "timestamp");
            start = Start.TIMESTAMP;
            from = timestamp(query.text("timestamp").orElseThrow());
        }
        if (query.has("tail")) {
            requireFirst(start, "tail");
            start = Start.TAIL;
            from = query.number("tail", 0, 0, Long.MAX_VALUE);
        }
        Format format = format(ctx);
        if (format == Format.EVENTS && query.has("values")) {
            throw Query.invalid("values", "is not for CloudEvents, whose data is shown as its type says");
        }
        RecordFilter filter = RecordFilter.parse(query.texts("filter"));
        if (format == Format.BATCHES && !filter.isAll()) {
            throw Query.invalid("filter", "does not go with " + format.mediaType() + ": batches are sent as they are");
        }
        return new FetchRequest(
                ctx.pathParam("topic"),
                partition(ctx),
                start,
                from,
                (int) query.number("max_records", limits.maxFetchRecords(), 1, limits.maxFetchRecords()),
                (int) query.number("max_bytes", limits.defaultFetchBytes(), 1, limits.maxFetchBytes()),
                query.number("wait_ms", 0, 0, limits.maxWaitMs()),
                Values.parse(query.text("values").orElse("")),
                filter,
                format);
    }

    /** The partition that the path names. */
    static int partition(RoutingContext ctx) {
        return (int) Query.number("partition", ctx.pathParam("partition"), 0, Integer.MAX_VALUE);
    }

    private static void requireFirst(Start start, String name) {
        if (start != Start.BEGINNING) {
            throw Query.invalid(name, "is given besides another start: give one of offset, timestamp and tail");
        }
    }

    private static long timestamp(String text) {
        if (text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return Query.number("timestamp", text, 0, Long.MAX_VALUE);
        }
        try {
            return OffsetDateTime.parse(text).toInstant().toEpochMilli();
        } catch (DateTimeException | ArithmeticException e) {
            throw Query.invalid(
                    "timestamp", "is \"" + text + "\", neither ms since the epoch nor like 2026-01-31T12:00:00Z");
        }
    }

    private static Format format(RoutingContext ctx) {
        String accept = ctx.request().getHeader("Accept");
        if (accept == null || accept.isBlank()) {
            return Format.JSON;
        }
        for (String range : accept.split(",")) {
            int semicolon = range.indexOf(';');
            String type = (semicolon < 0 ? range : range.substring(0, semicolon))
                    .trim()
                    .toLowerCase(Locale.ROOT);
            if (type.equals("*/*") || type.equals("application/*")) {
                return Format.JSON;
            }
            for (Format format : Format.values()) {
                if (type.equals(format.mediaType())) {
                    return format;
                }
            }
        }
        throw new HttpProblem(
                406,
                "not_acceptable",
                "records come as application/json, application/x-ndjson, application/vnd.sluice.batches or"
                        + " application/cloudevents-batch+json, not as "
                        + accept);
    }
}
