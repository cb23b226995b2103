package io.sluice.groups;

import io.sluice.core.TopicPartition;
import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.classic.Generation;
import io.sluice.groups.classic.Generation.SettledMember;
import io.sluice.groups.classic.Protocol;
import io.sluice.groups.consumer.MemberState;
import io.sluice.groups.consumer.MemberState.Client;
import io.sluice.groups.consumer.MemberState.Kind;
import io.sluice.groups.consumer.MemberState.Phase;
import io.sluice.groups.consumer.MemberState.Standing;
import io.sluice.groups.consumer.MemberState.Subscription;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
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
 * <pre>
 * key of an epoch      1  kind, 3
 *                         group (text)
 * value                1  version, 1
 *                      4  epoch
 *
 * key of a member      1  kind, 4
 *                         group, member id (texts)
 * value                1  version, 1
 *                      1  protocol: 0 consumer, 1 classic, 2 HTTP
 *                         instance id, rack, client id, client host (texts)
 *                      4  rebalance timeout, ms
 *                      4  session timeout, ms
 *                      4  number of topics, then their names (texts)
 *                         regex, assignor (texts)
 *                      4  number of classic protocols, then for each: name (text), metadata (bytes)
 *                      4  epoch
 *                      4  previous epoch
 *                      1  phase: 0 stable, 1 unrevoked, 2 unreleased
 *                         assigned, revoking, target (partitions)
 *
 * key of a snapshot    1  kind, 5
 *                         group, name (texts)
 * value                1  version, 1
 *                      8  taken at, ms since the epoch
 *                      4  number of positions, then for each:
 *                            topic (text)
 *                         4  partition
 *                            what the value of a position has after its version
 *
 * partitions           4  number of partitions, then for each:
 *                        16  the topic's id
 *                         4  partition
 *                         4  epoch since when; of a target always 0
 * </pre>
 *
 * <p>A tombstone forgets what its key stands for.
 */
public final class GroupEvents {
    private static final byte POSITION = 1;
    private static final byte GENERATION = 2;
    private static final byte EPOCH = 3;
    private static final byte MEMBER = 4;
    private static final byte SNAPSHOT = 5;
    private static final byte VERSION = 1;

    private static final int PARTITION_BYTES = 2 * Long.BYTES + 2 * Integer.BYTES;
    /** By the numbers that stand for them in the log. */
    private static final List<Kind> KINDS = List.of(Kind.CONSUMER, Kind.CLASSIC, Kind.HTTP);

    private static final List<Phase> PHASES = List.of(Phase.STABLE, Phase.UNREVOKED, Phase.UNRELEASED);

    private GroupEvents() {}

    /** The key of an event's record. */
    public static byte[] key(GroupEvent event) {
        if (event instanceof GroupEvent.Committed committed) {
            return positionKey(committed.group(), committed.partition());
        }
        if (event instanceof GroupEvent.Forgotten forgotten) {
            return positionKey(forgotten.group(), forgotten.partition());
        }
        if (event instanceof GroupEvent.MemberChanged changed) {
            return key(MEMBER, event.group(), changed.member().id());
        }
        if (event instanceof GroupEvent.MemberGone gone) {
            return key(MEMBER, event.group(), gone.memberId());
        }
        if (event instanceof GroupEvent.SnapshotTaken taken) {
            return key(SNAPSHOT, event.group(), taken.name());
        }
        if (event instanceof GroupEvent.SnapshotForgotten forgotten) {
            return key(SNAPSHOT, event.group(), forgotten.name());
        }
        boolean ofEpochs = event instanceof GroupEvent.EpochBegun || event instanceof GroupEvent.EpochsEnded;
        return key(ofEpochs ? EPOCH : GENERATION, event.group());
    }

    private static byte[] key(byte kind, String... texts) {
        EventOutput key = new EventOutput().putByte(kind);
        for (String text : texts) {
            key.putText(text);
        }
        return key.toArray();
    }

    private static byte[] positionKey(String group, TopicPartition partition) {
        return new EventOutput()
                .putByte(POSITION)
                .putText(group)
                .putText(partition.topic())
                .putInt(partition.partition())
                .toArray();
    }

