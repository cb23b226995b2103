package io.sluice.groups.classic;

/**
 * A way of assigning partitions that a member knows.
 *
 * @param name for example {@code range}
 * @param metadata what the member tells the leader about itself, if this one is chosen
 */
public record Protocol(String name, byte[] metadata) {}
