package io.sluice.server.proof;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;

/**
 * A record that says of itself who wrote it and whether it is whole. The key is {@code producer.counter.checksum}, the
 * checksum covers the other two and the value: so the value may be as short as one byte.
 *
 * @param producer who wrote it
 * @param counter how many that producer wrote before
 * @param value some bytes, 1 to {@link #MAX_VALUE_BYTES}
 */
record LedgerRecord(int producer, int counter, byte[] value) {
    static final int MAX_VALUE_BYTES = 100_000;

    /** A record of a random size: as many below 100 bytes as above 1 KB. */
    static LedgerRecord random(int producer, int counter, SplittableRandom random) {
        int bytes = (int) Math.pow(MAX_VALUE_BYTES, random.nextDouble());
        byte[] value = new byte[bytes];
        random.nextBytes(value);
        return new LedgerRecord(producer, counter, value);
    }

    String key() {
        String who = producer + "." + counter + ".";
        return who + Long.toHexString(checksum(who, value));
    }

    /** Who wrote it and as which one, in one number. */
    long identity() {
        return (long) producer << 32 | counter;
    }

    /**
     * Reads a record that was fetched.
     *
     * @throws AssertionError if it is not as it was written
     */
    static LedgerRecord parse(String key, byte[] value) {
        int end = key.lastIndexOf('.') + 1;
        String[] parts = key.split("\\.");
        if (parts.length != 3
                || !Long.toHexString(checksum(key.substring(0, end), value)).equals(parts[2])) {
            throw new AssertionError("a torn record: key " + key + ", value of " + value.length + " bytes");
        }
        return new LedgerRecord(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), value);
    }

    private static long checksum(String who, byte[] value) {
        CRC32C crc = new CRC32C();
        crc.update(who.getBytes(StandardCharsets.UTF_8));
        crc.update(value);
        return crc.getValue();
    }
}
