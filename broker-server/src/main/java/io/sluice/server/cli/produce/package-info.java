/**
 * {@code sluice produce}: lines, files or record objects from outside become requests, one in flight per partition,
 * each repeated under one idempotency key until the broker has acknowledged it.
 */
package io.sluice.server.cli.produce;
