package io.sluice.groups;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.groups.classic.Generation;
import io.sluice.groups.classic.Generation.SettledMember;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The records of a coordinator's partition. All numbers are big-endian; a text is 4 bytes of its length and then UTF-8, bytes
 * are 4 bytes of their length and then they themselves.
 *
 * <pre>
 * key of a position    1  kind, 1
 *                         group (text), topic (text)
 *                      4  partition
 * value                1  version, 1
 *                     16  the topic's id: the high 8 bytes, then the low ones
 *                      8  offset
 *                      4  leader epoch, or -1
 *                         metadata (text)
 *                      8  committed at, ms since the epoch
 *
 * key of a generation  1  kind, 2
 *                         group (text)
 * value                1  version, 1
 *                      4  generation
 *                         protocol type, protocol, leader (texts)
 *                      8  since, ms since the epoch
 *                      4  number of members, then for each:
 *                            id, instance id, client id, client host (texts)
 *                         4  rebalance timeout, ms
 *                         4  session timeout, ms
 *                            subscription, assignment (bytes)
 * </pre>
 *
 * <p>A tombstone forgets what its key stands for.
 */
public final class GroupEvents {
    private static final byte POSITION = 1;
    private static final byte GENERATION = 2;
    private static final byte VERSION = 1;
    private static final int MIN_MEMBER_BYTES = 4 * 4 + 4 + 4 + 4 + 4;

    private GroupEvents() {}

    /** The key of an event's record. */
    public static byte[] key(GroupEvent event) {
        if (event instanceof GroupEvent.Committed committed) {
            return positionKey(committed.group(), committed.partition());
        }
        if (event instanceof GroupEvent.Forgotten forgotten) {
            return positionKey(forgotten.group(), forgotten.partition());
        }
        byte[] group = utf8(event.group());
        ByteBuffer key = ByteBuffer.allocate(1 + sizeOf(group)).put(GENERATION);
        put(key, group);
        return key.array();
    }

    private static byte[] positionKey(String group, TopicPartition partition) {
        byte[] groupBytes = utf8(group);
        byte[] topic = utf8(partition.topic());
        ByteBuffer key = ByteBuffer.allocate(1 + sizeOf(groupBytes) + sizeOf(topic) + Integer.BYTES)
                .put(POSITION);
        put(key, groupBytes);
        put(key, topic);
        return key.putInt(partition.partition()).array();
    }

    /** The value of an event's record; empty for a tombstone. */
    public static Optional<byte[]> value(GroupEvent event) {
        if (event instanceof GroupEvent.Committed committed) {
            return Optional.of(encode(committed.position()));
        }
        if (event instanceof GroupEvent.Settled settled) {
            return Optional.of(encode(settled.generation()));
        }
        return Optional.empty();
    }

    private static byte[] encode(CommittedOffset position) {
        byte[] metadata = utf8(position.metadata());
        ByteBuffer value = ByteBuffer.allocate(1 + 16 + 8 + 4 + sizeOf(metadata) + 8)
                .put(VERSION)
                .putLong(position.topicId().getMostSignificantBits())
                .putLong(position.topicId().getLeastSignificantBits())
                .putLong(position.offset())
                .putInt(position.leaderEpoch());
        put(value, metadata);
        return value.putLong(position.committedAtMs()).array();
    }

    private static byte[] encode(Generation generation) {
        List<byte[]> texts = new ArrayList<>();
        texts.add(utf8(generation.protocolType()));
        texts.add(utf8(generation.protocol()));
        texts.add(utf8(generation.leader()));
        int size = 1 + 4 + 8 + 4;
        for (SettledMember member : generation.members()) {
            texts.add(utf8(member.id()));
            texts.add(utf8(member.instanceId()));
            texts.add(utf8(member.clientId()));
            texts.add(utf8(member.clientHost()));
            size += 4 + 4 + sizeOf(member.subscription()) + sizeOf(member.assignment());
        }
        for (byte[] text : texts) {
            size += sizeOf(text);
        }
        ByteBuffer value = ByteBuffer.allocate(size).put(VERSION).putInt(generation.number());
        texts.subList(0, 3).forEach(text -> put(value, text));
        value.putLong(generation.sinceMs()).putInt(generation.members().size());
        int at = 3;
        for (SettledMember member : generation.members()) {
            texts.subList(at, at + 4).forEach(text -> put(value, text));
            at += 4;
            value.putInt(member.rebalanceTimeoutMs()).putInt(member.sessionTimeoutMs());
            put(value, member.subscription());
            put(value, member.assignment());
        }
        return value.array();
    }

