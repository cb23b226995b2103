package io.sluice.server.cli.consume;

/**
 * When to end.
 *
 * @param maxRecords after so many records
 * @param retryNs after failures for so long
 */
record Limits(long maxRecords, long retryNs) {}
