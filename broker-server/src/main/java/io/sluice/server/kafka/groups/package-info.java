/** The APIs of consumer groups and their positions, over the coordinator. */
package io.sluice.server.kafka.groups;
