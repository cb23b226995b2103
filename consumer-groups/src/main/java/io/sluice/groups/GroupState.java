package io.sluice.groups;

/** What a group is doing. */
public enum GroupState {
    /** It has no members. */
    EMPTY("Empty"),
    /** Classic: it waits for its members to join. */
    PREPARING("PreparingRebalance"),
    /** Classic: all have joined; it waits for the leader's assignment. */
    COMPLETING("CompletingRebalance"),
    /** Consumer: not all members have been brought to the present assignment. */
    RECONCILING("Reconciling"),
    /** Everybody has an assignment. */
    STABLE("Stable");

    private final String title;

    GroupState(String title) {
        this.title = title;
    }

    /** Kafka's name of it. */
    public String title() {
        return title;
    }
}
