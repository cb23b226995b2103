package io.sluice.groups;

import io.sluice.core.TopicPartition;

/**
 * Something happened to a group's position that nobody asked for.
 *
 * @param group the group
 * @param partition the partition
 * @param offset the position
 * @param reason what happened to it
 * @param records how many records the group will never see because of it, as far as is known; 0 if the position is dropped
 * @param atMs when, in ms since the epoch
 */
public record Notice(String group, TopicPartition partition, long offset, Reason reason, long records, long atMs) {
    /** What happens to positions. */
    public enum Reason {
        /** What it points to has been deleted: the group goes on at the beginning of what is left. */
        DATA_GONE("data_gone"),
        /** Its topic has been deleted, and the position with it. */
        TOPIC_DELETED("topic_deleted"),
        /** The group has had no members for as long as {@code offsets.retention.minutes} says: the position is dropped. */
        EXPIRED("expired");

        private final String code;

        Reason(String code) {
            this.code = code;
        }

        /** The reason in answers and metrics. */
        public String code() {
            return code;
        }
    }
}
