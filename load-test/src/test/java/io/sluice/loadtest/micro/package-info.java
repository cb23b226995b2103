/**
 * Benches of single classes with JMH: where time goes inside the broker, next to the load test that measures it from
 * outside. They are test code, so the tool itself keeps meeting the broker over the wire only. A bench of a class that
 * its package does not show lies in that package, in this module.
 */
package io.sluice.loadtest.micro;
