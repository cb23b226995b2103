package io.sluice.groups.queue;

import java.util.List;

/** A job that moves or copies messages out of a queue. Changed by events only. For one thread. */
final class Job {
    /** How many jobs that have ended a queue remembers. */
    static final int MAX_ENDED = 100;

    final long number;
    final JobSpec spec;
    /** Where each partition of the queue ended when it began: what comes later is not its own. */
    final List<Long> ends;

    final long beganMs;

    JobView.State state = JobView.State.RUNNING;
    String why = "";
    long endedMs;
    Progress progress = Progress.NONE;
    long moved;

    Job(long number, JobSpec spec, List<Long> ends, long beganMs) {
        this.number = number;
        this.spec = spec;
        this.ends = List.copyOf(ends);
        this.beganMs = beganMs;
    }

    /** What it is called. */
    String id() {
        return (spec.kind() == JobSpec.Kind.REDRIVE ? "redrive-" : "replay-") + number;
    }

    /** Tells the deliveries to this job from all others. */
    long nonce() {
        return -number;
    }

    JobView view(String queue) {
        return new JobView(id(), queue, spec, state, why, beganMs, endedMs, progress, moved);
    }
}
