package io.sluice.groups.queue;

import java.util.Iterator;
import java.util.LinkedHashSet;

/**
 * What all queues together may have in memory of messages that were never delivered, and of those that are finished. Each queue that is used has a share,
 * which is the smaller the more of them there are. Who has more than that when memory is full, or no receivers, gives everything
 * back: it is in the log. Owned by the thread that runs the queues.
 *
 * <p>What has been delivered and is not finished cannot be given back. A quarter of the room for that is kept for queues that have little of it, and each
 * may have a few messages whatever others have, so that one queue whose messages all fail does not stop the others.
 */
final class QueueMemory {
    /** How many messages a queue may have at least, however many queues there are. */
    private static final int MIN_SHARE = 16;
    /** How many messages that have been delivered and are not finished one queue may have: its state is written down as a whole. */
    private static final int MAX_HELD = 1_000_000;
    /** How long a queue that nobody receives from keeps what it has, if nobody needs the room. */
    private static final long IDLE_MS = 60_000;
    /** At how many other queues one looks at a time when memory is full, or for idle ones. */
    private static final int MAX_LOOKED_AT = 64;

    private final QueueLimits limits;
    private final int maxMessages;
    private final long maxDoneBytes;

    /** Those that are used, the one whose use is longest ago first. */
    private final LinkedHashSet<Share> shares = new LinkedHashSet<>();

    private int messages;

    /** Rings that remember something, the one that was added to longest ago first. */
    private final LinkedHashSet<DoneRing> rings = new LinkedHashSet<>();

    private long doneBytes;

    private final long maxHeldBytes;
    private long heldBytes;
    /** How many queues have any of that. */
    private int holders;

    /**
     * @param limits what each queue may have if there are few
     * @param maxMessages messages that were never delivered, of all queues; half of them may be such as are due soon
     * @param maxDoneBytes about how much memory finished messages take
     * @param maxHeldBytes about how much those take that have been delivered and are not finished
     */
    QueueMemory(QueueLimits limits, int maxMessages, long maxDoneBytes, long maxHeldBytes) {
        this.limits = limits;
        this.maxMessages = maxMessages;
        this.maxDoneBytes = maxDoneBytes;
        this.maxHeldBytes = maxHeldBytes;
    }

    QueueLimits limits() {
        return limits;
    }

    /** How many messages that were never delivered are in memory. */
    int messages() {
        return messages;
    }

    /** About how much memory finished messages take. */
    long doneBytes() {
        return doneBytes;
    }

    /** About how much memory messages take that have been delivered and are not finished. */
    long heldBytes() {
        return heldBytes;
    }

    /** What one queue has. */
    final class Share {
        private final Queue queue;
        private int loaded;
        private int soon;
        private long held;
        private long usedMs;

        private Share(Queue queue) {
            this.queue = queue;
        }

        /** How many messages it may have that could be delivered, and as many that are due soon. */
        int most() {
            return Math.min(limits.loaded(), Math.max(MIN_SHARE, maxMessages / 2 / Math.max(1, shares.size())));
        }

        boolean hasRoom() {
            return loaded < most();
        }

        boolean hasRoomForSoon() {
            return soon < most();
        }

        int loaded() {
            return loaded;
        }

        void loaded(int more) {
            loaded += more;
            count(more);
        }

        void soon(int more) {
            soon += more;
            count(more);
        }

        private void count(int more) {
            messages += more;
            if (more > 0) {
                // It may have given back what it had, and still be read.
                shares.add(this);
            }
            if (more > 0 && messages > maxMessages) {
                makeRoom(this);
            }
        }

        /** Whether it may deliver messages that it has not delivered before. */
        boolean hasRoomForHeld() {
            long kept = maxHeldBytes / 4;
            boolean hasShare = heldBytes < maxHeldBytes - kept
                    || heldBytes < maxHeldBytes && held < kept / Math.max(1, holders)
                    || held < (long) MIN_SHARE * Message.BYTES;
            return hasShare && held < (long) MAX_HELD * Message.BYTES;
        }

        long heldBytes() {
            return held;
        }

        void held(int moreBytes) {
            holders -= held > 0 ? 1 : 0;
            held += moreBytes;
            heldBytes += moreBytes;
            holders += held > 0 ? 1 : 0;
        }

        private void forgotten() {
            holders -= held > 0 ? 1 : 0;
            heldBytes -= held;
            held = 0;
        }

        /** Somebody receives from the queue. */
        void used(long nowMs) {
            shares.remove(this);
            shares.add(this);
            usedMs = nowMs;
        }

        /** It has nothing any more. */
        void released() {
            messages -= loaded + soon;
            loaded = 0;
            soon = 0;
            shares.remove(this);
        }
    }

    Share share(Queue queue) {
        return new Share(queue);
    }

    private void makeRoom(Share forWhom) {
        for (int left = Math.min(MAX_LOOKED_AT, shares.size()); left > 0 && messages > maxMessages; left--) {
            Share first = shares.iterator().next();
            boolean isFair = first.loaded <= first.most() && first.soon <= first.most();
            if (first == forWhom || (first.queue.hasWaiters() && isFair)) {
                first.used(first.usedMs);
            } else {
                first.queue.release();
            }
        }
    }

    /** Queues that nobody receives from give back what they have. */
    void tidy(long nowMs) {
        for (int left = Math.min(MAX_LOOKED_AT, shares.size()); left > 0; left--) {
            Share first = shares.iterator().next();
            if (first.usedMs > nowMs - IDLE_MS) {
                return;
            }
            if (first.queue.hasWaiters()) {
                first.used(nowMs);
            } else {
                first.queue.release();
            }
        }
    }

    // ---- what is finished ----

    /** A ring remembers more: others forget. */
    void remembered(DoneRing ring, int bytes) {
        rings.remove(ring);
        rings.add(ring);
        doneBytes += bytes;
        for (Iterator<DoneRing> eldest = rings.iterator(); doneBytes > maxDoneBytes && eldest.hasNext(); ) {
            DoneRing other = eldest.next();
            while (doneBytes > maxDoneBytes && !other.all().isEmpty()) {
                doneBytes -= other.forgetEldest();
            }
            if (other.all().isEmpty()) {
                eldest.remove();
            }
        }
    }

    /** A ring remembers less. */
    void forgot(int bytes) {
        doneBytes -= bytes;
    }

    /** A queue is there no more. */
    void forget(Queue queue) {
        queue.release();
        queue.memory().forgotten();
        DoneRing ring = queue.done();
        if (rings.remove(ring)) {
            while (!ring.all().isEmpty()) {
                doneBytes -= ring.forgetEldest();
            }
        }
    }
}
