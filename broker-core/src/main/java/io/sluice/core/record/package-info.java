/**
 * Record batches of Kafka's format v2: bytes to batches and back. Pure: no files, no threads, no clock. The format is
 * described at <a href="https://kafka.apache.org/documentation/#recordbatch">kafka.apache.org</a>.
 */
package io.sluice.core.record;
