/** The APIs of the cluster, its topics and their settings. */
package io.sluice.server.kafka.topics;
