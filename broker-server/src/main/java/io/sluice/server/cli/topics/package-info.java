/** {@code sluice topics}: create, list, describe, alter and delete topics. */
package io.sluice.server.cli.topics;
