/** Queues over HTTP. */
package io.sluice.server.http.queues;
