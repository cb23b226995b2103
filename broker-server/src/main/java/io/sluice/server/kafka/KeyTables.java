package io.sluice.server.kafka;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.message.AlterConfigsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.DescribeLogDirsRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.types.ArrayOf;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.CompactArrayOf;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;

/**
 * Looks at a request before it is decoded. The generated messages keep arrays whose elements have a key in hash tables with
 * linear probing, which take cubic time over keys that are equal or collide: a request of 40 KB would hold up its event loop
 * for minutes. This walks over the bytes in linear time and works out what filling the tables would take.
 */
final class KeyTables {
    /** Requests up to this size have too few elements to take long. */
    static final int SMALL_BYTES = 1_024;

    /** Steps that may be spent on moving elements when tables grow: as many as for 250 elements of one key, or 2,800 in a row. */
    private static final long MAX_MOVES = 8_000_000;
    /** Steps that may be spent on finding places. */
    private static final long MAX_PROBES = 2_000_000;

    private static final int MIN_CAPACITY = 5;
    private static final int UUID_BYTES = 16;
    /** What hash codes multiply the first of two keys with. */
    private static final int HASH_FACTOR = 31;

    private static final Map<ApiKeys, Schema[]> REQUESTS = Map.ofEntries(
            Map.entry(ApiKeys.ALTER_CONFIGS, AlterConfigsRequestData.SCHEMAS),
            Map.entry(ApiKeys.INCREMENTAL_ALTER_CONFIGS, IncrementalAlterConfigsRequestData.SCHEMAS),
            Map.entry(ApiKeys.CREATE_PARTITIONS, CreatePartitionsRequestData.SCHEMAS),
            Map.entry(ApiKeys.CREATE_TOPICS, CreateTopicsRequestData.SCHEMAS),
            Map.entry(ApiKeys.DESCRIBE_LOG_DIRS, DescribeLogDirsRequestData.SCHEMAS),
            Map.entry(ApiKeys.JOIN_GROUP, JoinGroupRequestData.SCHEMAS),
            Map.entry(ApiKeys.OFFSET_DELETE, OffsetDeleteRequestData.SCHEMAS),
            Map.entry(ApiKeys.OFFSET_FOR_LEADER_EPOCH, OffsetForLeaderEpochRequestData.SCHEMAS),
            Map.entry(ApiKeys.PRODUCE, ProduceRequestData.SCHEMAS));

    /** The fields that are the key of an element, one or two, in the order in which its hash code takes them. */
    private static final Map<Type, List<String>> KEYS = new IdentityHashMap<>();

    private static final Map<Type, Integer> FIXED_BYTES = new IdentityHashMap<>();

    static {
        keys(AlterConfigsRequestData.AlterConfigsResource.SCHEMAS, "resource_type", "resource_name");
        keys(AlterConfigsRequestData.AlterableConfig.SCHEMAS, "name");
        keys(IncrementalAlterConfigsRequestData.AlterConfigsResource.SCHEMAS, "resource_type", "resource_name");
        keys(IncrementalAlterConfigsRequestData.AlterableConfig.SCHEMAS, "name", "config_operation");
        keys(CreatePartitionsRequestData.CreatePartitionsTopic.SCHEMAS, "name");
        keys(CreateTopicsRequestData.CreatableTopic.SCHEMAS, "name");
        keys(CreateTopicsRequestData.CreatableReplicaAssignment.SCHEMAS, "partition_index");
        keys(CreateTopicsRequestData.CreatableTopicConfig.SCHEMAS, "name");
        keys(DescribeLogDirsRequestData.DescribableLogDirTopic.SCHEMAS, "topic");
        keys(JoinGroupRequestData.JoinGroupRequestProtocol.SCHEMAS, "name");
        keys(OffsetDeleteRequestData.OffsetDeleteRequestTopic.SCHEMAS, "name");
        keys(OffsetForLeaderEpochRequestData.OffsetForLeaderTopic.SCHEMAS, "topic");
        keys(ProduceRequestData.TopicProduceData.SCHEMAS, "name", "topic_id");
        FIXED_BYTES.put(Type.BOOLEAN, 1);
        FIXED_BYTES.put(Type.INT8, Byte.BYTES);
        FIXED_BYTES.put(Type.INT16, Short.BYTES);
        FIXED_BYTES.put(Type.INT32, Integer.BYTES);
        FIXED_BYTES.put(Type.INT64, Long.BYTES);
        FIXED_BYTES.put(Type.UUID, UUID_BYTES);
    }

    private final ByteBufReader reader;
    private long probes;
    private long moves;

    private KeyTables(ByteBufReader reader) {
        this.reader = reader;
    }

    private static void keys(Schema[] versions, String... fields) {
        for (Schema version : versions) {
            if (version != null) {
                KEYS.put(version, List.of(fields));
            }
        }
    }

    /** Whether elements of requests of this kind have keys. */
    static boolean has(ApiKeys key) {
        return REQUESTS.containsKey(key);
    }

    /** Whether it is known that an element has a key. */
    static boolean knows(Schema element) {
        return KEYS.containsKey(element);
    }

    /**
     * Looks at a request of a kind that {@link #has} such elements.
     *
     * @param reader at the beginning of the message; what is read is gone
     * @throws IllegalArgumentException if too many keys collide, or the bytes are no such message
     * @throws IndexOutOfBoundsException if they end in the middle of it
     */
    static void check(ApiKeys key, short version, ByteBufReader reader) {
        new KeyTables(reader).walk(REQUESTS.get(key)[version]);
    }

