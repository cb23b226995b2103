package io.sluice.groups.shard;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The end of the thread that runs shards. */
class ShardThreadTest {
    @Test
    void whatComesAfterTheEndIsDoneAllTheSame() throws Exception {
        ShardThread<Shard<TurnOutput>, TurnOutput> thread =
                new ShardThread<>("test-shards", InstantSource.system(), 10);
        thread.start();
        thread.close();

        AtomicInteger runs = new AtomicInteger();
        thread.execute(() -> {
            throw new IllegalStateException("as the test says");
        });
        // A task that leads to another one.
        thread.execute(() -> thread.execute(runs::incrementAndGet));
        assertThat(runs).hasValue(1);
        assertThat(CompletableFuture.supplyAsync(() -> "done", thread).get(1, TimeUnit.SECONDS))
                .isEqualTo("done");
        assertThat(thread.ask(0, Refusal::name, (shard, reply, out) -> out.answer(reply, "never"))
                        .get(1, TimeUnit.SECONDS))
                .isEqualTo("NOT_HERE");
    }

    @Test
    void noTaskIsLostWhileTheThreadEnds() throws Exception {
        for (int round = 0; round < 50; round++) {
            ShardThread<Shard<TurnOutput>, TurnOutput> thread =
                    new ShardThread<>("test-shards", InstantSource.system(), 10);
            thread.start();
            AtomicInteger runs = new AtomicInteger();
            AtomicInteger given = new AtomicInteger();
            CompletableFuture<Void> giver = CompletableFuture.runAsync(() -> {
                for (int i = 0; i < 20_000; i++) {
                    given.incrementAndGet();
                    thread.execute(runs::incrementAndGet);
                }
            });
            while (given.get() < 100) {
                Thread.onSpinWait();
            }
            thread.close();
            giver.get(10, TimeUnit.SECONDS);
            assertThat(runs).as("round " + round).hasValue(20_000);
        }
    }
}
