/**
 * Topics: their names, settings and the catalog of all of them. The catalog is a state machine that is replayed from
 * an internal partition.
 */
package io.sluice.core.topic;
