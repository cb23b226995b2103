package io.sluice.server.http.groups;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.groups.Notice;
import io.sluice.groups.Notices;

/** What went through the routes of groups. Safe on any thread. */
final class GroupMetrics {
    private final Counter polls;
    private final Counter polledRecords;
    private final Counter refusedCommits;

    /** @param notices what has happened to positions of itself, whoever's they are */
    GroupMetrics(Notices notices, MeterRegistry registry) {
        polls = Counter.builder("sluice.http.groups.polls")
                .description("Polls that were answered with records or without")
                .register(registry);
        polledRecords = Counter.builder("sluice.http.groups.polled.records")
                .description("Records returned by polls")
                .register(registry);
        refusedCommits = Counter.builder("sluice.http.groups.commits.refused")
                .description("Positions that members wanted to commit over HTTP and might not")
                .register(registry);
        for (Notice.Reason reason : Notice.Reason.values()) {
            FunctionCounter.builder("sluice.groups.positions.lost", notices, all -> all.count(reason))
                    .description(
                            "Positions that lost what they pointed to, or were dropped, without anybody asking for it")
                    .tag("reason", reason.code())
                    .register(registry);
        }
    }

    void polled(long records) {
        polls.increment();
        polledRecords.increment(records);
    }

    void refused(long positions) {
        refusedCommits.increment(positions);
    }
}
