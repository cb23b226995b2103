package io.sluice.groups.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.groups.queue.QueueConfig.Order;
import io.sluice.groups.queue.Receive.Received;
import io.sluice.groups.shard.Reply;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Many queues in a bounded memory, in a world without disks and clocks. */
class QueueMemoryTest {
    private static final boolean LONG = "long".equals(System.getProperty("proof.budget"));
    private static final long DAY_MS = 24L * 3_600_000;
    private static final long START_MS = 1_700_000_000_000L;

    private final SplittableRandom random = new SplittableRandom(Long.getLong("seed", 20261121));
    private final Deque<Runnable> answers = new ArrayDeque<>();
    private final Set<Queue> hungry = new LinkedHashSet<>();
    private long nowMs = START_MS;
    private int perQueue;
    /** When a message is due, by queue and offset. */
    private long[][] dueMs;

    private QueueMemory memory;
    private QueueShard shard;
    private int peak;

    private final QueueEffects effects = new QueueEffects() {
        @Override
        public long nowMs() {
            return nowMs;
        }

        @Override
        public long lot() {
            return random.nextLong();
        }

        @Override
        public void record(QueueEvent event) {
            shard.apply(event, 0, 0);
        }

        @Override
        public <T> void answer(Reply<T> reply, T answer) {
            answers.add(() -> reply.send(answer));
        }
    };

    private void create(QueueMemory of, int queues, int messages) {
        memory = of;
        perQueue = messages;
        dueMs = new long[queues][messages];
        Feeding feeding = new QueueMachine.NoFeeding() {
            @Override
            public void wants(Queue queue) {
                hungry.add(queue);
            }

            @Override
            public long end(Queue queue, int partition) {
                return perQueue;
            }
        };
        shard = new QueueShard(memory, feeding, new HashMap<>(), Long.MAX_VALUE);
        QueueConfig config = QueueMachine.config(10, Backoff.NONE, Optional.empty(), 0, Order.NONE, 1_000);
        for (int i = 0; i < queues; i++) {
            int name = i;
            turn(() -> shard.create(new UUID(1, name), "q" + name, config, List.of(0L), view -> {}, effects));
        }
    }

    private void turn(Runnable what) {
        what.run();
        for (Runnable answer = answers.poll(); answer != null; answer = answers.poll()) {
            answer.run();
        }
        peak = Math.max(peak, memory.messages());
    }

    /** Reads for those that want it, as {@link Feeder} does. */
    private void read() {
        while (!hungry.isEmpty()) {
            Queue queue = hungry.iterator().next();
            hungry.remove(queue);
            OptionalLong from = queue.nextToRead(0);
            if (from.isPresent() && from.getAsLong() < perQueue && (queue.hasWaiters() || queue.isShort())) {
                long to = Math.min(perQueue, from.getAsLong() + 500);
                List<Arrival> found = new ArrayList<>();
                for (long offset = from.getAsLong(); offset < to; offset++) {
                    long due = dueMs[(int) queue.id().getLeastSignificantBits()][(int) offset];
                    found.add(new Arrival(offset, offset % 7, START_MS, due, Long.MAX_VALUE));
                }
                turn(() -> queue.feed(0, from.getAsLong(), to, found, effects));
                hungry.add(queue);
            }
        }
    }

    private void receive(int queue, int max, long waitMs, Consumer<List<Received>> taker) {
        turn(() -> shard.find("q" + queue)
                .orElseThrow()
                .receive(
                        new Receive.Request("c", max, Integer.MAX_VALUE, OptionalLong.of(60_000), 0, nowMs + waitMs),
                        answer -> taker.accept(answer.messages()),
                        effects));
        read();
    }

    private void acknowledge(int queue, List<Received> messages) {
        turn(() -> shard.find("q" + queue).orElseThrow().acknowledge(RunningQueues.acks(messages), effects));
        read();
    }

