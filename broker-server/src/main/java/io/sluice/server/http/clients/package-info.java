/** Who is connected, over HTTP: see {@link io.sluice.server.clients}. */
package io.sluice.server.http.clients;
