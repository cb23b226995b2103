/**
 * Groups whose members assign the partitions among themselves: Kafka's classic protocol of join, sync, heartbeat and leave.
 */
package io.sluice.groups.classic;
