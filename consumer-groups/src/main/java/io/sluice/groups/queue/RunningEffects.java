package io.sluice.groups.queue;

import io.sluice.groups.shard.Reply;
import io.sluice.groups.shard.TurnOutput;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * What a turn of a running shard brings about.
 *
 * @param random for lots; of the thread that runs the queues
 * @param heard told of each event when it is written down
 */
record RunningEffects(QueueShard shard, TurnOutput out, SplittableRandom random, Consumer<QueueEvent> heard)
        implements QueueEffects {
    @Override
    public long nowMs() {
        return out.nowMs();
    }

    @Override
    public long lot() {
        return random.nextLong();
    }

    @Override
    public void record(QueueEvent event) {
        byte[] bytes = QueueEvents.encode(event);
        shard.apply(event, out.logEndOffset(), bytes.length);
        if (isForgettable(event)) {
            out.appendWritten(null, bytes);
        } else {
            out.append(null, bytes);
        }
        if (!(event instanceof QueueEvent.Checkpoint)) {
            out.afterwards(() -> heard.accept(event));
        }
    }

    /**
     * What only a loss of power can undo: somebody else gets the message then, and whoever had it is told that the lease is over. What was read
     * of the log can be read again.
     */
    private static boolean isForgettable(QueueEvent event) {
        return event instanceof QueueEvent.Leased
                || event instanceof QueueEvent.Extended
                || event instanceof QueueEvent.Progressed
                || event instanceof QueueEvent.Delayed;
    }

    @Override
    public <T> void answer(Reply<T> reply, T answer) {
        if (answer instanceof Receive.Answer) {
            out.answerWritten(reply, answer);
        } else {
            out.answer(reply, answer);
        }
    }
}
