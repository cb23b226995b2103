package io.sluice.core.engine;

/** Hears of an append on its way, on any thread. Quick, and throws nothing. */
@FunctionalInterface
public interface AppendListener {
    /**
     * The batch is in the log and survives the broker being killed, and waits for what else was asked for. Once at most, before the answer; not if the
     * append fails before that, nor if nobody waits for more than that.
     */
    default void written() {}

    /**
     * The log no longer holds the batch on its way to the disk; once, however the append ends. With less than {@link Acks#COMMITTED} that may be
     * later than the answer. Whoever gave the batch its memory counts it until then.
     */
    void released();
}
