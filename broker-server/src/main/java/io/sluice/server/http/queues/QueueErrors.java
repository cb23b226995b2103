package io.sluice.server.http.queues;

import io.sluice.groups.queue.QueueError;
import io.sluice.server.http.HttpProblem;

/** The one map of what queues refuse to what HTTP answers. */
final class QueueErrors {
    private QueueErrors() {}

    /** Does nothing if there is no error. */
    static void require(QueueError error, String queue) {
        if (error != QueueError.NONE) {
            throw problem(error, queue);
        }
    }

    static HttpProblem problem(QueueError error, String queue) {
        return switch (error) {
            case NONE -> throw new IllegalArgumentException("no error");
            case UNKNOWN_QUEUE -> new HttpProblem(404, "unknown_queue", "there is no queue " + queue);
            case QUEUE_DELETED -> new HttpProblem(404, "unknown_queue", "queue " + queue + " was deleted");
            case QUEUE_DIFFERS ->
                new HttpProblem(409, "queue_exists", "queue " + queue + " is there and is set otherwise");
            case UNKNOWN_MESSAGE ->
                new HttpProblem(404, "unknown_message", "there is no such message in queue " + queue + ", or no more");
            case STALE_LEASE -> new HttpProblem(409, "stale_lease", "the lease is over");
            case OVERLOADED ->
                new HttpProblem(429, "too_many_receivers", "too many receivers wait at queue " + queue)
                        .retryAfterMs(1_000);
            case TOO_MANY_SESSIONS ->
                new HttpProblem(
                                429,
                                "too_many_sessions",
                                "so many consumers of queue " + queue + " have sessions that another one cannot begin")
                        .retryAfterMs(1_000);
            case TOO_MANY_PARKED ->
                new HttpProblem(
                        409,
                        "too_many_parked",
                        "so many keys of queue " + queue + " are parked that another cannot be");
            case NOT_PARKED -> new HttpProblem(404, "not_parked", "the key is not parked in queue " + queue);
            case NO_DEAD_LETTERS ->
                new HttpProblem(409, "no_dead_letters", "queue " + queue + " keeps no dead letters");
            case UNKNOWN_TARGET ->
                new HttpProblem(
                                409,
                                "unknown_target",
                                "the target is not a queue, or is the one that the messages are in already")
                        .with("field", "target");
            case TOO_MANY_JOBS ->
                new HttpProblem(429, "too_many_jobs", "so many jobs run already that another one cannot begin")
                        .retryAfterMs(1_000);
            case UNKNOWN_JOB -> new HttpProblem(404, "unknown_job", "queue " + queue + " has no such job, or no more");
            case NOT_COORDINATOR ->
                new HttpProblem(503, "not_coordinator", "queue " + queue + " is not here").retryAfterMs(1_000);
            case LOADING -> new HttpProblem(503, "loading", "queue " + queue + " is being read").retryAfterMs(1_000);
            case UNAVAILABLE ->
                new HttpProblem(503, "unavailable", "queue " + queue + " cannot be written at the moment")
                        .retryAfterMs(1_000);
        };
    }
}
