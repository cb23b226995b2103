package io.sluice.loadtest;

/**
 * The times of a run, by {@link System#nanoTime}: load runs from the start to the end without a break, and what lies in
 * [measureFrom, end) is measured.
 */
record Window(long startNs, long measureFromNs, long endNs) {
    boolean isMeasured(long ns) {
        return ns - measureFromNs >= 0 && ns - endNs < 0;
    }
}
