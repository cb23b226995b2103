/**
 * The HTTP face: routes, the one map from errors to HTTP, health, metrics and the description of all of it. Every
 * handler runs on the event loop of its connection and never blocks: what takes time comes back as a future.
 */
package io.sluice.server.http;
