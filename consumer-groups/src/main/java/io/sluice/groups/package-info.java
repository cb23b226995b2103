/**
 * Consumer groups, committed offsets and queues: pure state machines that are replayed from an internal
 * partition. Handlers take (state, request, now) and return records and an answer; only {@code replay}
 * changes state. No threads, no I/O and no clock live here.
 */
package io.sluice.groups;
