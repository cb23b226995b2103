package io.sluice.groups.queue;

/**
 * A job as it stands. Times in ms since the epoch.
 *
 * @param queue the queue that the messages are in
 * @param why what kept it from going on; empty if nothing did
 * @param endedMs 0 as long as it runs
 * @param moved how many messages it has sent
 */
public record JobView(
        String id,
        String queue,
        JobSpec spec,
        State state,
        String why,
        long beganMs,
        long endedMs,
        Progress progress,
        long moved) {
    /** How a job stands. */
    public enum State {
        /** It is under way. */
        RUNNING,
        /** It has looked at everything. */
        DONE,
        /** Somebody has stopped it. */
        STOPPED,
        /** It cannot go on. */
        FAILED
    }
}
