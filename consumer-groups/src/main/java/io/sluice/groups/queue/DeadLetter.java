package io.sluice.groups.queue;

/**
 * A message that has died and has not been looked after.
 *
 * @param message with all that it has, its case file included, as it lies in the dead letter queue
 * @param standing where it stands there
 */
public record DeadLetter(StoredMessage message, MessageView standing) {}
