package io.sluice.server.cli.produce;

import java.util.Arrays;
import org.apache.kafka.common.utils.Utils;

/** Chooses partitions by key exactly as Kafka's default partitioner does, so that all producers agree. */
final class Partitions {
    private Partitions() {}

    static int ofKey(byte[] array, int from, int length, int partitionCount) {
        if (partitionCount == 1) {
            return 0;
        }
        return Utils.toPositive(Utils.murmur2(Arrays.copyOfRange(array, from, from + length))) % partitionCount;
    }
}
