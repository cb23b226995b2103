/** {@code sluice log}: looks at, checks and mends the files of a partition while no broker has them open. */
package io.sluice.server.cli.log;
