package io.sluice.core.engine;

import io.sluice.core.TopicPartition;
import java.util.Map;

/**
 * What is wrong with an engine.
 *
 * @param running whether it serves
 * @param diskLow whether users' writes are refused because the disk is low
 * @param diskFreeBytes free bytes as far as known
 * @param diskFloorBytes below how many free bytes the disk counts as low
 * @param offline partitions that are closed until somebody acts, each with the reason
 */
public record EngineHealth(
        boolean running,
        boolean diskLow,
        long diskFreeBytes,
        long diskFloorBytes,
        Map<TopicPartition, String> offline) {
    public EngineHealth {
        offline = Map.copyOf(offline);
    }
}
