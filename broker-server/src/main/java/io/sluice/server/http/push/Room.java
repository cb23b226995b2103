package io.sluice.server.http.push;

import java.util.concurrent.atomic.AtomicLong;

/** The memory that pieces of all streams share. Who finds none waits for its turn. Safe on any thread. */
final class Room {
    private final long limitBytes;
    private final AtomicLong usedBytes = new AtomicLong();

    Room(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    long limitBytes() {
        return limitBytes;
    }

    long usedBytes() {
        return usedBytes.get();
    }

    /** Takes so many bytes, if there is room for them or nobody else has any. */
    boolean tryTake(long bytes) {
        while (true) {
            long used = usedBytes.get();
            if (used > 0 && used + bytes > limitBytes) {
                return false;
            }
            if (usedBytes.compareAndSet(used, used + bytes)) {
                return true;
            }
        }
    }

    void give(long bytes) {
        long left = usedBytes.addAndGet(-bytes);
        assert left >= 0 : left;
    }
}
