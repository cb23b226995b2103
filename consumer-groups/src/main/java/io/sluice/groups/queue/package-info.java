/**
 * Queues: point-to-point work over the partitions of a topic. A queue is a window of per-message states over its log, a state
 * machine whose events are written down before anybody is answered. Pure: no threads, no I/O, no clock.
 */
package io.sluice.groups.queue;
