/**
 * Groups whose partitions the broker assigns: the consumer protocol of KIP-848, members that poll over HTTP, and members of the
 * classic protocol among them.
 */
package io.sluice.groups.consumer;
