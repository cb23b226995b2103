/**
 * What runs a replayed state machine over its partition, whatever the machine: replay, turns, writing down, answers, and the one
 * thread that owns all of it.
 */
package io.sluice.groups.shard;