    /** The value of an event's record; empty for a tombstone. */
    public static Optional<byte[]> value(GroupEvent event) {
        EventOutput value = new EventOutput().putByte(VERSION);
        if (event instanceof GroupEvent.Committed committed) {
            put(value, committed.position());
        } else if (event instanceof GroupEvent.Settled settled) {
            put(value, settled.generation());
        } else if (event instanceof GroupEvent.EpochBegun begun) {
            value.putInt(begun.epoch());
        } else if (event instanceof GroupEvent.MemberChanged changed) {
            put(value, changed.member());
        } else if (event instanceof GroupEvent.SnapshotTaken taken) {
            put(value, taken.snapshot());
        } else {
            return Optional.empty();
        }
        return Optional.of(value.toArray());
    }

    private static void put(EventOutput out, CommittedOffset position) {
        put(out, position.topicId());
        out.putLong(position.offset())
                .putInt(position.leaderEpoch())
                .putText(position.metadata())
                .putLong(position.committedAtMs());
    }

    private static void put(EventOutput out, UUID id) {
        out.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
    }

    private static void put(EventOutput out, Generation generation) {
        out.putInt(generation.number())
                .putText(generation.protocolType())
                .putText(generation.protocol())
                .putText(generation.leader())
                .putLong(generation.sinceMs())
                .putAll(
                        generation.members(),
                        member -> out.putText(member.id())
                                .putText(member.instanceId())
                                .putText(member.clientId())
                                .putText(member.clientHost())
                                .putInt(member.rebalanceTimeoutMs())
                                .putInt(member.sessionTimeoutMs())
                                .putBytes(member.subscription())
                                .putBytes(member.assignment()));
    }

    private static void put(EventOutput out, MemberState member) {
        Client client = member.client();
        Subscription wish = member.subscription();
        Standing standing = member.standing();
        out.putByte(KINDS.indexOf(member.kind()))
                .putText(client.instanceId())
                .putText(client.rackId())
                .putText(client.clientId())
                .putText(client.clientHost())
                .putInt(client.rebalanceTimeoutMs())
                .putInt(client.sessionTimeoutMs())
                .putAll(wish.topics(), out::putText)
                .putText(wish.regex())
                .putText(wish.assignor())
                .putAll(wish.protocols(), one -> out.putText(one.name()).putBytes(one.metadata()))
                .putInt(standing.epoch())
                .putInt(standing.previousEpoch())
                .putByte(PHASES.indexOf(standing.phase()));
        put(out, standing.assigned());
        put(out, standing.revoking());
        Map<TopicIdPartition, Integer> target = new HashMap<>();
        member.target().forEach(partition -> target.put(partition, 0));
        put(out, target);
    }

    private static void put(EventOutput out, Map<TopicIdPartition, Integer> partitions) {
        out.putAll(new TreeMap<>(partitions).entrySet(), entry -> {
            put(out, entry.getKey().topicId());
            out.putInt(entry.getKey().partition()).putInt(entry.getValue());
        });
    }

    private static void put(EventOutput out, Snapshot snapshot) {
        out.putLong(snapshot.takenAtMs()).putAll(new TreeMap<>(snapshot.positions()).entrySet(), entry -> {
            out.putText(entry.getKey().topic()).putInt(entry.getKey().partition());
            put(out, entry.getValue());
        });
    }

    /** How many bytes the positions of a snapshot take. */
    static long sizeOf(Map<TopicPartition, CommittedOffset> positions) {
        long bytes = 0;
        for (Map.Entry<TopicPartition, CommittedOffset> entry : positions.entrySet()) {
            EventOutput one = new EventOutput().putText(entry.getKey().topic()).putInt(0);
            put(one, entry.getValue());
            bytes += one.toArray().length;
        }
        return bytes;
    }

    /**
     * The event of a record.
     *
     * @param key its key
     * @param value its value, empty for a tombstone
     * @throws io.sluice.core.BrokerException DATA_CORRUPT if it is not one that {@link #key} and {@link #value} make
     */
    public static GroupEvent decode(ByteBuffer key, Optional<ByteBuffer> value) {
        EventInput keyInput = new EventInput(key);
        Optional<EventInput> valueInput = value.map(EventInput::new);
        valueInput.ifPresent(GroupEvents::requireVersion);
        GroupEvent event = decode(keyInput, valueInput);
        keyInput.requireEnd();
        valueInput.ifPresent(EventInput::requireEnd);
        return event;
    }

