/** Commands that tell what is or was wrong with a broker. */
package io.sluice.server.cli.diagnosis;
