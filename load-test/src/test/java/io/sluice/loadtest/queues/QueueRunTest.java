package io.sluice.loadtest.queues;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class QueueRunTest {
    @Test
    void whatIsAbandonedCountsInTheTimesAndNotAsAcknowledged() throws Exception {
        ForgetfulQueue queue = new ForgetfulQueue();
        QueueRun run = new QueueRun(queue, OptionalLong.empty(), new Bodies(1), Duration.ZERO, Duration.ofMillis(500));

        Measured measured = run.atRate(100);

        assertThat(measured.abandoned()).isEqualTo(queue.forgotten).isPositive();
        assertThat(measured.messages()).isEqualTo(queue.acknowledged).isPositive();
        assertThat(measured.times().getTotalCount()).isEqualTo(queue.acknowledged + queue.forgotten);
        assertThat(measured.arrivals().getTotalCount()).isEqualTo(queue.acknowledged + queue.forgotten);
    }

    /** Delivers every other message, and is done with it at once. */
    private static final class ForgetfulQueue implements TestQueue {
        private Consumer<String> received;
        private Consumer<String> done;
        private long acknowledged;
        private long forgotten;

        @Override
        public CompletableFuture<Void> turn(List<String> bodies) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletableFuture<Void> send(String body) {
            if (acknowledged <= forgotten) {
                acknowledged++;
                received.accept(body);
                done.accept(body);
            } else {
                forgotten++;
            }
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void work(Consumer<String> received, Consumer<String> done, Consumer<Throwable> failed) {
            this.received = received;
            this.done = done;
        }

        @Override
        public void close() {}
    }
}
