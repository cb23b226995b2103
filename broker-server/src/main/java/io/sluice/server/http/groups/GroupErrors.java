package io.sluice.server.http.groups;

import io.sluice.groups.GroupError;
import io.sluice.server.http.HttpProblem;

/** How the coordinator's refusals look over HTTP. */
public final class GroupErrors {
    private GroupErrors() {}

    /**
     * The answer to a refusal. A switch without a default: a new error does not compile until it has its place here.
     *
     * @param error what the coordinator says; not NONE
     * @param group the group that was asked for
     */
    public static HttpProblem problem(GroupError error, String group) {
        String who = "group " + group;
        return switch (error) {
            case NONE -> throw new IllegalArgumentException("no error is no problem");
            case INVALID_GROUP -> new HttpProblem(400, "invalid_group", "the group's name is empty or too long");
            case UNKNOWN_GROUP -> new HttpProblem(404, "unknown_group", "there is no " + who);
            case GROUP_NOT_EMPTY ->
                new HttpProblem(409, "group_not_empty", who + " has members; this needs one without");
            case SUBSCRIBED_TO_TOPIC ->
                new HttpProblem(409, "subscribed_to_topic", "members of " + who + " are subscribed to the topic");
            case GROUP_FULL ->
                new HttpProblem(409, "group_full", who + " has as many members as group.max.size allows");
            case UNKNOWN_MEMBER -> new HttpProblem(404, "unknown_member", who + " has no such member");
            case MEMBER_ID_REQUIRED,
                    FENCED_INSTANCE,
                    ILLEGAL_GENERATION,
                    REBALANCE_IN_PROGRESS,
                    FENCED_MEMBER_EPOCH,
                    STALE_MEMBER_EPOCH,
                    UNRELEASED_INSTANCE ->
                new HttpProblem(
                        409,
                        "member_fenced",
                        "the member has not had the partition of " + who
                                + " ever since: it went to another member, or its position was moved");
            case INCONSISTENT_PROTOCOL ->
                new HttpProblem(
                        409,
                        "inconsistent_protocol",
                        who
                                + " has members that assign its partitions among themselves, in a way that the broker cannot take over");
            case INVALID_SESSION_TIMEOUT ->
                new HttpProblem(400, "invalid_argument", "session_timeout_ms is out of its range")
                        .with("field", "session_timeout_ms");
            case METADATA_TOO_LARGE -> new HttpProblem(400, "invalid_argument", "the metadata is too long");
            case UNSUPPORTED_ASSIGNOR -> new HttpProblem(400, "invalid_argument", "there is no such assignor");
            case INVALID_REGULAR_EXPRESSION ->
                new HttpProblem(400, "invalid_argument", "the pattern of topics cannot be read");
            case MEMBER_OF_OTHER_PROTOCOL ->
                new HttpProblem(
                        409,
                        "member_of_other_protocol",
                        "the member of that name in " + who + " speaks Kafka's protocol");
            case SUPERSEDED ->
                new HttpProblem(409, "superseded", "a member of " + who + " has polled once more, by the same name");
            case POSITION_HAS_MOVED ->
                new HttpProblem(409, "position_has_moved", "a position of " + who + " is not where it was said to be");
            case UNKNOWN_SNAPSHOT -> new HttpProblem(404, "unknown_snapshot", who + " has no snapshot of that name");
            case TOO_MANY_SNAPSHOTS ->
                new HttpProblem(409, "too_many_snapshots", who + " has as many snapshots as it may have");
            case TOO_LARGE ->
                new HttpProblem(
                        409,
                        "group_too_large",
                        "what would have to be kept of " + who
                                + " as one is more than 32 MiB: it needs fewer members, topics or positions, or shorter texts with them");
            case UNKNOWN_PARTITION -> new HttpProblem(404, "unknown_partition", "there is no such topic or partition");
            case NOT_COORDINATOR ->
                new HttpProblem(503, "not_coordinator", "the coordinator of " + who + " is not here, or closing")
                        .retryAfterMs(1_000);
            case LOADING ->
                new HttpProblem(503, "coordinator_loading", "the coordinator of " + who + " reads what it has to know")
                        .retryAfterMs(1_000);
            case UNAVAILABLE ->
                new HttpProblem(
                                503,
                                "coordinator_unavailable",
                                "the coordinator of " + who + " cannot write, or has too much to do; what was asked for"
                                        + " may have happened all the same")
                        .retryAfterMs(1_000);
        };
    }

    /** The code alone, for one partition of several. */
    static String code(GroupError error) {
        return problem(error, "").code();
    }
}
