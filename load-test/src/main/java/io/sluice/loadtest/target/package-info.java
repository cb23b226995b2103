/**
 * The HTTP/1.1 client of the load test: one request at a time per connection, kept alive, no pipelining, written so that
 * it takes little of the processor that it shares with the broker. What is not hot goes through the JDK's client.
 */
package io.sluice.loadtest.target;
