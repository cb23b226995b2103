/** Queues over HTTP, against a running server. */
package io.sluice.server.http.queues;
