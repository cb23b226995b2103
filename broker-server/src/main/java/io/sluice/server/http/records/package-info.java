/**
 * Records over HTTP: produce, fetch and delete. Every handler belongs to one event loop, which alone touches its state;
 * bodies and answers that are large are parsed and written in pieces, on worker threads where that takes time.
 */
package io.sluice.server.http.records;
