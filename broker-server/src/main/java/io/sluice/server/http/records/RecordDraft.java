package io.sluice.server.http.records;

import io.sluice.core.record.Headers;
import io.sluice.server.http.HttpProblem;

/**
 * One record as a request gives it, before it has a place in a batch. Key and value are parts of larger arrays. Used
 * again for the next record: whoever takes a draft copies what it wants. For use by one thread.
 */
final class RecordDraft {
    private static final byte[] NOTHING = new byte[0];

    byte[] key = NOTHING;
    int keyFrom;
    /** -1 for no key. */
    int keyLength = -1;

    byte[] value = NOTHING;
    int valueFrom;
    /** -1 for a null value. */
    int valueLength = -1;

    /** The partition that the request asks for, or -1. */
    int partition = -1;
    /** In ms since the epoch, or -1 if the broker is to choose. */
    long timestampMs = -1;

    final Headers headers = new Headers();
    /** Bytes of the headers that the request gave; what follows them was derived from what it says else. */
    int givenHeaderBytes = -1;

    /** A header of a message of a queue that only the broker may set, as faults name it; or null. */
    String reservedHeader;

    /** What a message of a queue says besides, or null. */
    MessageWishes wishes;

    void clear() {
        givenHeaderBytes = -1;
        wishes = null;
        reservedHeader = null;
        key = NOTHING;
        keyLength = -1;
        value = NOTHING;
        valueLength = -1;
        partition = -1;
        timestampMs = -1;
        headers.clear();
    }

    void key(byte[] array, int from, int length) {
        key = array;
        keyFrom = from;
        keyLength = length;
    }

    void value(byte[] array, int from, int length) {
        value = array;
        valueFrom = from;
        valueLength = length;
    }

    /** Bytes of key, value and headers. */
    long payloadBytes() {
        return (long) Math.max(0, keyLength) + Math.max(0, valueLength) + headers.sizeInBytes();
    }

    /** Takes drafts, one after the other. */
    @FunctionalInterface
    interface Sink {
        /**
         * @param index the record's place in the request: its number from 0, or its line from 1
         * @param draft what the request says; valid during the call
         */
        void accept(long index, RecordDraft draft);

        /**
         * Hears of a record that cannot be taken for what it says, in place of taking it. Unless this throws, the reader goes on with the next.
         *
         * @throws HttpProblem the problem, unless a record's fault is its own
         */
        default void refused(HttpProblem problem) {
            throw problem;
        }
    }
}
