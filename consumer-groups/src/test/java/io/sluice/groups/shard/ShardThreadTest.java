package io.sluice.groups.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.engine.LogThread;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who runs tasks of shards, and the end of the thread that does. */
class ShardThreadTest {
    private static ShardThread<Shard<TurnOutput>, TurnOutput> thread(ShardThread.Where where) {
        return new ShardThread<>("test-shards", InstantSource.system(), 10, where);
    }

    /** A thread of a log that does what the test says. */
    private static final class Writer extends LogThread {
        private final LinkedBlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();

        Writer() {
            super("test-writer");
            setDaemon(true);
            start();
        }

        @Override
        public boolean executeIfIdle(Runnable task) {
            return false;
        }

        @Override
        public void run() {
            try {
                while (true) {
                    tasks.take().run();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ShardThread.Where.class)
    void whatComesAfterTheEndIsDoneAllTheSame(ShardThread.Where where) throws Exception {
        ShardThread<Shard<TurnOutput>, TurnOutput> thread = thread(where);
        thread.start();
        thread.close();

        AtomicInteger runs = new AtomicInteger();
        thread.execute(() -> {
            throw new IllegalStateException("as the test says");
        });
        // A task that leads to another one.
        thread.execute(() -> thread.execute(runs::incrementAndGet));
        thread.executeApart(runs::incrementAndGet);
        assertThat(runs).hasValue(2);
        assertThat(CompletableFuture.supplyAsync(() -> "done", thread).get(1, TimeUnit.SECONDS))
                .isEqualTo("done");
        assertThat(thread.ask(0, Refusal::name, (shard, reply, out) -> out.answer(reply, "never"))
                        .get(1, TimeUnit.SECONDS))
                .isEqualTo("NOT_HERE");
    }

    @ParameterizedTest
    @EnumSource(ShardThread.Where.class)
    void noTaskIsLostWhileTheThreadEnds(ShardThread.Where where) throws Exception {
        Writer writer = new Writer();
        for (int round = 0; round < 50; round++) {
            ShardThread<Shard<TurnOutput>, TurnOutput> thread = thread(where);
            thread.start();
            // Not atomic: tasks have one owner at a time, whichever thread that is.
            int[] runs = new int[1];
            AtomicInteger given = new AtomicInteger();
            CountDownLatch byWriter = new CountDownLatch(1);
            writer.tasks.add(() -> {
                for (int i = 0; i < 20_000; i++) {
                    given.incrementAndGet();
                    thread.execute(() -> runs[0]++);
                }
                byWriter.countDown();
            });
            CompletableFuture<Void> giver = CompletableFuture.runAsync(() -> {
                for (int i = 0; i < 20_000; i++) {
                    thread.execute(() -> runs[0]++);
                    if (i % 100 == 0) {
                        thread.executeApart(() -> runs[0]++);
                    }
                }
            });
            while (given.get() < 100) {
                Thread.onSpinWait();
            }
            thread.close();
            giver.get(10, TimeUnit.SECONDS);
            assertThat(byWriter.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(runs[0]).as("round " + round).isEqualTo(40_200);
        }
        writer.interrupt();
    }

    @Test
    void aThreadOfALogDoesWhatIsShortAndTheOwnOneTheRest() throws Exception {
        Writer writer = new Writer();
        try (ShardThread<Shard<TurnOutput>, TurnOutput> thread = thread(ShardThread.Where.LOGS_TOO)) {
            thread.start();
            CompletableFuture<String> near = new CompletableFuture<>();
            CompletableFuture<String> far = new CompletableFuture<>();
            writer.tasks.add(() -> {
                thread.execute(() -> near.complete(Thread.currentThread().getName()));
                thread.executeApart(() -> far.complete(Thread.currentThread().getName()));
            });
            assertThat(near.get(10, TimeUnit.SECONDS)).isEqualTo("test-writer");
            assertThat(far.get(10, TimeUnit.SECONDS)).isEqualTo("test-shards");

            CompletableFuture<String> elsewhere = new CompletableFuture<>();
            thread.execute(() -> elsewhere.complete(Thread.currentThread().getName()));
            assertThat(elsewhere.get(10, TimeUnit.SECONDS)).isEqualTo("test-shards");
        }
        writer.interrupt();
    }

    @Test
    void aLogIsNotKeptFromItsWorkForLong() throws Exception {
        Writer writer = new Writer();
        try (ShardThread<Shard<TurnOutput>, TurnOutput> thread = thread(ShardThread.Where.LOGS_TOO)) {
            thread.start();
            CountDownLatch begun = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            CompletableFuture<String> next = new CompletableFuture<>();
            writer.tasks.add(() -> thread.execute(() -> {
                begun.countDown();
                try {
                    // Longer than a log lends its thread.
                    assertThat(go.await(10, TimeUnit.SECONDS)).isTrue();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }));
            assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
            thread.execute(() -> next.complete(Thread.currentThread().getName()));
            long fromNs = System.nanoTime();
            while (System.nanoTime() - fromNs < 1_000_000) {
                Thread.onSpinWait();
            }
            go.countDown();
            assertThat(next.get(10, TimeUnit.SECONDS)).isEqualTo("test-shards");
        }
        writer.interrupt();
    }
}
