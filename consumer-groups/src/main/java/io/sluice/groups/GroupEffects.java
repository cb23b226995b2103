package io.sluice.groups;

import io.sluice.groups.shard.Reply;
import io.sluice.groups.shard.TurnOutput;
import java.util.function.Consumer;

/**
 * What a turn of a running shard brings about.
 *
 * @param notices told what happens to positions of itself
 */
record GroupEffects(GroupShard shard, TurnOutput out, Consumer<Notice> notices) implements Effects {
    @Override
    public long nowMs() {
        return out.nowMs();
    }

    @Override
    public void record(GroupEvent event) {
        out.append(GroupEvents.key(event), GroupEvents.value(event).orElse(null));
        shard.replay(event);
    }

    @Override
    public void notice(Notice notice) {
        notices.accept(notice);
    }

    @Override
    public <T> void answer(Reply<T> reply, T answer) {
        out.answer(reply, answer);
    }
}
