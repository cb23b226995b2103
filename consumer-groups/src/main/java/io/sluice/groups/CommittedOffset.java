package io.sluice.groups;

import java.util.UUID;

/**
 * A group's position in one partition.
 *
 * @param topicId which topic of that name: a position in a topic that is no more is worth nothing in its successor
 * @param offset the next offset to be read
 * @param leaderEpoch the epoch of the record read last, or -1
 * @param metadata whatever the client wants to remember with it
 * @param committedAtMs when it was committed, in ms since the epoch
 */
public record CommittedOffset(UUID topicId, long offset, int leaderEpoch, String metadata, long committedAtMs) {}
