package io.sluice.server.http.records;

import io.sluice.core.record.Headers;
import java.util.zip.CRC32C;

/**
 * What a request said, as a number: by it the log notices that an idempotency key comes back with another request. What
 * the broker chose, like the time of a record that brought none, is not part of it. For use by one thread.
 */
final class Fingerprint {
    private final CRC32C contents = new CRC32C();
    private final byte[] lengths = new byte[16];

    /**
     * Adds a record.
     *
     * @param timestampMs the time that the request gave it, or -1
     * @param keyLength bytes of the key, or -1 for none
     * @param valueLength bytes of the value, or -1 for a null value
     * @param headerBytes how many bytes of the headers the request gave: the first ones
     */
    void add(
            long timestampMs,
            byte[] key,
            int keyFrom,
            int keyLength,
            byte[] value,
            int valueFrom,
            int valueLength,
            Headers headers,
            int headerBytes) {
        // Lengths come first, so that different records never run together to the same bytes.
        putInt(0, keyLength);
        putInt(4, valueLength);
        putInt(8, headerBytes);
        putInt(12, Long.hashCode(timestampMs));
        contents.update(lengths, 0, lengths.length);
        if (keyLength > 0) {
            contents.update(key, keyFrom, keyLength);
        }
        if (valueLength > 0) {
            contents.update(value, valueFrom, valueLength);
        }
        contents.update(headers.bytes().limit(headerBytes));
    }

    /** The fingerprint in the 15 bits that a producer epoch has for it. */
    short producerEpoch() {
        return (short) (contents.getValue() & Short.MAX_VALUE);
    }

    private void putInt(int at, int number) {
        lengths[at] = (byte) (number >>> 24);
        lengths[at + 1] = (byte) (number >>> 16);
        lengths[at + 2] = (byte) (number >>> 8);
        lengths[at + 3] = (byte) number;
    }
}
