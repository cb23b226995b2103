package io.sluice.server.http.records;

import io.sluice.core.record.Codecs;
import io.sluice.server.http.MemoryBudget;
import io.vertx.core.Vertx;

/** What routes in other packages share with the routes of records. Safe on any thread. */
public final class RecordAccess {
    final Vertx vertx;
    final Codecs codecs;
    final RecordLimits limits;
    final MemoryBudget budget;

    RecordAccess(Vertx vertx, Codecs codecs, RecordLimits limits, MemoryBudget budget) {
        this.vertx = vertx;
        this.codecs = codecs;
        this.limits = limits;
        this.budget = budget;
    }

    /** What requests may ask for. */
    public RecordLimits limits() {
        return limits;
    }

    /** What all requests take. */
    public MemoryBudget budget() {
        return budget;
    }
}
