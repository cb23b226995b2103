/** What went wrong lately: what the broker answered with an error of its own, and what it logged. */
package io.sluice.server.errors;
