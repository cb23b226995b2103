package io.sluice.server.cli.produce;

/**
 * One record to send: parts of arrays that belong to the reader and are valid until it moves on.
 *
 * @param keyLength bytes of the key, or -1 for none
 * @param valueLength bytes of the value
 * @param inputBytes how much of the input the record was
 */
record OutgoingRecord(
        byte[] keyArray,
        int keyFrom,
        int keyLength,
        byte[] valueArray,
        int valueFrom,
        int valueLength,
        int inputBytes) {
    private static final byte[] NO_KEY = {};

    /** A record without a key. */
    static OutgoingRecord value(byte[] array, int from, int length, int inputBytes) {
        return new OutgoingRecord(NO_KEY, 0, -1, array, from, length, inputBytes);
    }

    boolean hasKey() {
        return keyLength >= 0;
    }
}
