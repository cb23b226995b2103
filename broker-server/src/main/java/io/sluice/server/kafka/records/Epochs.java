package io.sluice.server.kafka.records;

import io.sluice.core.engine.PartitionLog;
import org.apache.kafka.common.protocol.Errors;

/** What a client believes to be the epoch of a partition, held against what it is (KIP-320). */
final class Epochs {
    private Epochs() {}

    /**
     * @param believed the client's epoch, or -1 if it has none
     * @return NONE, FENCED_LEADER_EPOCH or UNKNOWN_LEADER_EPOCH
     */
    static Errors check(int believed, PartitionLog log) {
        if (believed < 0 || believed == log.epoch()) {
            return Errors.NONE;
        }
        return believed < log.epoch() ? Errors.FENCED_LEADER_EPOCH : Errors.UNKNOWN_LEADER_EPOCH;
    }
}
