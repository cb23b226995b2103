package io.sluice.server.why;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.QueueConfig;
import io.sluice.groups.queue.QueueError;
import io.sluice.groups.queue.QueueView;
import io.sluice.groups.queue.QueueView.Held;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a running server cannot easily be brought to. */
class WhyQueueTest {
    private static final BrokerSnapshot FINE = new BrokerSnapshot(false, 1, 0, Optional.empty());

    @Test
    void aQueueThatIsBeingReadSaysSo() {
        QueueSnapshot loading = new QueueSnapshot(
                "jobs",
                1_000,
                Optional.empty(),
                List.of(),
                new QueueSnapshot.Rates(0, 0, 0, 0, 0),
                List.of(),
                List.of(),
                "",
                OptionalLong.empty(),
                Optional.empty());

        List<Reason> reasons = WhyQueue.reasons(loading, FINE, 30_000);

        assertThat(reasons).extracting(Reason::code).containsExactly(Reason.Code.QUEUE_LOADING);
        assertThat(reasons.get(0).message()).contains("jobs");
    }

    @Test
    void deadMessagesThatDoNotGetAnywhereNameTheirQueue() {
        QueueView queue = new QueueView(
                QueueError.NONE,
                new UUID(0, 1),
                "jobs",
                QueueConfig.DEFAULTS.withDeadLetterQueue(Optional.of("jobs.dead")),
                false,
                0,
                0,
                2,
                new QueueView.Counts(2, 0, 0, 0, 0, 0, 0),
                0,
                0,
                0,
                2,
                new Held(2, 640, false),
                0,
                0,
                List.of(),
                Map.of(),
                Long.MAX_VALUE,
                0,
                0,
                false,
                List.of());

        assertThat(codes(dying(queue, 25_000))).containsExactly(Reason.Code.DEAD_LETTERS_WAIT);
        assertThat(dying(queue, 25_000).get(0).culprit()).containsEntry("queue", "jobs.dead");
        assertThat(dying(queue, 25_000).get(0).message()).endsWith(": the disk is low");
        assertThat(dying(queue, 25_000).get(0).sinceMs()).hasValue(25_000);
        assertThat(codes(dying(queue, 39_000))).isEmpty();
    }

    @Test
    void memoryThatIsFullIsTold() {
        assertThat(codes(reasons(waiting(new Held(9, 2_880, true), List.of())))).contains(Reason.Code.MEMORY_FULL);
        assertThat(codes(reasons(waiting(new Held(9, 2_880, false), List.of()))))
                .doesNotContain(Reason.Code.MEMORY_FULL);
    }

    private static List<Reason> reasons(QueueView queue) {
        return WhyQueue.reasons(snapshot(queue, OptionalLong.empty()), FINE, 30_000);
    }

    /** A queue with messages that somebody waits for. */
    private static QueueView waiting(Held held, List<QueueView.Unreadable> unreadable) {
        return new QueueView(
                QueueError.NONE,
                new UUID(0, 1),
                "jobs",
                QueueConfig.DEFAULTS,
                false,
                0,
                0,
                5,
                new QueueView.Counts(0, 0, 0, 0, 0, 0, 0),
                5,
                0,
                0,
                0,
                held,
                1,
                30_000,
                List.of(),
                Map.of(),
                Long.MAX_VALUE,
                0,
                0,
                false,
                unreadable);
    }

    @Test
    void aLogThatCannotBeReadNamesThePlaceAndSinceWhen() {
        Reason reason = reasons(waiting(
                        new Held(0, 0, false),
                        List.of(new QueueView.Unreadable(new MessageId(2, 7), 12_000, "segment x is damaged"))))
                .get(0);

        assertThat(reason.code()).isEqualTo(Reason.Code.LOG_UNREADABLE);
        assertThat(reason.code().title()).isEqualTo("log_unreadable");
        assertThat(reason.sinceMs()).hasValue(12_000);
        assertThat(reason.culprit()).containsEntry("partition", 2);
        assertThat(reason.details()).containsEntry("offset", 7L);
        assertThat(reason.message()).contains("segment x is damaged");
    }

    private static List<Reason> dying(QueueView queue, long sinceMs) {
        return WhyQueue.reasons(snapshot(queue, OptionalLong.of(sinceMs)), FINE, 30_000);
    }

    private static QueueSnapshot snapshot(QueueView queue, OptionalLong dyingSinceMs) {
        return new QueueSnapshot(
                "jobs",
                40_000,
                Optional.of(queue),
                List.of(),
                new QueueSnapshot.Rates(0, 0, 0, 0, 60_000),
                List.of(),
                List.of(),
                "",
                dyingSinceMs,
                Optional.of("the disk is low"));
    }

    private static List<Reason.Code> codes(List<Reason> reasons) {
        return reasons.stream().map(Reason::code).toList();
    }
}
