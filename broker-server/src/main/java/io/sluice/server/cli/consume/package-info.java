/** {@code sluice consume}: whole record batches are fetched, checked, unpacked and printed. */
package io.sluice.server.cli.consume;
