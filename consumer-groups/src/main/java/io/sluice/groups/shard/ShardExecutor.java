package io.sluice.groups.shard;

import java.util.concurrent.Executor;

/** Runs tasks of shards, one after the other. */
@FunctionalInterface
public interface ShardExecutor extends Executor {
    /** Runs a task that may take its time, where nothing but shards waits for that. Not in order with others. */
    default void executeApart(Runnable task) {
        execute(task);
    }
}
