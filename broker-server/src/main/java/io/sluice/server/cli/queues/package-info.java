/** {@code sluice queues}: queues, what is in them. */
package io.sluice.server.cli.queues;
