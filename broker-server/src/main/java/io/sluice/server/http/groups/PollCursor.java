package io.sluice.server.http.groups;

import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.consumer.Poll;
import io.sluice.server.http.HttpProblem;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * A cursor as clients see it: opaque text for addresses and JSON. Base64 of
 *
 * <pre>
 *  byte   1, the version
 *  int    CRC32C of group, a zero and member: whose it is
 *  int    the epoch of the poll
 *  short  how many topics; then for each
 *    16 bytes  its id
 *    short     how many partitions; then for each
 *      int     its number
 *      long    the next offset to be read
 *  int    CRC32C of all of the above
 * </pre>
 *
 * <p>A cursor of no partitions is the empty text.
 */
final class PollCursor {
    /** How many partitions a cursor is of at most. */
    static final int MAX_PARTITIONS = 1_000;

    private static final byte VERSION = 1;
    private static final int FIXED_BYTES = 1 + 4 + 4 + 2 + 4;
    private static final int TOPIC_BYTES = 16 + 2;
    private static final int PARTITION_BYTES = 4 + 8;
    private static final int MAX_BYTES = FIXED_BYTES + MAX_PARTITIONS * (TOPIC_BYTES + PARTITION_BYTES);
    /** How long the text may be. */
    static final int MAX_CHARS = (MAX_BYTES + 2) / 3 * 4;

    private PollCursor() {}

    static String encode(String group, String member, Poll.Cursor cursor) {
        if (cursor.offsets().isEmpty()) {
            return "";
        }
        assert cursor.offsets().size() <= MAX_PARTITIONS : cursor.offsets().size();
        Map<UUID, List<TopicIdPartition>> byTopic = new HashMap<>();
        cursor.offsets()
                .keySet()
                .forEach(one -> byTopic.computeIfAbsent(one.topicId(), id -> new ArrayList<>())
                        .add(one));
        ByteBuffer bytes = ByteBuffer.allocate(MAX_BYTES);
        bytes.put(VERSION).putInt(holder(group, member)).putInt(cursor.epoch()).putShort((short) byTopic.size());
        byTopic.forEach((topic, partitions) -> {
            bytes.putLong(topic.getMostSignificantBits()).putLong(topic.getLeastSignificantBits());
            bytes.putShort((short) partitions.size());
            partitions.forEach(one ->
                    bytes.putInt(one.partition()).putLong(cursor.offsets().get(one)));
        });
        bytes.putInt(checksum(bytes.array(), bytes.position()));
        byte[] all = new byte[bytes.position()];
        bytes.get(0, all);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(all);
    }

    /**
     * Reads a cursor that was given to a member.
     *
     * @return empty for the cursor of no partitions
     * @throws HttpProblem 400 invalid_cursor, or 409 foreign_cursor if it was given to somebody else
     */
    static Optional<Poll.Cursor> decode(String group, String member, String text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        byte[] all;
        try {
            all = Base64.getUrlDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw invalid("it has characters that no cursor has");
        }
        if (all.length < FIXED_BYTES || all.length > MAX_BYTES) {
            throw invalid("it is " + (all.length < FIXED_BYTES ? "too short" : "too long"));
        }
        ByteBuffer bytes = ByteBuffer.wrap(all, 0, all.length - Integer.BYTES);
        if (bytes.get() != VERSION) {
            throw invalid("its version is " + all[0] + ", not " + VERSION);
        }
        if (checksum(all, all.length - Integer.BYTES) != ByteBuffer.wrap(all).getInt(all.length - Integer.BYTES)) {
            throw invalid("its checksum is not that of its bytes: it was cut or changed");
        }
        if (bytes.getInt() != holder(group, member)) {
            throw new HttpProblem(
                            409,
                            "foreign_cursor",
                            "the cursor was given to another member or in another group, not to " + member + " in "
                                    + group)
                    .with("field", "cursor");
        }
        try {
            return Optional.of(read(bytes));
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            throw invalid("its parts do not fit together");
        }
    }

    private static Poll.Cursor read(ByteBuffer bytes) {
        int epoch = bytes.getInt();
        Map<TopicIdPartition, Long> offsets = new HashMap<>();
        int topics = bytes.getShort();
        for (int i = 0; i < topics; i++) {
            UUID topic = new UUID(bytes.getLong(), bytes.getLong());
            int partitions = bytes.getShort();
            for (int j = 0; j < partitions; j++) {
                TopicIdPartition partition = new TopicIdPartition(topic, bytes.getInt());
                long offset = bytes.getLong();
                if (offset < 0 || offsets.put(partition, offset) != null) {
                    throw new IllegalArgumentException("offset " + offset + " of " + partition);
                }
            }
        }
        if (bytes.hasRemaining()) {
            throw new IllegalArgumentException(bytes.remaining() + " bytes are left");
        }
        return new Poll.Cursor(epoch, offsets);
    }

    private static HttpProblem invalid(String why) {
        return new HttpProblem(400, "invalid_cursor", "the cursor is not one that a poll gave: " + why)
                .with("field", "cursor");
    }

    private static int holder(String group, String member) {
        byte[] names = (group + '\0' + member).getBytes(StandardCharsets.UTF_8);
        return checksum(names, names.length);
    }

    private static int checksum(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }
}
