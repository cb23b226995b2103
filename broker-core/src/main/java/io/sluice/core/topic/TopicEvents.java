package io.sluice.core.topic;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The records of the catalog's partition. All numbers are big-endian, all texts UTF-8.
 *
 * <pre>
 * key    16  the topic's id: the high 8 bytes, then the low ones
 *
 * value      absent for a topic that was removed, else:
 *         1  version, 1
 *         1  state: 0 active, 1 deleting
 *         4  partitions, at least 1
 *         8  created at, ms since the epoch
 *         2  bytes of the name, then the name
 *         4  number of overrides, then for each, in ascending order of names:
 *              2  bytes of the setting's name, then the name
 *              4  bytes of the value, then the value
 * </pre>
 */
public final class TopicEvents {
    private static final byte VERSION = 1;
    private static final int KEY_BYTES = 16;
    private static final int FIXED_BYTES = 1 + 1 + 4 + 8 + 2 + 4;
    private static final int MIN_OVERRIDE_BYTES = 2 + 4;

    private TopicEvents() {}

    /** The key of an event's record. */
    public static byte[] key(TopicEvent event) {
        UUID id = event.id();
        return ByteBuffer.allocate(KEY_BYTES)
                .putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits())
                .array();
    }

    /** The value of an event's record; empty for a tombstone. */
    public static Optional<byte[]> value(TopicEvent event) {
        return event instanceof TopicEvent.Put put ? Optional.of(encode(put.entry())) : Optional.empty();
    }

    /**
     * The event of a record.
     *
     * @param key its key
     * @param value its value, empty for a tombstone
     * @throws BrokerException DATA_CORRUPT if it is not one that {@link #key} and {@link #value} make
     */
    public static TopicEvent decode(ByteBuffer key, Optional<ByteBuffer> value) {
        if (key.remaining() != KEY_BYTES) {
            throw corrupt("its key has " + key.remaining() + " bytes instead of " + KEY_BYTES);
        }
        ByteBuffer keyView = key.duplicate();
        UUID id = new UUID(keyView.getLong(), keyView.getLong());
        if (value.isEmpty()) {
            return new TopicEvent.Removed(id);
        }
        try {
            return new TopicEvent.Put(decodeEntry(id, value.get().duplicate()));
        } catch (BufferUnderflowException e) {
            throw corrupt("topic " + id + ": the value ends too early");
        } catch (CharacterCodingException e) {
            throw corrupt("topic " + id + ": a text is not UTF-8");
        }
    }

    private static byte[] encode(TopicEntry entry) {
        byte[] name = utf8(entry.name());
        List<byte[]> texts = new ArrayList<>();
        int size = FIXED_BYTES + name.length;
        for (Map.Entry<String, String> override : entry.overrides().entrySet()) {
            byte[] setting = utf8(override.getKey());
            byte[] value = utf8(override.getValue());
            texts.add(setting);
            texts.add(value);
            size += MIN_OVERRIDE_BYTES + setting.length + value.length;
        }
        ByteBuffer target = ByteBuffer.allocate(size)
                .put(VERSION)
                .put((byte) entry.state().code())
                .putInt(entry.partitions())
                .putLong(entry.createdAtMs())
                .putShort(shortLength(name))
                .put(name)
                .putInt(entry.overrides().size());
        for (int i = 0; i < texts.size(); i += 2) {
            byte[] setting = texts.get(i);
            byte[] value = texts.get(i + 1);
            target.putShort(shortLength(setting)).put(setting);
            target.putInt(value.length).put(value);
        }
        assert !target.hasRemaining() : target;
        return target.array();
    }

    private static TopicEntry decodeEntry(UUID id, ByteBuffer source) throws CharacterCodingException {
        byte version = source.get();
        if (version != VERSION) {
            throw corrupt("topic " + id + ": version " + version + " is unknown, this broker knows " + VERSION
                    + "; a newer broker may have written it");
        }
        byte state = source.get();
        if (state != TopicEntry.State.ACTIVE.code() && state != TopicEntry.State.DELETING.code()) {
            throw corrupt("topic " + id + ": state " + state + " is unknown");
        }
        int partitions = source.getInt();
        if (partitions < 1) {
            throw corrupt("topic " + id + ": it has " + partitions + " partitions");
        }
        long createdAtMs = source.getLong();
        String name = text(source, Short.toUnsignedInt(source.getShort()));
        requireName(id, name);
        Map<String, String> overrides = overrides(id, source);
        if (source.hasRemaining()) {
            throw corrupt("topic " + id + ": " + source.remaining() + " bytes are left over");
        }
        return new TopicEntry(
                id,
                name,
                partitions,
                overrides,
                createdAtMs,
                state == TopicEntry.State.ACTIVE.code() ? TopicEntry.State.ACTIVE : TopicEntry.State.DELETING);
    }

    private static Map<String, String> overrides(UUID id, ByteBuffer source) throws CharacterCodingException {
        int count = source.getInt();
        if (count < 0 || count > source.remaining() / MIN_OVERRIDE_BYTES) {
            throw corrupt("topic " + id + ": " + count + " overrides do not fit " + source.remaining() + " bytes");
        }
        TreeMap<String, String> overrides = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            String setting = text(source, Short.toUnsignedInt(source.getShort()));
            String value = text(source, source.getInt());
            if (!overrides.isEmpty() && overrides.lastKey().compareTo(setting) >= 0) {
                throw corrupt("topic " + id + ": the overrides are not in ascending order");
            }
            overrides.put(setting, value);
        }
        return overrides;
    }

    /** A name becomes a folder, so what came from the disk is held to the rules as well. */
    private static void requireName(UUID id, String name) {
        try {
            TopicName.requireValid(name);
        } catch (BrokerException e) {
            throw corrupt("topic " + id + ": " + e.getMessage());
        }
    }

    private static String text(ByteBuffer source, int length) throws CharacterCodingException {
        if (length < 0 || length > source.remaining()) {
            throw new BufferUnderflowException();
        }
        ByteBuffer bytes = source.slice().limit(length);
        source.position(source.position() + length);
        return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static short shortLength(byte[] bytes) {
        if (bytes.length > 0xffff) {
            throw new IllegalArgumentException("a name of " + bytes.length + " bytes is too long for the catalog");
        }
        return (short) bytes.length;
    }

    private static BrokerException corrupt(String what) {
        return new BrokerException(ErrorCode.DATA_CORRUPT, "a record of the topic catalog makes no sense: " + what);
    }
}
