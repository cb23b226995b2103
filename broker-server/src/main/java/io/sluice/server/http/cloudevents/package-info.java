/**
 * CloudEvents 1.0: between HTTP's binding and JSON's format on one side and the headers of Kafka's binding on the other. Knows
 * no routes and no log.
 */
package io.sluice.server.http.cloudevents;
