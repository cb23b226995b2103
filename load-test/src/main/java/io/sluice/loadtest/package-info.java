/**
 * Throughput and latency of a broker, measured over the wire. A {@link io.sluice.loadtest.Workload} says what is sent, a
 * {@link io.sluice.loadtest.RateSchedule} when it is meant to be sent, a {@link io.sluice.loadtest.ClientLoop} sends it from
 * one event loop, and the {@link io.sluice.loadtest.Report} tells what came of it, errors and backlog included.
 */
package io.sluice.loadtest;
