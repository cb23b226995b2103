/**
 * Queues beside other queue systems, all driven by the same loops in one process; run by hand, as
 * {@code load-test/results/queues} tells.
 */
package io.sluice.loadtest.queues;
