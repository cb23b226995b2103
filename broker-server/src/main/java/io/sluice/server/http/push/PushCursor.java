package io.sluice.server.http.push;

import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.server.http.HttpProblem;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * How far a stream has got in each of its partitions, as text for event ids. Base64, for addresses, of
 *
 * <pre>
 *  byte    2, the version
 *  varint  how many topics; then for each
 *    16 bytes  its id
 *    varint    how many partitions; then for each
 *      varint    its number
 *      varint    the next offset to be read
 *  int     CRC32C of all of the above
 * </pre>
 *
 * <p>Varints are unsigned, seven bits a byte, the lowest first.
 */
final class PushCursor {
    private static final byte VERSION = 2;
    /** More than {@link PushLimits#MAX_PARTITIONS} partitions ever take, and less than a header may have. */
    static final int MAX_CHARS = 14_000;

    private PushCursor() {}

    /**
     * The cursor of places, which must be in order.
     *
     * @param moved the place of which the offset is not its own but {@code offset}; null for none
     */
    static byte[] encode(List<Place> places, Place moved, long offset) {
        int topics = 0;
        UUID last = null;
        for (Place place : places) {
            if (!place.id().topicId().equals(last)) {
                last = place.id().topicId();
                topics++;
            }
        }
        ByteBuffer bytes = ByteBuffer.allocate(1 + 3 + topics * (16 + 3) + places.size() * (3 + 9) + 4);
        bytes.put(VERSION);
        putVarint(bytes, topics);
        for (int i = 0; i < places.size(); ) {
            UUID topic = places.get(i).id().topicId();
            int end = i;
            while (end < places.size() && places.get(end).id().topicId().equals(topic)) {
                end++;
            }
            bytes.putLong(topic.getMostSignificantBits()).putLong(topic.getLeastSignificantBits());
            putVarint(bytes, end - i);
            for (; i < end; i++) {
                Place place = places.get(i);
                putVarint(bytes, place.id().partition());
                putVarint(bytes, place == moved ? offset : place.offset());
            }
        }
        bytes.putInt(checksum(bytes.array(), bytes.position()));
        return Base64.getUrlEncoder().withoutPadding().encode(Arrays.copyOf(bytes.array(), bytes.position()));
    }

    /**
     * Reads a cursor.
     *
     * @throws HttpProblem 400 invalid_cursor
     */
    static Map<TopicIdPartition, Long> decode(String text) {
        if (text.length() > MAX_CHARS) {
            throw invalid("it has " + text.length() + " characters");
        }
        byte[] all;
        try {
            all = Base64.getUrlDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw invalid("it has characters that no cursor has");
        }
        if (all.length < 1 + 1 + Integer.BYTES) {
            throw invalid("it is too short");
        }
        if (all[0] != VERSION) {
            throw invalid("its version is " + all[0] + ", not " + VERSION);
        }
        int end = all.length - Integer.BYTES;
        if (checksum(all, end) != ByteBuffer.wrap(all).getInt(end)) {
            throw invalid("its checksum is not that of its bytes: it was cut or changed");
        }
        try {
            return read(ByteBuffer.wrap(all, 1, end - 1));
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            throw invalid("its parts do not fit together");
        }
    }

    private static Map<TopicIdPartition, Long> read(ByteBuffer bytes) {
        Map<TopicIdPartition, Long> offsets = new HashMap<>();
        long topics = readVarint(bytes);
        for (long i = 0; i < topics; i++) {
            UUID topic = new UUID(bytes.getLong(), bytes.getLong());
            long partitions = readVarint(bytes);
            for (long j = 0; j < partitions; j++) {
                long partition = readVarint(bytes);
                if (partition > Integer.MAX_VALUE) {
                    throw new IllegalArgumentException("partition " + partition);
                }
                TopicIdPartition id = new TopicIdPartition(topic, (int) partition);
                if (offsets.put(id, readVarint(bytes)) != null) {
                    throw new IllegalArgumentException(id + " is there twice");
                }
            }
        }
        if (bytes.hasRemaining()) {
            throw new IllegalArgumentException(bytes.remaining() + " bytes are left");
        }
        return offsets;
    }

    private static void putVarint(ByteBuffer bytes, long value) {
        long rest = value;
        while (rest >= 0x80) {
            bytes.put((byte) (rest | 0x80));
            rest >>>= 7;
        }
        bytes.put((byte) rest);
    }

    private static long readVarint(ByteBuffer bytes) {
        long value = 0;
        for (int shift = 0; shift < 63; shift += 7) {
            byte b = bytes.get();
            value |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("a number is too long");
    }

    static HttpProblem invalid(String why) {
        return new HttpProblem(400, "invalid_cursor", "the cursor is not one that a stream gave: " + why)
                .with("field", "cursor");
    }

    private static int checksum(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }
}
