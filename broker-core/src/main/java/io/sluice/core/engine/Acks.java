package io.sluice.core.engine;

/** What an append waits for before it is answered. */
public enum Acks {
    /** Nothing: the append is answered once it is queued. */
    NONE,
    /** The write to the file: survives the broker being killed. */
    WRITTEN,
    /** The topic's flush policy, by default the sync: survives power loss. */
    COMMITTED
}
