/** What is wrong, over HTTP: errors, alerts, and why a topic or a group does not move. */
package io.sluice.server.http.diagnosis;
