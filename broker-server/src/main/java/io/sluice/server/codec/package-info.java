/** Compression as Kafka frames it, with the codec libraries that Kafka's own clients bring. */
package io.sluice.server.codec;
