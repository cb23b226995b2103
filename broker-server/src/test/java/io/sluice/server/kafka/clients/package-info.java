/**
 * Real clients against a running server: Kafka's own in several versions, librdkafka's, JavaScript's, and Kafka's tools. Each
 * runs as its users run it.
 */
package io.sluice.server.kafka.clients;