    @Test
    void manyQueuesWithReceiversAndManyDelayedMessagesStayInABoundedMemory() {
        int queues = LONG ? 10_000 : 500;
        int messages = 100;
        // Less than there are messages that are due within two minutes.
        int most = queues * 40;
        create(new QueueMemory(new QueueLimits(10_000, 256, 10), most, 1_000_000, Long.MAX_VALUE), queues, messages);
        for (long[] ofQueue : dueMs) {
            for (int i = 0; i < messages; i++) {
                ofQueue[i] = switch (random.nextInt(3)) {
                    case 0 -> 0;
                    case 1 -> nowMs + random.nextInt(120_000);
                    default -> nowMs + random.nextLong(3 * DAY_MS);
                };
            }
        }
        BitSet delivered = new BitSet();
        long left = (long) queues * messages;
        Deque<Integer> free = new ArrayDeque<>();
        for (int i = 0; i < queues; i++) {
            free.add(i);
        }
        List<Runnable> work = new ArrayList<>();
        long[] leftNow = {left};
        while (leftNow[0] > 0) {
            while (!free.isEmpty()) {
                int queue = free.remove();
                receive(
                        queue,
                        10,
                        10 * DAY_MS,
                        some -> work.add(() -> {
                            for (Received one : some) {
                                int offset = (int) one.id().offset();
                                assertThat(delivered.get(queue * messages + offset))
                                        .as("q%d %s is delivered once", queue, one.id())
                                        .isFalse();
                                delivered.set(queue * messages + offset);
                                // What is read again when it is due is not late either, if reading takes no time.
                                long due = Math.max(dueMs[queue][offset], START_MS);
                                assertThat(nowMs).as("q%d %s", queue, one.id()).isEqualTo(due);
                                leftNow[0]--;
                            }
                            acknowledge(queue, some);
                            free.add(queue);
                        }));
            }
            if (work.isEmpty()) {
                nowMs = Math.max(nowMs, shard.nextTimerMs());
                turn(() -> shard.tick(effects));
                read();
            }
            List<Runnable> now = List.copyOf(work);
            work.clear();
            now.forEach(Runnable::run);
        }
        assertThat(peak).as("messages in memory").isGreaterThan(most / 4).isLessThanOrEqualTo(most + queues);
        assertThat(memory.doneBytes()).isPositive().isLessThanOrEqualTo(1_000_000);
        System.out.printf(
                "%,d queues with a receiver each, %,d messages, two thirds of them delayed: at most %,d in memory%n",
                queues, left, peak);
    }

