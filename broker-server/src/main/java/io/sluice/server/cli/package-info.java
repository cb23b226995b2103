/**
 * The command line: what it consists of and how it ends. Each command has a package of its own; all of them but the
 * offline {@code log} speak to a broker over HTTP and know nothing of its inside.
 */
package io.sluice.server.cli;