    private static GroupEvent decode(EventInput key, Optional<EventInput> value) {
        byte kind = key.getByte();
        if (kind < POSITION || kind > SNAPSHOT) {
            throw EventInput.corrupt("a key of kind " + kind + " is unknown; a newer broker may have written it");
        }
        String group = key.getText();
        switch (kind) {
            case POSITION -> {
                TopicPartition partition = partition(key);
                return value.<GroupEvent>map(in -> new GroupEvent.Committed(group, partition, position(in)))
                        .orElseGet(() -> new GroupEvent.Forgotten(group, partition));
            }
            case GENERATION -> {
                return value.<GroupEvent>map(in -> new GroupEvent.Settled(group, generation(in)))
                        .orElseGet(() -> new GroupEvent.Removed(group));
            }
            case EPOCH -> {
                return value.<GroupEvent>map(in -> new GroupEvent.EpochBegun(group, in.getInt()))
                        .orElseGet(() -> new GroupEvent.EpochsEnded(group));
            }
            case MEMBER -> {
                String id = key.getText();
                return value.<GroupEvent>map(in -> new GroupEvent.MemberChanged(group, member(id, in)))
                        .orElseGet(() -> new GroupEvent.MemberGone(group, id));
            }
            default -> {
                String name = key.getText();
                return value.<GroupEvent>map(in -> new GroupEvent.SnapshotTaken(group, name, snapshot(in)))
                        .orElseGet(() -> new GroupEvent.SnapshotForgotten(group, name));
            }
        }
    }

    private static void requireVersion(EventInput value) {
        byte version = value.getByte();
        if (version != VERSION) {
            throw EventInput.corrupt("version " + version + " is unknown, this broker knows " + VERSION
                    + "; a newer broker may have written it");
        }
    }

    private static TopicPartition partition(EventInput in) {
        String topic = in.getText();
        int partition = in.getInt();
        if (partition < 0) {
            throw EventInput.corrupt("partition " + partition);
        }
        return new TopicPartition(topic, partition);
    }

    private static UUID id(EventInput in) {
        return new UUID(in.getLong(), in.getLong());
    }

    private static CommittedOffset position(EventInput in) {
        return new CommittedOffset(id(in), in.getLong(), in.getInt(), in.getText(), in.getLong());
    }

    private static Generation generation(EventInput in) {
        int number = in.getInt();
        String protocolType = in.getText();
        String protocol = in.getText();
        String leader = in.getText();
        long sinceMs = in.getLong();
        List<SettledMember> members = in.getAll(
                8 * Integer.BYTES,
                () -> new SettledMember(
                        in.getText(),
                        in.getText(),
                        in.getText(),
                        in.getText(),
                        in.getInt(),
                        in.getInt(),
                        in.getBytes(),
                        in.getBytes()));
        return new Generation(number, protocolType, protocol, leader, members, sinceMs);
    }

    private static MemberState member(String id, EventInput in) {
        Kind kind = oneOf(KINDS, in.getByte(), "protocol");
        Client client = new Client(in.getText(), in.getText(), in.getText(), in.getText(), in.getInt(), in.getInt());
        Subscription wish = new Subscription(
                in.getAll(Integer.BYTES, in::getText),
                in.getText(),
                in.getText(),
                in.getAll(2 * Integer.BYTES, () -> new Protocol(in.getText(), in.getBytes())));
        Standing standing = new Standing(
                in.getInt(), in.getInt(), oneOf(PHASES, in.getByte(), "phase"), partitions(in), partitions(in));
        return new MemberState(id, kind, client, wish, standing, partitions(in).keySet());
    }

    private static <T> T oneOf(List<T> all, byte index, String what) {
        if (index < 0 || index >= all.size()) {
            throw EventInput.corrupt("a " + what + " of number " + index + " is unknown");
        }
        return all.get(index);
    }

    private static Map<TopicIdPartition, Integer> partitions(EventInput in) {
        Map<TopicIdPartition, Integer> all = new HashMap<>();
        in.getAll(PARTITION_BYTES, () -> all.put(new TopicIdPartition(id(in), in.getInt()), in.getInt()));
        return all;
    }

    private static Snapshot snapshot(EventInput in) {
        long takenAtMs = in.getLong();
        Map<TopicPartition, CommittedOffset> positions = new HashMap<>();
        in.getAll(PARTITION_BYTES, () -> positions.put(partition(in), position(in)));
        return new Snapshot(takenAtMs, positions);
    }
}
