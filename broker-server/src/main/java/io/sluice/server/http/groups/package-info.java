/**
 * Consumer groups over HTTP, without state for a client: polls and commits of members, groups as they are, and moving a running
 * group. Each request runs on its event loop and asks the coordinator, which answers on a thread of its own.
 */
package io.sluice.server.http.groups;
