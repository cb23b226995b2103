package io.sluice.core.record;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * A key that a caller chose for one request, in the form in which the log keeps it: in the producer fields of the
 * batch itself. So the key is as durable as the records, costs no byte more, and is found again by the same recovery
 * that finds idempotent producers.
 *
 * <p>93 bits of a SHA-256 over key, topic and part stand in the producer id (62 bits, in a range that no producer is ever
 * given) and the base sequence (31 bits). The producer epoch holds 15 bits of a fingerprint of the request, so that a key
 * used again for something else is noticed.
 *
 * @param producerId at least {@link #FIRST_PRODUCER_ID}
 * @param baseSequence from 0
 */
public record IdempotencyKey(long producerId, int baseSequence) {
    /** Producer ids from here on are keys. Ids given to producers count up from 0 and never come near. */
    public static final long FIRST_PRODUCER_ID = 1L << 62;

    public IdempotencyKey {
        if (!isKey(producerId) || baseSequence < 0) {
            throw new IllegalArgumentException("producer id " + producerId + ", sequence " + baseSequence);
        }
    }

    /**
     * The key of one batch of a request.
     *
     * @param key what the caller chose
     * @param topic the topic that the request writes to
     * @param part which batch of the request, from 0, counted per partition
     */
    public static IdempotencyKey of(String key, String topic, int part) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
        digest.update(key.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
        digest.update(topic.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
        ByteBuffer hash = ByteBuffer.wrap(
                digest.digest(ByteBuffer.allocate(4).putInt(part).array()));
        long producerId = FIRST_PRODUCER_ID | (hash.getLong(0) & (FIRST_PRODUCER_ID - 1));
        return new IdempotencyKey(producerId, hash.getInt(8) & Integer.MAX_VALUE);
    }

    /** Whether a producer id is a key. */
    public static boolean isKey(long producerId) {
        return producerId >= FIRST_PRODUCER_ID;
    }

    /**
     * Writes the key into a batch.
     *
     * @param fingerprint of what the request said, without what differs from try to try, like a timestamp that the broker
     *     chose; its lowest 15 bits are kept
     */
    public void stamp(RecordBatch batch, int fingerprint) {
        batch.assignProducer(producerId, (short) (fingerprint & Short.MAX_VALUE), baseSequence);
    }
}
