package io.sluice.groups.queue;

import java.util.UUID;

/**
 * What is known of a queue without asking for it. Safe on any thread.
 *
 * @param id that of its topic
 * @param config how it is set
 * @param paused whether nobody gets messages
 */
public record QueueOutline(UUID id, QueueConfig config, boolean paused) {}
