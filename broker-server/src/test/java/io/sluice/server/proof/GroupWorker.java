package io.sluice.server.proof;

/** A member of a group that works until it is told to leave, or is killed. */
interface GroupWorker {
    /** Its name in the journal. */
    String name();

    /** @throws AssertionError if it works no more, and nobody has told it so */
    void check();

    /** It is gone from one moment to the next, and says goodbye to nobody. */
    void kill();

    /** It leaves the group in order. */
    void leave();
}
