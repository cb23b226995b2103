package io.sluice.server.http.records;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.PartitionLog;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class RecordsWaitTest {
    private final CompletableFuture<Boolean> first = new CompletableFuture<>();
    private final CompletableFuture<Boolean> second = new CompletableFuture<>();
    private final ReadPlace one = new ReadPlace(new TopicPartition("t", 0), log(first), 0);
    private final ReadPlace two = new ReadPlace(new TopicPartition("t", 1), log(second), 0);

    /** A log that can be waited for, and nothing else. */
    private static PartitionLog log(CompletableFuture<Boolean> wait) {
        return (PartitionLog) Proxy.newProxyInstance(
                PartitionLog.class.getClassLoader(), new Class<?>[] {PartitionLog.class}, (self, method, arguments) -> {
                    assertThat(method.getName()).isEqualTo("awaitBeyond");
                    return wait;
                });
    }

    @Test
    void theFirstPartitionThatHasMoreEndsTheWaitForAll() {
        var woken = RecordsWait.any(List.of(one, two), place -> 1, 1_000);

        second.complete(true);

        assertThat(woken.join().place()).isSameAs(two);
        assertThat(woken.join().failure()).isEmpty();
        assertThat(first).isCancelled();
    }

    @Test
    void whoseTimeIsOverWakesNobody() {
        var woken = RecordsWait.any(List.of(one, two), place -> 1, 1_000);

        first.complete(false);

        assertThat(woken).isNotDone();
        woken.cancel(false);
        assertThat(second).isCancelled();
    }

    @Test
    void aPartitionThatClosesIsNamedAndTheOthersAreWaitedForWithoutIt() {
        var woken = RecordsWait.any(List.of(one, two), place -> 1, 1_000);
        BrokerException closed = new BrokerException(ErrorCode.PARTITION_OFFLINE, "it has closed");

        first.completeExceptionally(closed);

        assertThat(woken.join().place()).isSameAs(one);
        assertThat(woken.join().failure()).hasValue(closed);
        one.fail(closed);
        assertThat(RecordsWait.any(List.of(one), place -> 1, 1_000)).isNotDone();
    }
}