    /**
     * The event of a record.
     *
     * @param key its key
     * @param value its value, empty for a tombstone
     * @throws BrokerException DATA_CORRUPT if it is not one that {@link #key} and {@link #value} make
     */
    public static GroupEvent decode(ByteBuffer key, Optional<ByteBuffer> value) {
        try {
            ByteBuffer keyView = key.duplicate();
            byte kind = keyView.get();
            GroupEvent event;
            if (kind == POSITION) {
                String group = text(keyView);
                TopicPartition partition = new TopicPartition(text(keyView), keyView.getInt());
                event = value.isEmpty()
                        ? new GroupEvent.Forgotten(group, partition)
                        : new GroupEvent.Committed(
                                group, partition, position(value.get().duplicate()));
            } else if (kind == GENERATION) {
                String group = text(keyView);
                event = value.isEmpty()
                        ? new GroupEvent.Removed(group)
                        : new GroupEvent.Settled(group, generation(value.get().duplicate()));
            } else {
                throw corrupt("a key of kind " + kind + " is unknown; a newer broker may have written it");
            }
            requireEnd(keyView);
            return event;
        } catch (BufferUnderflowException e) {
            throw corrupt("it ends too early");
        } catch (CharacterCodingException e) {
            throw corrupt("a text is not UTF-8");
        }
    }

    private static CommittedOffset position(ByteBuffer source) throws CharacterCodingException {
        requireVersion(source);
        UUID topicId = new UUID(source.getLong(), source.getLong());
        long offset = source.getLong();
        int leaderEpoch = source.getInt();
        String metadata = text(source);
        CommittedOffset position = new CommittedOffset(topicId, offset, leaderEpoch, metadata, source.getLong());
        requireEnd(source);
        return position;
    }

    private static Generation generation(ByteBuffer source) throws CharacterCodingException {
        requireVersion(source);
        int number = source.getInt();
        String protocolType = text(source);
        String protocol = text(source);
        String leader = text(source);
        long sinceMs = source.getLong();
        int count = source.getInt();
        if (count < 0 || count > source.remaining() / MIN_MEMBER_BYTES) {
            throw corrupt(count + " members do not fit " + source.remaining() + " bytes");
        }
        List<SettledMember> members = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            members.add(new SettledMember(
                    text(source),
                    text(source),
                    text(source),
                    text(source),
                    source.getInt(),
                    source.getInt(),
                    bytes(source),
                    bytes(source)));
        }
        requireEnd(source);
        return new Generation(number, protocolType, protocol, leader, members, sinceMs);
    }

    private static void requireVersion(ByteBuffer source) {
        byte version = source.get();
        if (version != VERSION) {
            throw corrupt("version " + version + " is unknown, this broker knows " + VERSION
                    + "; a newer broker may have written it");
        }
    }

    private static void requireEnd(ByteBuffer source) {
        if (source.hasRemaining()) {
            throw corrupt(source.remaining() + " bytes are left over");
        }
    }

    private static int sizeOf(byte[] bytes) {
        return Integer.BYTES + bytes.length;
    }

    private static void put(ByteBuffer target, byte[] bytes) {
        target.putInt(bytes.length).put(bytes);
    }

    private static byte[] bytes(ByteBuffer source) {
        int length = source.getInt();
        if (length < 0 || length > source.remaining()) {
            throw new BufferUnderflowException();
        }
        byte[] bytes = new byte[length];
        source.get(bytes);
        return bytes;
    }

    private static String text(ByteBuffer source) throws CharacterCodingException {
        return StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(bytes(source)))
                .toString();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static BrokerException corrupt(String what) {
        return new BrokerException(ErrorCode.DATA_CORRUPT, "a record of a group coordinator makes no sense: " + what);
    }
}
