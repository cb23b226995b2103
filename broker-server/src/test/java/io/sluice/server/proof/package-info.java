/**
 * Proofs on the running broker, in a process of its own: it is killed, started over large logs, given real text, little
 * memory, no space and bad clients. {@code -Dproof.budget=long} makes them long; {@code docs/testing.md} says what they
 * showed.
 */
package io.sluice.server.proof;
