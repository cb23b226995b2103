package io.sluice.core.topic;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.topic.TopicEntry.State;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The state of a {@link TopicCatalog}: what its events add up to. {@link #replay} alone changes it.
 *
 * <p>One thread owns it and calls everything here but {@link #byName}, {@link #byId}, {@link #all} and
 * {@link #partitionCount}, which are for any thread and never block.
 */
final class TopicTable {
    private final TopicConfig brokerDefaults;

    // The owner's.
    private final Map<UUID, TopicEntry> entries = new HashMap<>();
    /** Invariant: the same entries by {@link TopicName#unified} name; no two share one. */
    private final Map<String, TopicEntry> byUnifiedName = new HashMap<>();

    // Written by the owner, read by everybody. Invariant: the active entries, with their settings parsed.
    private final ConcurrentSkipListMap<String, Topic> topicsByName = new ConcurrentSkipListMap<>();
    private final ConcurrentHashMap<UUID, Topic> topicsById = new ConcurrentHashMap<>();
    /** Invariant: the partitions of all entries, active or not. */
    private volatile long partitionCount;
    /** How many events were replayed. Moves after the maps have changed, so that no stale list looks fresh. */
    private volatile long version;

    private volatile Listing listing = new Listing(0, List.of());

    TopicTable(TopicConfig brokerDefaults) {
        this.brokerDefaults = brokerDefaults;
    }

    /** The topic of that identity, active or not. */
    Optional<TopicEntry> entry(UUID id) {
        return Optional.ofNullable(entries.get(id));
    }

    /** The topic of that name or of one that collides with it, active or not. */
    Optional<TopicEntry> holderOf(String name) {
        return Optional.ofNullable(byUnifiedName.get(TopicName.unified(name)));
    }

    /** See {@link TopicCatalog#replay}. */
    void replay(TopicEvent event) {
        if (event instanceof TopicEvent.Put put) {
            TopicEntry entry = put.entry();
            requirePossible(entry);
            // What is being deleted needs no settings, and must not stand in the way of a start.
            put(entry, entry.state() == State.ACTIVE ? parse(entry) : brokerDefaults);
        } else {
            remove(event.id());
        }
        version = version + 1;
    }

    Optional<Topic> byName(String name) {
        return Optional.ofNullable(topicsByName.get(name));
    }

    Optional<Topic> byId(UUID id) {
        return Optional.ofNullable(topicsById.get(id));
    }

    /** Each topic as it was at some moment of the call. */
    List<Topic> all() {
        long now = version;
        Listing last = listing;
        if (last.version == now) {
            return last.topics;
        }
        Listing fresh = new Listing(now, List.copyOf(topicsByName.values()));
        listing = fresh;
        return fresh.topics;
    }

    long partitionCount() {
        return partitionCount;
    }

    List<TopicEntry> deleting() {
        return entries.values().stream()
                .filter(entry -> entry.state() == State.DELETING)
                .sorted(Comparator.comparing(TopicEntry::name))
                .toList();
    }

    static Topic topic(TopicEntry entry, TopicConfig config) {
        return new Topic(entry.name(), entry.id(), entry.partitions(), config, entry.createdAtMs());
    }

    private void put(TopicEntry entry, TopicConfig config) {
        TopicEntry before = entries.put(entry.id(), entry);
        byUnifiedName.put(TopicName.unified(entry.name()), entry);
        partitionCount += entry.partitions() - (before == null ? 0 : before.partitions());
        if (entry.state() == State.ACTIVE) {
            Topic topic = topic(entry, config);
            topicsById.put(entry.id(), topic);
            topicsByName.put(entry.name(), topic);
        } else {
            hide(entry);
        }
    }

    private void remove(UUID id) {
        TopicEntry entry = entries.remove(id);
        if (entry == null) {
            // What the tombstone removes was compacted away before it.
            return;
        }
        byUnifiedName.remove(TopicName.unified(entry.name()));
        partitionCount -= entry.partitions();
        hide(entry);
    }

    private void hide(TopicEntry entry) {
        topicsByName.remove(entry.name());
        topicsById.remove(entry.id());
    }

    private TopicConfig parse(TopicEntry entry) {
        try {
            return TopicConfig.restore(entry.overrides(), brokerDefaults);
        } catch (BrokerException e) {
            throw new BrokerException(e.code(), "topic " + entry.name() + ": " + e.getMessage(), e);
        }
    }

    /** What no sequence of requests leads to means that the events are not ours, or not all there. */
    private void requirePossible(TopicEntry entry) {
        TopicEntry holder = byUnifiedName.get(TopicName.unified(entry.name()));
        if (holder != null && !holder.id().equals(entry.id())) {
            throw contradiction(entry, "its name belongs to topic " + holder.name() + ", " + holder.id());
        }
        TopicEntry before = entries.get(entry.id());
        if (before == null) {
            return;
        }
        if (!before.name().equals(entry.name())) {
            throw contradiction(entry, "it was called " + before.name());
        }
        if (before.partitions() > entry.partitions()) {
            throw contradiction(
                    entry, "it had " + Topic.counted(before.partitions()) + " and has " + entry.partitions() + " now");
        }
        if (before.state() == State.DELETING && entry.state() == State.ACTIVE) {
            throw contradiction(entry, "it was being deleted and is active now");
        }
    }

    private static BrokerException contradiction(TopicEntry entry, String what) {
        return new BrokerException(
                ErrorCode.DATA_CORRUPT,
                "the topic catalog contradicts itself: topic " + entry.name() + ", " + entry.id() + ": " + what);
    }

    /** The topics as they were after so many events. */
    private record Listing(long version, List<Topic> topics) {}
}
