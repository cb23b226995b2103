/** The APIs that write, read and find records. */
package io.sluice.server.kafka.records;
