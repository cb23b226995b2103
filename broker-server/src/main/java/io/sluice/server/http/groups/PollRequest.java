package io.sluice.server.http.groups;

import io.sluice.core.topic.TopicName;
import io.sluice.groups.GroupLimits;
import io.sluice.groups.consumer.Poll;
import io.sluice.server.http.JsonFields;
import io.sluice.server.http.filter.RecordFilter;
import io.sluice.server.http.records.RecordLimits;
import io.sluice.server.http.records.Values;
import java.util.List;
import java.util.Optional;

/**
 * What a poll asks for.
 *
 * @param member the member's name, chosen by its client
 * @param topics the topics it wants
 * @param maxRecords how many records to return at most
 * @param maxBytes how many bytes of records to return at most
 * @param waitMs how long to wait if there are none
 * @param sessionTimeoutMs how long the member may be silent
 * @param fromEnd whether to begin at the end of a partition in which the group has never been, and not at its beginning
 * @param values how keys, values and headers are shown
 * @param filter which records it wants; the others are passed over
 * @param filters the same as it was written
 * @param commit the cursor of the records that are done, if there were any
 */
record PollRequest(
        String group,
        String member,
        List<String> topics,
        int maxRecords,
        int maxBytes,
        long waitMs,
        int sessionTimeoutMs,
        boolean fromEnd,
        Values values,
        RecordFilter filter,
        List<String> filters,
        Optional<Poll.Cursor> commit) {
    private static final int MAX_TOPICS = 1_000;
    private static final int DEFAULT_RECORDS = 500;
    private static final int SESSION_TIMEOUT_MS = 45_000;

    /**
     * Reads the body of a request.
     *
     * @throws io.sluice.server.http.HttpProblem 400 or 409, naming the field
     */
    static PollRequest of(String group, JsonFields fields, RecordLimits limits, GroupLimits groups) {
        fields.allowOnly(
                "member",
                "topics",
                "max_records",
                "max_bytes",
                "wait_ms",
                "session_timeout_ms",
                "from",
                "values",
                "filter",
                "commit");
        String member = fields.requiredText("member", Names.MAX_CHARS);
        fields.required("topics");
        List<String> topics = fields.list("topics", MAX_TOPICS);
        if (topics.isEmpty()) {
            throw JsonFields.invalid("topics", "must name a topic at least");
        }
        topics.forEach(TopicName::requireForUsers);
        long sessionTimeoutMs = fields.number(
                "session_timeout_ms",
                Math.max(groups.minSessionTimeoutMs(), Math.min(SESSION_TIMEOUT_MS, groups.maxSessionTimeoutMs())),
                groups.minSessionTimeoutMs(),
                groups.maxSessionTimeoutMs());
        String from = fields.text("from", Names.MAX_CHARS).orElse("earliest");
        if (!from.equals("earliest") && !from.equals("latest")) {
            throw JsonFields.invalid("from", "must be earliest or latest");
        }
        // Whoever waits longer than its session lasts would be taken for one who has gone.
        long waitMs = Math.min(fields.number("wait_ms", 0, 0, limits.maxWaitMs()), sessionTimeoutMs * 2 / 3);
        List<String> filters = fields.textOrList("filter", RecordFilter.MAX_CONDITIONS);
        return new PollRequest(
                group,
                member,
                topics,
                (int) fields.number("max_records", DEFAULT_RECORDS, 1, limits.maxFetchRecords()),
                (int) fields.number("max_bytes", limits.defaultFetchBytes(), 1, limits.maxFetchBytes()),
                waitMs,
                (int) sessionTimeoutMs,
                from.equals("latest"),
                Values.parse(fields.text("values", Names.MAX_CHARS).orElse("")),
                RecordFilter.parse(filters),
                filters,
                fields.text("commit", PollCursor.MAX_CHARS).flatMap(text -> PollCursor.decode(group, member, text)));
    }
}
