/** {@code sluice groups}: consumer groups, where they stand, and moving them. */
package io.sluice.server.cli.groups;
