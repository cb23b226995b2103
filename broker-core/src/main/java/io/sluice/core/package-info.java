/**
 * The front door of the log: {@code Broker} opens a data directory and hands out topics and
 * partitions. Everything that faces users, over any protocol, goes through here.
 */
package io.sluice.core;
