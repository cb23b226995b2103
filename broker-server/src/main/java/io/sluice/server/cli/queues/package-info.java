/** {@code sluice queues}: queues, what is in them, and a worker that runs a command for each message. */
package io.sluice.server.cli.queues;
