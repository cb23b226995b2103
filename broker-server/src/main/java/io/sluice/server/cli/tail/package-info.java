/** {@code sluice tail}: what a topic gets, as it gets it. */
package io.sluice.server.cli.tail;
