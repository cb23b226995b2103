package io.sluice.groups;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A shard in a world without disks and clocks: the test says what time it is, and when the broker starts again. Events go
 * through their bytes, as they do on a disk, and answers leave when the turn is over.
 */
final class Machine {
    final GroupLimits limits;
    final List<Notice> notices = new ArrayList<>();
    final TestTopics topics = new TestTopics();
    private final List<byte[][]> log = new ArrayList<>();
    private final List<Runnable> answers = new ArrayList<>();
    private GroupShard shard;
    private long nowMs = 1_700_000_000_000L;

    Machine(GroupLimits limits) {
        this.limits = limits;
        this.shard = new GroupShard(limits, topics);
    }

    static GroupLimits limits() {
        return new GroupLimits(100, 600_000, 50, 0, 45_000, 5_000, -1, 100);
    }

    GroupShard shard() {
        return shard;
    }

    long nowMs() {
        return nowMs;
    }

    int events() {
        return log.size();
    }

    /** One turn, and the answers that come of it. */
    void turn(Consumer<Effects> turn) {
        turn.accept(effects());
        List<Runnable> ready = List.copyOf(answers);
        answers.clear();
        ready.forEach(Runnable::run);
    }

    private Effects effects() {
        return new Effects() {
            @Override
            public long nowMs() {
                return nowMs;
            }

            @Override
            public void record(GroupEvent event) {
                log.add(new byte[][] {
                    GroupEvents.key(event), GroupEvents.value(event).orElse(null)
                });
                shard.replay(decode(log.get(log.size() - 1)));
            }

            @Override
            public void notice(Notice notice) {
                notices.add(notice);
            }

            @Override
            public <T> void answer(io.sluice.groups.shard.Reply<T> reply, T answer) {
                answers.add(() -> reply.send(answer));
            }
        };
    }

    private static GroupEvent decode(byte[][] record) {
        return GroupEvents.decode(
                ByteBuffer.wrap(record[0]), Optional.ofNullable(record[1]).map(ByteBuffer::wrap));
    }

    /** Lets time pass, timer by timer. */
    void pass(long ms) {
        long untilMs = nowMs + ms;
        while (shard.nextTimerMs() <= untilMs) {
            nowMs = Math.max(nowMs, shard.nextTimerMs());
            turn(shard::tick);
        }
        nowMs = untilMs;
    }

    /** The broker ends without a warning, and another replays what was written down. */
    void restart() {
        answers.clear();
        shard = new GroupShard(limits, topics);
        log.forEach(record -> shard.replay(decode(record)));
        turn(shard::begin);
    }

    /** As {@link #restart}, after a compaction that kept the latest record of each key. */
    void compactAndRestart() {
        List<byte[][]> kept = new ArrayList<>();
        for (int i = 0; i < log.size(); i++) {
            ByteBuffer key = ByteBuffer.wrap(log.get(i)[0]);
            boolean latest = true;
            for (int j = i + 1; j < log.size() && latest; j++) {
                latest = !key.equals(ByteBuffer.wrap(log.get(j)[0]));
            }
            if (latest && log.get(i)[1] != null) {
                kept.add(log.get(i));
            }
        }
        log.clear();
        log.addAll(kept);
        restart();
    }
}
