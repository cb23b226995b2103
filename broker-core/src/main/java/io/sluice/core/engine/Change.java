package io.sluice.core.engine;

/** What to do with a wished change of topics. */
public enum Change {
    /** Make it. */
    APPLY,
    /** Say what making it now would answer, and change nothing. */
    VALIDATE
}
