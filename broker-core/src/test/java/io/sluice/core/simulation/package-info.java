/**
 * A partition's whole life from one seed: one thread, a machine that crashes, and a model that knows what must be there.
 */
package io.sluice.core.simulation;
