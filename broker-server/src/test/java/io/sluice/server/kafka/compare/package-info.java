/** Holds the Kafka listener against a real Kafka, request by request. Run by hand: docs/testing.md says how. */
package io.sluice.server.kafka.compare;
