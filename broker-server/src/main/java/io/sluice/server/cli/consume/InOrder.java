package io.sluice.server.cli.consume;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Work that ends in order when the process is told to end: whoever presses Ctrl-C has seen part of the output, so the rest of what
 * was taken follows before the end.
 */
public final class InOrder {
    private static final long TIME_TO_END_S = 2;

    /** What is interrupted when it should end. */
    public interface Work {
        void run() throws InterruptedException;
    }

    private InOrder() {}

    /** Runs it to its end, or until it was interrupted. */
    public static void run(Work work) {
        run(work, TIME_TO_END_S);
    }

    /** As {@link #run(Work)}, for work that may need some time to come to its end. */
    public static void run(Work work, long timeToEndS) {
        Thread main = Thread.currentThread();
        CountDownLatch ended = new CountDownLatch(1);
        Thread onInterrupt = new Thread(() -> {
            main.interrupt();
            await(ended, timeToEndS);
        });
        Runtime.getRuntime().addShutdownHook(onInterrupt);
        try {
            work.run();
        } catch (InterruptedException interrupted) {
            return;
        } finally {
            ended.countDown();
            forget(onInterrupt);
        }
    }

    private static void await(CountDownLatch ended, long timeToEndS) {
        try {
            ended.await(timeToEndS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // The hook is running, and that is what it is for.
            return;
        }
    }
}
