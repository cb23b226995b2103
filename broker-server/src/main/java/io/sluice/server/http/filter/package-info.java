/** Which records a reader wants: {@code filter=} by key, header and event type, evaluated on the bytes of the log. Pure. */
package io.sluice.server.http.filter;
