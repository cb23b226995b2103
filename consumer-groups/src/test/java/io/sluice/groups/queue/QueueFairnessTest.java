package io.sluice.groups.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.groups.queue.QueueConfig.Order;
import io.sluice.groups.queue.Receive.Received;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A hundred tenants in virtual time, each with a key of its own, of which one sends a thousand times as much as any other, and more than the workers
 * can do: the others wait hardly longer than if it were not there.
 */
class QueueFairnessTest {
    private static final int TENANTS = 100;
    private static final int NOISY = 1;
    private static final int WORKERS = 10;
    private static final int JOB_MS = 10;
    /** Between two messages of a quiet tenant, on average. */
    private static final int QUIET_MS = 1_000;

    private static final int NOISY_PER_MS = 1_000 / QUIET_MS;
    private static final int RUN_MS = 20_000;

    private final SplittableRandom random = new SplittableRandom(Long.getLong("seed", 20261121));

    /** A worker, which is busy until a time or waits. */
    private static final class Worker {
        private final List<Received> has = new ArrayList<>();
        private boolean waits;
        private long busyUntilMs;
    }

    /** How long the messages of the quiet ones take from being sent to being done, in ms. */
    private List<Long> run(Order order, boolean isNoisyThere) {
        QueueMachine machine = new QueueMachine(
                1,
                QueueMachine.config(10, Backoff.NONE, Optional.empty(), 0, order, 20_000),
                new QueueLimits(10_000, 256, 100),
                random.split());
        List<Worker> workers = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            workers.add(new Worker());
        }
        List<Long> tookMs = new ArrayList<>();
        for (int ms = 0; ms < RUN_MS; ms++) {
            for (Worker worker : workers) {
                if (!worker.has.isEmpty() && worker.busyUntilMs <= machine.nowMs()) {
                    finish(machine, worker, tookMs);
                }
                if (worker.has.isEmpty() && !worker.waits) {
                    ask(machine, worker);
                }
            }
            send(machine, isNoisyThere);
            machine.read();
            machine.pass(1);
        }
        return tookMs;
    }

    private void send(QueueMachine machine, boolean isNoisyThere) {
        List<Arrival> log = machine.log.get(0);
        for (int i = 0; isNoisyThere && i < NOISY_PER_MS; i++) {
            log.add(new Arrival(log.size(), NOISY, machine.nowMs(), 0, Long.MAX_VALUE));
        }
        for (int tenant = NOISY + 1; tenant <= TENANTS; tenant++) {
            if (random.nextInt(QUIET_MS) == 0) {
                log.add(new Arrival(log.size(), tenant, machine.nowMs(), 0, Long.MAX_VALUE));
            }
        }
    }

    private static void ask(QueueMachine machine, Worker worker) {
        worker.waits = true;
        machine.turn(effects -> machine.queue()
                .receive(
                        new Receive.Request("w", 1, Integer.MAX_VALUE, OptionalLong.empty(), 0, Long.MAX_VALUE),
                        answer -> {
                            worker.waits = false;
                            worker.has.addAll(answer.messages());
                            worker.busyUntilMs = machine.nowMs() + JOB_MS;
                        },
                        effects));
    }

    private static void finish(QueueMachine machine, Worker worker, List<Long> tookMs) {
        machine.turn(effects -> machine.queue().acknowledge(RunningQueues.acks(worker.has), effects));
        for (Received one : worker.has) {
            Arrival message = machine.log.get(0).get((int) one.id().offset());
            if (message.key() != NOISY) {
                tookMs.add(machine.nowMs() - message.enqueuedMs());
            }
        }
        worker.has.clear();
    }

    private static long p99(List<Long> tookMs) {
        List<Long> sorted = new ArrayList<>(tookMs);
        Collections.sort(sorted);
        return sorted.get(sorted.size() * 99 / 100);
    }

    @ParameterizedTest
    @EnumSource(Order.class)
    void oneNoisyTenantHardlyHoldsUpTheOthers(Order order) {
        List<Long> idle = run(order, false);
        List<Long> busy = run(order, true);

        System.out.printf(
                "order %s: p99 of the quiet ones %d ms alone, %d ms beside the noisy one (%d and %d messages)%n",
                order, p99(idle), p99(busy), idle.size(), busy.size());
        assertThat(busy.size()).isGreaterThan(TENANTS * (RUN_MS / QUIET_MS) / 2);
        assertThat(p99(busy)).isLessThanOrEqualTo(2 * p99(idle));
    }
}
