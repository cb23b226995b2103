/** What the broker measures, as Micrometer meters: the log's counters, and the process around it. */
package io.sluice.server.metrics;