    /** @return the hash code of the element that these bytes are */
    static int hashOf(Schema element, ByteBufReader reader) {
        return new KeyTables(reader).walk(element);
    }

    private int walk(Schema schema) {
        List<String> keys = KEYS.getOrDefault(schema, List.of());
        int hash = 0;
        for (BoundField field : schema.fields()) {
            int at = keys.indexOf(field.def.name);
            if (at < 0) {
                skip(field.def.type);
            } else {
                hash += (at == keys.size() - 1 ? 1 : HASH_FACTOR) * hashOf(field.def.type);
            }
        }
        return hash;
    }

    private int hashOf(Type type) {
        if (type == Type.STRING) {
            return reader.readString(reader.readShort()).hashCode();
        }
        if (type == Type.COMPACT_STRING) {
            return reader.readString(reader.readUnsignedVarint() - 1).hashCode();
        }
        if (type == Type.UUID) {
            return reader.readUuid().hashCode();
        }
        if (type == Type.INT8) {
            return reader.readByte();
        }
        if (type == Type.INT32) {
            return reader.readInt();
        }
        throw new IllegalStateException("a key of type " + type);
    }

    private void skip(Type type) {
        Integer fixed = FIXED_BYTES.get(type);
        if (fixed != null) {
            reader.skip(fixed);
        } else if (type instanceof Schema schema) {
            walk(schema);
        } else if (type instanceof ArrayOf) {
            walkArray(type, reader.readInt());
        } else if (type instanceof CompactArrayOf) {
            walkArray(type, reader.readUnsignedVarint() - 1);
        } else if (type instanceof TaggedFields) {
            skipTaggedFields();
        } else if (type == Type.STRING || type == Type.NULLABLE_STRING) {
            reader.skip(Math.max(0, reader.readShort()));
        } else if (type == Type.BYTES || type == Type.NULLABLE_BYTES || isPlainRecords(type)) {
            reader.skip(Math.max(0, reader.readInt()));
        } else if (isCompact(type)) {
            reader.skip(Math.max(0, reader.readUnsignedVarint() - 1));
        } else {
            throw new IllegalStateException("a field of type " + type);
        }
    }

    private static boolean isPlainRecords(Type type) {
        return type == Type.RECORDS || type == Type.NULLABLE_RECORDS;
    }

    private static boolean isCompact(Type type) {
        return type == Type.COMPACT_STRING
                || type == Type.COMPACT_NULLABLE_STRING
                || type == Type.COMPACT_BYTES
                || type == Type.COMPACT_NULLABLE_BYTES
                || type == Type.COMPACT_RECORDS
                || type == Type.COMPACT_NULLABLE_RECORDS;
    }

    private void skipTaggedFields() {
        int count = reader.readUnsignedVarint();
        for (int i = 0; i < count; i++) {
            reader.readUnsignedVarint();
            reader.skip(reader.readUnsignedVarint());
        }
    }

    private void walkArray(Type array, int count) {
        if (count > reader.remaining()) {
            throw new IllegalArgumentException(
                    "an array of " + count + " elements in " + reader.remaining() + " bytes");
        }
        Type element = array.arrayElementType().orElseThrow();
        if (!(element instanceof Schema schema)) {
            for (int i = 0; i < count; i++) {
                skip(element);
            }
            return;
        }
        int[] hashes = new int[Math.max(0, count)];
        for (int i = 0; i < count; i++) {
            hashes[i] = walk(schema);
        }
        if (count > 0 && KEYS.containsKey(schema)) {
            fill(hashes);
        }
    }

    /** What the library does: a table for as many as there are, which grows with the last of them. */
    private void fill(int[] hashes) {
        if (hashes.length > MAX_PROBES / 2) {
            throw collision(hashes.length);
        }
        int capacity = Math.max(MIN_CAPACITY, 2 * hashes.length + 1);
        moves += moves(places(hashes, capacity));
        places(hashes, 2 * capacity + 1);
        if (moves > MAX_MOVES) {
            throw collision(hashes.length);
        }
    }

    /** @return for every place how many steps it took to find it, 0 if it is empty */
    private int[] places(int[] hashes, int capacity) {
        int[] places = new int[capacity];
        for (int hash : hashes) {
            int place = (hash & Integer.MAX_VALUE) % capacity;
            int steps = 1;
            while (places[place] != 0) {
                place = place + 1 == capacity ? 0 : place + 1;
                steps++;
            }
            places[place] = steps;
            probes += steps;
            if (probes > MAX_PROBES) {
                throw collision(hashes.length);
            }
        }
        return places;
    }

    /** When an element is taken out, each one behind it up to the next empty place finds its place again. */
    private static long moves(int[] places) {
        int empty = 0;
        while (places[empty] != 0) {
            empty++;
        }
        long moves = 0;
        long elements = 0;
        long steps = 0;
        for (int i = 1; i <= places.length; i++) {
            int taken = places[(empty + i) % places.length];
            if (taken == 0) {
                moves += elements * steps;
                elements = 0;
                steps = 0;
            } else {
                elements++;
                steps += taken;
            }
        }
        return moves;
    }

    private static IllegalArgumentException collision(int count) {
        return new IllegalArgumentException(
                "its keys are too many, too often equal, or collide: an array of " + count + " entries");
    }
}
