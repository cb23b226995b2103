/**
 * Kafka's wire protocol: connections, frames, and the table of APIs. The messages are kafka-clients' own generated classes;
 * what they mean is decided in the packages below this one. Each connection belongs to one event loop.
 */
package io.sluice.server.kafka;
