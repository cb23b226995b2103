/** Counters of the log, to be read by whoever publishes them. */
package io.sluice.core.metrics;
