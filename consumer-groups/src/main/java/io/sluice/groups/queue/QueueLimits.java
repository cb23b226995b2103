package io.sluice.groups.queue;

/**
 * What a queue may have in memory.
 *
 * @param loaded messages that were never delivered; more wait in the log
 * @param loadedOfKey those of one key
 * @param waiters receivers that wait
 */
public record QueueLimits(int loaded, int loadedOfKey, int waiters) {}
