package io.sluice.groups.classic;

import io.sluice.core.TopicPartition;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the members of classic groups of the protocol type "consumer" tell each other: what they want, and who gets what. For the broker
 * these are bytes, unless it must know.
 *
 * <p>The formats are Kafka's, by {@code ConsumerProtocolSubscription.json} and {@code ConsumerProtocolAssignment.json}:
 *
 * <pre>
 * subscription  version int16, topics [string], user data bytes?,
 *               from version 1: owned [topic string, partitions [int32]],
 *               from version 2: generation int32,
 *               from version 3: rack string?
 * assignment    version int16, assigned [topic string, partitions [int32]], user data bytes?
 * </pre>
 *
 * A string has its length in two bytes before it, bytes and arrays in four, and -1 is none where there is a question mark. Later
 * versions may only add at the end: they are read as version 3, and what follows is not looked at.
 *
 * <p>Bytes that are not so are an {@link IllegalArgumentException} that says what is wrong with them.
 */
public final class ConsumerProtocol {
    private static final int LATEST = 3;
    private static final int NONE = -1;

    private ConsumerProtocol() {}

    /**
     * What a member wants.
     *
     * @param topics the topics
     * @param owned the partitions it has; none before version 1
     * @param generation the generation in which it got them, -1 if it does not say or is in none
     * @param rack where it is, if it says so
     */
    public record Subscription(List<String> topics, List<TopicPartition> owned, int generation, Optional<String> rack) {
        public Subscription {
            topics = List.copyOf(topics);
            owned = List.copyOf(owned);
        }
    }

    /** What a member wants, from the metadata with which it joined. */
    public static Subscription subscription(byte[] metadata) {
        Reader reader = new Reader(metadata, "subscription");
        int version = reader.version();
        int count = reader.count("topics", Short.BYTES);
        List<String> topics = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            topics.add(reader.string("topic"));
        }
        reader.skipBytes("user data");
        List<TopicPartition> owned = new ArrayList<>();
        if (version >= 1) {
            reader.partitions("owned")
                    .forEach((topic, partitions) ->
                            partitions.forEach(partition -> owned.add(new TopicPartition(topic, partition))));
        }
        int generation = version >= 2 ? reader.int32("generation") : NONE;
        Optional<String> rack = version >= 3 ? reader.nullableString("rack") : Optional.empty();
        // Kafka takes an empty rack for none.
        return new Subscription(topics, owned, generation, rack.filter(name -> !name.isEmpty()));
    }

    /**
     * What a member was given, from what it was answered: partitions by topic, in the order of the bytes. No bytes at all are no
     * partitions, as a leader that leaves a member out means it.
     */
    public static Map<String, List<Integer>> assignment(byte[] assignment) {
        if (assignment.length == 0) {
            return Map.of();
        }
        Reader reader = new Reader(assignment, "assignment");
        reader.version();
        Map<String, List<Integer>> partitions = reader.partitions("assigned");
        reader.skipBytes("user data");
        return partitions;
    }

    /**
     * The bytes of an assignment, without user data.
     *
     * @param partitions by topic, written in their order
     * @param version 0 to 3, which look the same
     * @throws IllegalArgumentException if the version is another, a partition is negative or a topic's name too long
     */
    public static byte[] assignment(Map<String, List<Integer>> partitions, int version) {
        if (version < 0 || version > LATEST) {
            throw new IllegalArgumentException("assignments have versions 0 to " + LATEST + ", not " + version);
        }
        List<byte[]> topics = new ArrayList<>();
        int size = Short.BYTES + Integer.BYTES + Integer.BYTES;
        for (Map.Entry<String, List<Integer>> entry : partitions.entrySet()) {
            byte[] topic = entry.getKey().getBytes(StandardCharsets.UTF_8);
            if (topic.length > Short.MAX_VALUE) {
                throw new IllegalArgumentException("a topic's name has " + topic.length + " bytes");
            }
            topics.add(topic);
            size += Short.BYTES
                    + topic.length
                    + Integer.BYTES
                    + Integer.BYTES * entry.getValue().size();
        }
        ByteBuffer bytes = ByteBuffer.allocate(size).putShort((short) version).putInt(topics.size());
        Iterator<byte[]> names = topics.iterator();
        for (List<Integer> numbers : partitions.values()) {
            byte[] topic = names.next();
            bytes.putShort((short) topic.length).put(topic).putInt(numbers.size());
            for (int partition : numbers) {
                if (partition < 0) {
                    throw new IllegalArgumentException("partition " + partition + " is negative");
                }
                bytes.putInt(partition);
            }
        }
        return bytes.putInt(NONE).array();
    }

    /** Reads one thing after the other, and says what is wrong with it. */
    private static final class Reader {
        private final ByteBuffer bytes;
        private final String what;

        Reader(byte[] bytes, String what) {
            this.bytes = ByteBuffer.wrap(bytes);
            this.what = what;
        }

        int version() {
            need(Short.BYTES, "version");
            int version = bytes.getShort();
            if (version < 0) {
                throw wrong("version " + version + " is negative");
            }
            return version;
        }

        int int32(String field) {
            need(Integer.BYTES, field);
            return bytes.getInt();
        }

        /** How many elements follow, of which each has some bytes at least: so a count cannot take more memory than its bytes. */
        int count(String field, int leastBytes) {
            int count = int32("count of " + field);
            if (count < 0 || count > bytes.remaining() / leastBytes) {
                throw wrong(count + " " + field + " in " + bytes.remaining() + " bytes");
            }
            return count;
        }

        String string(String field) {
            return nullableString(field).orElseThrow(() -> wrong("no " + field));
        }

        Optional<String> nullableString(String field) {
            need(Short.BYTES, "length of " + field);
            int length = bytes.getShort();
            if (length == NONE) {
                return Optional.empty();
            }
            ByteBuffer text = slice(length, field);
            try {
                return Optional.of(
                        StandardCharsets.UTF_8.newDecoder().decode(text).toString());
            } catch (CharacterCodingException e) {
                throw wrong(field + " is not UTF-8");
            }
        }

        void skipBytes(String field) {
            int length = int32("length of " + field);
            if (length != NONE) {
                slice(length, field);
            }
        }

        /** Partitions by topic. A topic that comes twice has all of them. */
        Map<String, List<Integer>> partitions(String field) {
            int topics = count(field + " topics", Short.BYTES + Integer.BYTES);
            Map<String, List<Integer>> partitions = new LinkedHashMap<>();
            for (int i = 0; i < topics; i++) {
                String topic = string(field + " topic");
                int count = count(field + " partitions", Integer.BYTES);
                List<Integer> numbers = partitions.computeIfAbsent(topic, any -> new ArrayList<>(count));
                for (int j = 0; j < count; j++) {
                    int partition = bytes.getInt();
                    if (partition < 0) {
                        throw wrong(field + " partition " + partition + " of " + topic + " is negative");
                    }
                    numbers.add(partition);
                }
            }
            return partitions;
        }

        private ByteBuffer slice(int length, String field) {
            if (length < 0) {
                throw wrong(field + " has a length of " + length);
            }
            need(length, field);
            ByteBuffer slice = bytes.slice(bytes.position(), length);
            bytes.position(bytes.position() + length);
            return slice;
        }

        private void need(int count, String field) {
            if (bytes.remaining() < count) {
                throw wrong("ends in its " + field + ": " + count + " bytes are wanted, " + bytes.remaining()
                        + " are left");
            }
        }

        private IllegalArgumentException wrong(String why) {
            return new IllegalArgumentException(
                    "the " + what + " is malformed at byte " + bytes.position() + ": " + why);
        }
    }
}