    @Test
    void queuesWithoutReceiversGiveBackWhatTheyHave() {
        int queues = 100;
        create(new QueueMemory(new QueueLimits(1_000, 256, 10), 10_000, 1_000_000, Long.MAX_VALUE), queues, 3_000);
        int[] next = new int[queues];
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < queues; i++) {
                int queue = i;
                receive(queue, 5, 0, some -> {
                    assertThat(some).hasSize(5);
                    next[queue] += 5;
                    answers.add(() -> acknowledge(queue, some));
                });
            }
            assertThat(memory.messages()).isPositive().isLessThanOrEqualTo(10_000 + queues);
            nowMs += 61_000;
            memory.tidy(nowMs);
            memory.tidy(nowMs);
            assertThat(memory.messages()).isZero();
        }
        assertThat(next).containsOnly(15);
        for (int i = 0; i < queues; i++) {
            assertThat(shard.find("q" + i).orElseThrow().counters().acknowledged)
                    .isEqualTo(15);
        }
    }

    /** A queue that is alone has room that it must give up when others come, even if it does not deliver anything. */
    @Test
    void whoHasMoreThanItsShareGivesItBackWhenMemoryIsFull() {
        int queues = 50;
        create(new QueueMemory(new QueueLimits(1_000, 256, 10), 4_000, 1_000_000, Long.MAX_VALUE), queues, 3_000);
        for (int i = 0; i < queues; i++) {
            int queue = i;
            // Nothing is acknowledged, so that the queue has nothing more to give after its first thousand.
            int[] taken = {0};
            while (taken[0] < 1_000) {
                receive(queue, 100, 0, some -> {
                    assertThat(some).isNotEmpty();
                    taken[0] += some.size();
                });
            }
            receive(queue, 100, DAY_MS, some -> assertThat(some).isEmpty());
        }
        assertThat(peak).isGreaterThan(1_000).isLessThanOrEqualTo(4_000 + queues);
    }

    /** A log that cannot be read to its end is read again and again. */
    @Test
    void aStateThatIsThrownAwayTakesNothing() {
        QueueMemory of = new QueueMemory(new QueueLimits(1_000, 256, 10), 10_000, 100_000, Long.MAX_VALUE);
        create(of, 1, 100);
        List<Received> some = new ArrayList<>();
        receive(0, 50, 0, some::addAll);
        acknowledge(0, some.subList(0, 20));
        assertThat(memory.heldBytes()).isEqualTo(30L * Message.BYTES);
        assertThat(memory.doneBytes()).isPositive();
        receive(0, 60, DAY_MS, more -> {});

        shard.discard();
        shard.discard();

        assertThat(memory.heldBytes()).isZero();
        assertThat(memory.doneBytes()).isZero();
        assertThat(memory.messages()).isZero();
    }

    /** Takes all that a queue gives, a few at a time. */
    private List<Received> takeAll(int queue) {
        List<Received> all = new ArrayList<>();
        int before;
        do {
            before = all.size();
            receive(queue, 10, 0, all::addAll);
        } while (all.size() > before);
        return all;
    }

    /** What is in flight cannot be given back: whoever wants more waits until others are done, but for a few. */
    @Test
    void whatIsInFlightOfAllQueuesIsBoundedAndOneQueueDoesNotStopTheOthers() {
        int most = 400;
        create(new QueueMemory(new QueueLimits(1_000, 256, 10), 10_000, 10_000, most * Message.BYTES), 40, 1_000);

        List<Received> first = takeAll(0);
        assertThat(first).as("three quarters").hasSize(most * 3 / 4);
        assertThat(takeAll(1)).as("half of what is kept").hasSizeBetween(40, 60);
        for (int queue = 2; queue < 40; queue++) {
            assertThat(takeAll(queue)).as("of queue %d", queue).hasSizeBetween(16, 40);
        }
        long perQueue = memory.heldBytes() / 40;
        assertThat(perQueue).isLessThan(most * Message.BYTES / 10);

        List<Received> more = new ArrayList<>();
        receive(0, 10, DAY_MS, more::addAll);
        assertThat(more).isEmpty();
        // All but what the smallest may have in any case.
        acknowledge(0, first.subList(0, first.size() - 10));
        while (more.isEmpty() && shard.nextTimerMs() < nowMs + 1_000) {
            nowMs = shard.nextTimerMs();
            turn(() -> shard.tick(effects));
            read();
        }
        assertThat(more).hasSize(10);

        long before = memory.heldBytes();
        turn(() -> effects.record(new QueueEvent.Deleted(new UUID(1, 0))));
        assertThat(memory.heldBytes()).isEqualTo(before - 20L * Message.BYTES);
    }

    @Test
    void oneQueueHasNoMoreThanAMillionWhateverRoomThereIs() {
        QueueMemory all = new QueueMemory(new QueueLimits(1_000, 256, 10), 10_000, 10_000, Long.MAX_VALUE);
        QueueMemory.Share one = all.share(null);

        one.held(999_999 * Message.BYTES);
        assertThat(one.hasRoomForHeld()).isTrue();

        one.held(Message.BYTES);
        assertThat(one.hasRoomForHeld()).isFalse();
        assertThat(all.share(null).hasRoomForHeld()).as("of another").isTrue();
    }

    @Test
    void aQueueThatHasNoRoomForMoreSaysSo() {
        int most = 400;
        create(new QueueMemory(new QueueLimits(1_000, 256, 10), 10_000, 10_000, most * Message.BYTES), 2, 1_000);
        takeAll(0);

        QueueView full = view(0);
        assertThat(full.held()).isEqualTo(new QueueView.Held(most * 3 / 4, most * 3L / 4 * Message.BYTES, true));
        assertThat(view(1).held()).isEqualTo(new QueueView.Held(0, 0, false));
    }

    private QueueView view(int queue) {
        return QueueViews.of(shard.find("q" + queue).orElseThrow(), new QueueMachine.NoFeeding(), nowMs);
    }

    @Test
    void aMillionMessagesAreInFlightInTheMemoryThatIsCountedForThem() {
        int queues = LONG ? 1_000 : 50;
        create(new QueueMemory(new QueueLimits(1_000, 256, 10), 10_000, 10_000, Long.MAX_VALUE), queues, 1_000);
        long before = usedHeap();
        List<List<Received>> all = new ArrayList<>();
        for (int queue = 0; queue < queues; queue++) {
            List<Received> some = new ArrayList<>();
            while (some.size() < 1_000) {
                receive(queue, 1_000 - some.size(), 0, some::addAll);
            }
            all.add(some);
        }
        int count = queues * 1_000;
        assertThat(memory.heldBytes()).isEqualTo((long) count * Message.BYTES);
        long perMessage = (usedHeap() - before) / count;
        // What is counted is what the bound of all queues is held against.
        assertThat(perMessage).isLessThan(3L * Message.BYTES);
        System.out.println(count + " messages in flight take " + perMessage + " bytes each, their answers included; "
                + Message.BYTES + " are counted");
        for (int queue = 0; queue < queues; queue++) {
            acknowledge(queue, all.get(queue));
        }
        assertThat(memory.heldBytes()).isZero();
    }

    private static long usedHeap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    @Test
    void whatIsFinishedIsRememberedOfAllQueuesOnlySoLong() {
        QueueMemory small = new QueueMemory(new QueueLimits(1_000, 256, 10), 10_000, 10_000, Long.MAX_VALUE);
        List<DoneRing> rings = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            rings.add(new DoneRing(small));
            for (int j = 0; j < 30; j++) {
                rings.get(i)
                        .add(new Done(
                                new MessageId(0, j),
                                QueueEvent.Outcome.ACKNOWLEDGED,
                                nowMs,
                                "c",
                                1,
                                nowMs,
                                new byte[j],
                                List.of()));
                assertThat(small.doneBytes()).isLessThanOrEqualTo(10_000);
            }
        }
        assertThat(rings.get(19).all()).hasSize(30);
        assertThat(rings.get(0).all()).isEmpty();
        assertThat(rings.stream()
                        .flatMap(ring -> ring.all().stream())
                        .mapToLong(Done::sizeInBytes)
                        .sum())
                .isEqualTo(small.doneBytes());
    }
}
