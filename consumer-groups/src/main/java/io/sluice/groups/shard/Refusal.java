package io.sluice.groups.shard;

/** Why a shard cannot have a turn. */
public enum Refusal {
    /** Its partition is not here, or no more. */
    NOT_HERE,
    /** It is being read. */
    LOADING,
    /** It cannot be written at the moment, or too much waits for it: nobody knows whether a request was carried out. */
    UNAVAILABLE
}
