package io.sluice.groups.queue;

/**
 * What a job is to do.
 *
 * @param kind what it is
 * @param origin the queue in which the messages died, or lie for a replay
 * @param target the queue that they are sent to
 * @param filter which messages
 * @param rate how many a second at most; 0 for as fast as it goes
 * @param max how many in all at most; 0 for any number
 * @param maxRedrives how often a message is sent again from the dead letters at most
 * @param by who asked for it
 */
public record JobSpec(
        Kind kind, String origin, String target, JobFilter filter, int rate, long max, int maxRedrives, String by) {
    /** What jobs there are. */
    public enum Kind {
        /** Dead letters are sent again, and are dead letters no more. */
        REDRIVE,
        /** Copies of finished messages are sent. */
        REPLAY
    }
}
