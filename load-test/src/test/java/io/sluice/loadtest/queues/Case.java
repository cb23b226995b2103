package io.sluice.loadtest.queues;

/**
 * A load that every system gets.
 *
 * @param name what tables call it
 * @param callers turns at a time, or workers
 * @param batch messages of a turn
 * @param perSecond messages a second; 0 for as many as it goes
 */
record Case(String name, int callers, int batch, int perSecond) {
    boolean isAtRate() {
        return perSecond > 0;
    }
}
