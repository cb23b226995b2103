package io.sluice.server.http.groups;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** What went through the routes of groups. Safe on any thread. */
final class GroupMetrics {
    private final Counter polls;
    private final Counter polledRecords;
    private final Counter refusedCommits;

    GroupMetrics(MeterRegistry registry) {
        polls = Counter.builder("sluice.http.groups.polls")
                .description("Polls that were answered with records or without")
                .register(registry);
        polledRecords = Counter.builder("sluice.http.groups.polled.records")
                .description("Records returned by polls")
                .register(registry);
        refusedCommits = Counter.builder("sluice.http.groups.commits.refused")
                .description("Positions that members wanted to commit over HTTP and might not")
                .register(registry);
    }

    void polled(long records) {
        polls.increment();
        polledRecords.increment(records);
    }

    void refused(long positions) {
        refusedCommits.increment(positions);
    }
}
