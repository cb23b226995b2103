/**
 * Who is connected: a live entry for each connection of each protocol, kept by the connection's event loop and read by whoever
 * wants to know. Knows of no protocol.
 */
package io.sluice.server.clients;
