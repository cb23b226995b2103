package io.sluice.groups.queue;

import io.sluice.groups.shard.Refusal;

/** What a queue answers when it refuses. */
public enum QueueError {
    /** Nothing is wrong. */
    NONE,
    /** There is no such queue. */
    UNKNOWN_QUEUE,
    /** There is one of that name, which is set otherwise. */
    QUEUE_DIFFERS,
    /** The message is not there, or no more. */
    UNKNOWN_MESSAGE,
    /** The lease is over, or never was: see who has the message now. */
    STALE_LEASE,
    /** Too many wait already. */
    OVERLOADED,
    /** So many consumers have sessions that another one cannot begin. */
    TOO_MANY_SESSIONS,
    /** So many keys are parked that another one cannot be. */
    TOO_MANY_PARKED,
    /** The key is not parked. */
    NOT_PARKED,
    /** The queue was deleted while somebody waited. */
    QUEUE_DELETED,
    /** The queue keeps no dead letters. */
    NO_DEAD_LETTERS,
    /** The queue that messages are to be sent to is not there, or is the one they come from. */
    UNKNOWN_TARGET,
    /** So many jobs run already that another one cannot begin. */
    TOO_MANY_JOBS,
    /** There is no such job, or no more. */
    UNKNOWN_JOB,
    /** This broker is not in charge of the queue. */
    NOT_COORDINATOR,
    /** Its state is being read. */
    LOADING,
    /** The state cannot be written at the moment: nobody knows whether the request was carried out. */
    UNAVAILABLE;

    /** What a request is answered that cannot be carried out. */
    static QueueError of(Refusal why) {
        return switch (why) {
            case NOT_HERE -> NOT_COORDINATOR;
            case LOADING -> LOADING;
            case UNAVAILABLE -> UNAVAILABLE;
        };
    }
}
