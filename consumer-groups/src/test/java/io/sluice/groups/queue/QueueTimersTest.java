package io.sluice.groups.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.groups.queue.QueueConfig.Order;
import io.sluice.groups.queue.Receive.Received;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Messages that are due at any time from a second to 400 days ahead, sent in any order, with starts of the broker in between. */
class QueueTimersTest {
    private static final int MESSAGES = "long".equals(System.getProperty("proof.budget")) ? 1_000_000 : 20_000;
    private static final long DAY_MS = 24L * 3_600_000;
    private static final QueueLimits LIMITS = new QueueLimits(10_000, 256, 100);

    private final SplittableRandom random = new SplittableRandom(Long.getLong("seed", 20261121));
    private final QueueMachine machine = new QueueMachine(
            1, QueueMachine.config(10, Backoff.NONE, Optional.empty(), 0, Order.NONE, 100_000), LIMITS, random.split());

    @Test
    void eachIsDeliveredOnceAndNeverEarly() {
        Map<Long, Long> dueMs = new HashMap<>();
        for (int i = 0; i < MESSAGES; i++) {
            long due = machine.nowMs() + 1_000 + (long) Math.exp(random.nextDouble() * Math.log(400.0 * DAY_MS));
            dueMs.put((long) i, due);
            machine.log.get(0).add(new Arrival(i, random.nextInt(10), machine.nowMs(), due, Long.MAX_VALUE));
        }
        machine.read();

        long lastRestart = 0;
        while (!dueMs.isEmpty()) {
            // As if a consumer waited: it has the message at the time at which it is due.
            AtomicReference<Receive.Answer> answer = new AtomicReference<>();
            machine.turn(effects -> machine.queue()
                    .receive(
                            new Receive.Request(
                                    "c", 100, Integer.MAX_VALUE, OptionalLong.of(60_000), 0, Long.MAX_VALUE),
                            answer::set,
                            effects));
            machine.read();
            while (answer.get() == null) {
                machine.step();
            }
            for (Received received : answer.get().messages()) {
                Long due = dueMs.remove(received.id().offset());
                assertThat(due).as("%s is delivered once", received.id()).isNotNull();
                assertThat(machine.nowMs()).as("%s", received.id()).isEqualTo(due);
            }
            machine.turn(effects -> machine.queue()
                    .acknowledge(
                            answer.get().messages().stream()
                                    .map(received -> new Receive.Ack(received.lease(), new byte[0]))
                                    .toList(),
                            effects));
            assertThat(machine.memory.messages()).as("in memory").isLessThanOrEqualTo(2 * LIMITS.loaded());
            if (machine.nowMs() - lastRestart > 5 * DAY_MS) {
                lastRestart = machine.nowMs();
                if (random.nextBoolean()) {
                    machine.checkpoint();
                }
                machine.restart();
                machine.read();
            }
        }
        assertThat(machine.queue().counters().acknowledged).isEqualTo(MESSAGES);
    }
}
