package io.sluice.server.kafka;

import java.util.ArrayDeque;

/**
 * The memory that requests of all connections share. Who finds none waits in line, first come first served; a request that
 * alone is larger than all of it is let in when nothing else is there. Safe on any thread.
 */
public final class FrameMemory {
    private final long limitBytes;
    private final ArrayDeque<Waiting> line = new ArrayDeque<>();
    private long usedBytes;

    private record Waiting(long bytes, Runnable granted) {}

    public FrameMemory(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /** Bytes in use. */
    public synchronized long usedBytes() {
        return usedBytes;
    }

    /** Takes bytes if they are there and nobody waits. */
    public synchronized boolean tryTake(long bytes) {
        if (!line.isEmpty() || !fits(bytes)) {
            return false;
        }
        usedBytes += bytes;
        return true;
    }

    /**
     * Takes bytes, now or later.
     *
     * @param granted run when they are taken, on any thread, if that is not now
     * @return whether they are taken already
     */
    public synchronized boolean take(long bytes, Runnable granted) {
        if (tryTake(bytes)) {
            return true;
        }
        line.add(new Waiting(bytes, granted));
        return false;
    }

    /**
     * Leaves the line.
     *
     * @return false if the bytes have been granted: then they must be given back
     */
    public synchronized boolean leave(Runnable granted) {
        return line.removeIf(waiting -> waiting.granted() == granted);
    }

    /** Gives bytes back. */
    public void give(long bytes) {
        ArrayDeque<Runnable> next = new ArrayDeque<>();
        synchronized (this) {
            usedBytes -= bytes;
            while (!line.isEmpty() && fits(line.peek().bytes())) {
                Waiting waiting = line.remove();
                usedBytes += waiting.bytes();
                next.add(waiting.granted());
            }
        }
        next.forEach(Runnable::run);
    }

    private boolean fits(long bytes) {
        return usedBytes == 0 || usedBytes + bytes <= limitBytes;
    }
}
