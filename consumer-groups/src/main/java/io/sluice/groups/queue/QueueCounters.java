package io.sluice.groups.queue;

/** What a queue has counted since it was created. For one thread. */
final class QueueCounters {
    long delivered;
    long acknowledged;
    long returned;
    long dead;
    long expired;
    long dropped;
    long gone;

    void finished(QueueEvent.Outcome outcome, int count) {
        switch (outcome) {
            case ACKNOWLEDGED -> acknowledged += count;
            case DEAD -> dead += count;
            case EXPIRED -> expired += count;
            case DROPPED -> dropped += count;
        }
    }
}
