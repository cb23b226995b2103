/** {@code sluice clients}: who is connected. */
package io.sluice.server.cli.clients;
