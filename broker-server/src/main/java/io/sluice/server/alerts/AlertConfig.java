package io.sluice.server.alerts;

import java.net.URI;
import java.util.Optional;

/**
 * What is looked at, and who is told.
 *
 * @param diskLow whether a low disk is an alert
 * @param partitionOffline whether a closed partition is one
 * @param groupLagRecords above how many waiting records a group is one; -1 for never
 * @param groupLagMs above what age of the oldest waiting record a group is one, in ms; -1 for never
 * @param groupNoMembersMs for how long records must wait for a group without members, in ms; -1 for never
 * @param topicIdleMs for how long nothing must be written to a topic, in ms; -1 for never
 * @param checkIntervalMs how often it is looked, in ms
 * @param raiseChecks how many looks in a row must find it wrong
 * @param clearChecks how many looks in a row must find it well again
 * @param webhook who is told by HTTP, if anybody
 * @param webhookTimeoutMs how long one try may take, in ms
 * @param webhookTries how often it is tried
 * @param webhookMaxQueued how many events wait for the receiver
 */
public record AlertConfig(
        boolean diskLow,
        boolean partitionOffline,
        long groupLagRecords,
        long groupLagMs,
        long groupNoMembersMs,
        long topicIdleMs,
        long checkIntervalMs,
        int raiseChecks,
        int clearChecks,
        Optional<URI> webhook,
        long webhookTimeoutMs,
        int webhookTries,
        int webhookMaxQueued) {
    boolean watchesGroups() {
        return groupLagRecords >= 0 || groupLagMs >= 0 || groupNoMembersMs >= 0;
    }
}
