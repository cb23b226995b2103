/** What the commands share: the connection to a broker, its refusals, the three standard streams, exit codes, tables. */
package io.sluice.server.cli.client;
