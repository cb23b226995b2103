package io.sluice.groups.consumer;

/**
 * A member as it is now.
 *
 * @param state what survives of it
 * @param lastHeardMs when something was heard of it last, in ms since the epoch
 * @param heldRecords of a member over HTTP: how many records it was given and has not committed
 * @param heldSinceMs since when, in ms since the epoch; 0 if it has none
 */
public record ConsumerMember(MemberState state, long lastHeardMs, int heldRecords, long heldSinceMs) {}
