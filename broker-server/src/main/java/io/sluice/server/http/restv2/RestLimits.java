package io.sluice.server.http.restv2;

/**
 * The limits of this face.
 *
 * @param maxInstances how many consumer instances there may be: {@code rest.max.consumer.instances}
 * @param instanceTimeoutMs after how long without a request an instance is removed: {@code rest.consumer.instance.timeout.ms}
 */
public record RestLimits(int maxInstances, long instanceTimeoutMs) {}
