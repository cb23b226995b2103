/**
 * The REST v2 face: the interface of the Kafka REST bridges, over the same log and the same groups. A consumer is an instance
 * that lives here: its state is owned by one event loop, and the requests of all connections come to it there.
 */
package io.sluice.server.http.restv2;
