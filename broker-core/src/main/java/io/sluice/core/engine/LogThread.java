package io.sluice.core.engine;

/**
 * A thread that writes logs. What futures of a {@link PartitionLog} bring about may run on it, and whoever has a little to do that ends in an append
 * saves a change of threads by doing it here. Nothing that takes long: all the logs of the thread wait meanwhile.
 */
public abstract class LogThread extends Thread {
    protected LogThread(String name) {
        super(name);
    }

    /**
     * Runs a task on the thread if that has nothing to do at the moment. On any thread.
     *
     * @return whether it will be run; if not, it never is
     */
    public abstract boolean executeIfIdle(Runnable task);
}
