package io.sluice.groups.shard;

/**
 * Where an answer goes. Called once.
 *
 * @param <T> the answer
 */
@FunctionalInterface
public interface Reply<T> {
    /** Takes the answer; throws nothing. */
    void send(T answer);
}
