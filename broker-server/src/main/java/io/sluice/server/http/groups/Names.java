package io.sluice.server.http.groups;

import io.sluice.core.BrokerException;
import io.sluice.core.topic.TopicName;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.Query;
import io.vertx.ext.web.RoutingContext;

/** The names that stand in requests about groups. */
final class Names {
    /** How long the name of a group or of a member may be. */
    static final int MAX_CHARS = 255;

    private Names() {}

    /**
     * The group that the path names.
     *
     * @throws HttpProblem 400 invalid_group
     */
    static String group(RoutingContext ctx) {
        String group = ctx.pathParam("group");
        if (group.length() > MAX_CHARS) {
            throw new HttpProblem(
                    400,
                    "invalid_group",
                    "the group's name has " + group.length() + " characters; it may have " + MAX_CHARS);
        }
        return group;
    }

    /**
     * The snapshot that the path names: it is named like a topic.
     *
     * @throws HttpProblem 400 invalid_argument
     */
    static String snapshot(RoutingContext ctx) {
        String name = ctx.pathParam("name");
        try {
            TopicName.requireValid(name);
        } catch (BrokerException e) {
            throw Query.invalid("name", "is no name of a snapshot: " + e.getMessage());
        }
        return name;
    }
}
