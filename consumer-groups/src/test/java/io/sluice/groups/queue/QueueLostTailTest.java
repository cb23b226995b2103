package io.sluice.groups.queue;

import static io.sluice.groups.queue.CrashingQueues.get;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.topic.NewTopic;
import io.sluice.groups.queue.Receive.Received;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * A queue over a topic that does not wait for the disk, on a machine that loses what was not synced: its state may know of messages that are
 * not there any more, and those that get their places are others.
 */
class QueueLostTailTest {
    private static final int LIVES = 20;
    private static final int ROUNDS = 4;

    @Test
    void messagesInThePlacesOfThoseThatWereLostAreDelivered() {
        long seed = Long.getLong("seed", 20261121);
        int lost = 0;
        for (int life = 0; life < LIVES; life++) {
            try (CrashingQueues queues = new CrashingQueues(seed + life)) {
                lost += live(queues);
            } catch (Throwable e) {
                throw new AssertionError("repeat with -Dseed=" + (seed + life), e);
            }
        }
        assertThat(lost).as("messages that were lost with the machine").isPositive();
    }

    private static int live(CrashingQueues queues) {
        get(queues.engine.createTopic(
                new NewTopic("q", 1, Map.of("flush.messages", String.valueOf(Long.MAX_VALUE), "retention.ms", "-1"))));
        get(queues.queues.create("q", QueueConfig.DEFAULTS, 1));
        int lost = 0;
        for (int round = 0; round < ROUNDS; round++) {
            List<MessageId> sent = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                sent.add(queues.send("q", 0, "k" + i % 3, "round " + round));
            }
            List<Received> received = queues.receiveAll("q", 10);
            assertThat(received).extracting(Received::id).containsExactlyInAnyOrderElementsOf(sent);
            queues.acknowledge("q", received.subList(0, 7));

            long before = queues.log("q", 0).logEndOffset();
            queues.crash();
            lost += (int) (before - queues.log("q", 0).logEndOffset());
            get(queues.queues.purge("q"));
        }
        return lost;
    }
}
