/**
 * The file seam: all that the log asks of a file system, small enough for tests to put one behind it that crashes.
 */
package io.sluice.core.storage;
