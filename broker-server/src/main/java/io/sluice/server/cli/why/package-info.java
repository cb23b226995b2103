/** {@code sluice why}: why a topic or a group does not move. */
package io.sluice.server.cli.why;
