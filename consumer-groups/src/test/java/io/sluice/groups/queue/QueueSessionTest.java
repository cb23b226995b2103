package io.sluice.groups.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.groups.queue.QueueConfig.Order;
import io.sluice.groups.queue.Receive.Received;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Long work in virtual time: a worker has a message for as long as it is heard, and no longer. */
class QueueSessionTest {
    private static final int SESSION_MS = 10_000;
    private static final int HEARTBEAT_MS = 3_000;
    private static final long JOB_MS = 2 * 3_600_000L;

    private final SplittableRandom random = new SplittableRandom(Long.getLong("seed", 20261121));
    private final QueueMachine machine = new QueueMachine(
            1,
            QueueMachine.config(10, Backoff.NONE, Optional.empty(), 0, Order.NONE, 100),
            new QueueLimits(100, 10, 100),
            random.split());
    /** What another worker, which waits all the time, was given, and when. */
    private final List<Received> others = new ArrayList<>();

    private long otherAtMs;

    QueueSessionTest() {
        machine.log.get(0).add(new Arrival(0, Arrival.NO_KEY, machine.nowMs(), 0, Long.MAX_VALUE));
    }

    private void receive(String consumer, long deadlineMs, List<Received> into) {
        machine.turn(effects -> machine.queue()
                .receive(
                        new Receive.Request(
                                consumer, 1, Integer.MAX_VALUE, OptionalLong.empty(), SESSION_MS, deadlineMs),
                        answer -> {
                            into.addAll(answer.messages());
                            otherAtMs = machine.nowMs();
                        },
                        effects));
        machine.read();
    }

    private Received begin() {
        List<Received> mine = new ArrayList<>();
        receive("worker", Long.MAX_VALUE, mine);
        receive("other", Long.MAX_VALUE, others);
        assertThat(mine).hasSize(1);
        return mine.get(0);
    }

    /** Works for some time, while the broker starts again now and then. */
    private void work(long ms) {
        for (long untilMs = machine.nowMs() + ms; machine.nowMs() < untilMs; ) {
            machine.pass(HEARTBEAT_MS);
            machine.turn(effects ->
                    assertThat(machine.queue().heard("worker", effects)).isEqualTo(1));
            if (random.nextInt(100) == 0) {
                machine.checkpoint();
            }
            if (random.nextInt(100) == 0) {
                machine.restart();
                receive("other", Long.MAX_VALUE, others);
            }
            assertThat(others).as("after %d ms", untilMs - machine.nowMs()).isEmpty();
        }
    }

    @Test
    void aJobOfTwoHoursIsDeliveredOnce() {
        Received mine = begin();
        work(JOB_MS);

        List<Receive.Outcome> outcomes = new ArrayList<>();
        machine.turn(
                effects -> outcomes.addAll(machine.queue().acknowledge(RunningQueues.acks(List.of(mine)), effects)));
        assertThat(outcomes).extracting(Receive.Outcome::error).containsExactly(QueueError.NONE);
        machine.pass(JOB_MS);
        assertThat(others).isEmpty();
        assertThat(machine.queue().counters().delivered).isEqualTo(1);
    }

    @Test
    void theJobOfAWorkerThatDiesGoesToAnotherWithinTheTimeOfItsSession() {
        Received mine = begin();
        work(JOB_MS / 2);
        long diedMs = machine.nowMs();

        machine.pass(JOB_MS);
        assertThat(others).hasSize(1);
        assertThat(others.get(0).deliveries()).isEqualTo(2);
        assertThat(otherAtMs).isEqualTo(diedMs + SESSION_MS);

        List<Receive.Outcome> outcomes = new ArrayList<>();
        machine.turn(
                effects -> outcomes.addAll(machine.queue().acknowledge(RunningQueues.acks(List.of(mine)), effects)));
        assertThat(outcomes).extracting(Receive.Outcome::error).containsExactly(QueueError.STALE_LEASE);
    }

    @Test
    void whoWaitsForMoreIsThere() {
        begin();
        long deadlineMs = machine.nowMs() + 5 * SESSION_MS + 1;
        receive("worker", deadlineMs, new ArrayList<>());

        machine.pass(6 * SESSION_MS);
        assertThat(others).isEmpty();

        machine.pass(SESSION_MS);
        assertThat(others).hasSize(1);
        assertThat(otherAtMs).isEqualTo(deadlineMs + SESSION_MS);
    }

    @Test
    void onlySoManyConsumersHaveSessions() {
        begin();
        for (int i = machine.queue().sessions().size(); i < Receivers.MAX_SESSIONS; i++) {
            String consumer = "c" + i;
            List<QueueError> errors = session(consumer);
            assertThat(errors).containsExactly(QueueError.NONE);
        }
        assertThat(session("one-more")).containsExactly(QueueError.TOO_MANY_SESSIONS);
        assertThat(session("c9000")).as("one that is known").containsExactly(QueueError.NONE);

        machine.restart();
        assertThat(session("one-more")).as("those who have nothing may be gone").containsExactly(QueueError.NONE);
    }

    private List<QueueError> session(String consumer) {
        List<QueueError> errors = new ArrayList<>();
        machine.turn(effects -> machine.queue()
                .receive(
                        new Receive.Request(
                                consumer, 1, Integer.MAX_VALUE, OptionalLong.empty(), SESSION_MS, machine.nowMs()),
                        answer -> errors.add(answer.error()),
                        effects));
        machine.read();
        return errors;
    }

    private void cut() {
        machine.connected.remove("worker");
        machine.turn(effects -> machine.queue().cut("worker", effects));
    }

    @Test
    void whoIsConnectedIsThereAndOtherwiseLosesWhatItHasWithinSeconds() {
        machine.connected.add("worker");
        begin();
        machine.pass(JOB_MS);
        machine.restart();
        receive("other", Long.MAX_VALUE, others);
        machine.pass(JOB_MS);
        assertThat(others).isEmpty();

        cut();
        machine.pass(1_999);
        assertThat(others).isEmpty();
        machine.connected.add("worker");
        machine.turn(effects -> machine.queue().heard("worker", effects));
        machine.pass(JOB_MS);
        assertThat(others).as("it came back in time").isEmpty();

        cut();
        long cutMs = machine.nowMs();
        machine.pass(2_000);
        assertThat(others).hasSize(1);
        assertThat(otherAtMs).isEqualTo(cutMs + 2_000);
    }

    @Test
    void whoIsHeardByOtherMeansKeepsWhatItHasWhenItsConnectionIsCut() {
        machine.connected.add("worker");
        begin();
        cut();
        machine.turn(effects -> machine.queue().heard("worker", effects));

        machine.pass(SESSION_MS - 1);
        assertThat(others).isEmpty();
        machine.pass(1);
        assertThat(others).hasSize(1);
    }

    /** Nobody can be heard while the broker is down: a start gives everybody the whole time. */
    @Test
    void afterAStartAWorkerHasTheWholeTimeOfItsSession() {
        begin();
        machine.pass(SESSION_MS - 1);
        machine.restart();
        long startedMs = machine.nowMs();
        receive("other", Long.MAX_VALUE, others);
        machine.pass(SESSION_MS - 1);
        assertThat(others).isEmpty();
        machine.pass(1);
        assertThat(others).hasSize(1);
        assertThat(otherAtMs).isEqualTo(startedMs + SESSION_MS);
    }
}
