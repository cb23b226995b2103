package io.sluice.server.http.records;

import io.sluice.core.record.Headers;
import java.util.Optional;

/**
 * One record, whole in memory.
 *
 * @param offset its offset
 * @param timestampMs its time, in ms since the epoch
 * @param key its key, if it has one
 * @param value its value, if it is not null
 * @param headers its headers, to which more may be added
 */
public record FoundRecord(
        long offset, long timestampMs, Optional<byte[]> key, Optional<byte[]> value, Headers headers) {}
