package io.sluice.server.proof;

/**
 * One partition of a topic.
 *
 * @param index its number among all places of a proof
 */
record Place(int index, String topic, int partition) {
    /** The path of its records. */
    String records() {
        return "/v1/topics/" + topic + "/partitions/" + partition + "/records";
    }

    @Override
    public String toString() {
        return topic + "-" + partition;
    }
}
