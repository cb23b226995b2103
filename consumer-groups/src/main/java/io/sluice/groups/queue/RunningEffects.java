package io.sluice.groups.queue;

import io.sluice.groups.shard.Reply;
import io.sluice.groups.shard.TurnOutput;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * What a turn of a running shard brings about.
 *
 * @param random for lots; of the thread that runs the queues
 * @param heard told of each event when it is durable
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
        out.append(null, bytes);
        if (!(event instanceof QueueEvent.Checkpoint)) {
            out.afterwards(() -> heard.accept(event));
        }
    }

    @Override
    public <T> void answer(Reply<T> reply, T answer) {
        out.answer(reply, answer);
    }
}
