package io.sluice.core.topic;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.topic.TopicEntry.State;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * All topics: a state machine that is rebuilt by replaying its events.
 *
 * <p>One thread owns it and alone calls the requests ({@link #create}, {@link #alter}, {@link #addPartitions},
 * {@link #beginDelete}, {@link #finishDelete}) and {@link #replay}. A request changes nothing; it returns events. They are
 * to be replayed before the next request is decided, or two requests could each be granted what only one may have. The
 * queries {@link #byName}, {@link #byId}, {@link #all} and {@link #partitionCount} are for any thread and never block.
 *
 * <p>A topic that is being deleted is found by no query but {@link #deleting}, yet keeps its name until the deletion is
 * finished: its folders may still be there.
 */
public final class TopicCatalog {
    private final TopicConfig brokerDefaults;
    private final int defaultPartitions;
    private final TopicLimits limits;
    private final TopicTable table;

    /**
     * An empty catalog.
     *
     * @param brokerDefaults the settings of a topic that sets nothing itself
     * @param defaultPartitions how many partitions a topic gets that does not ask for a number
     * @param limits how much it takes
     */
    public TopicCatalog(TopicConfig brokerDefaults, int defaultPartitions, TopicLimits limits) {
        this.brokerDefaults = brokerDefaults;
        this.defaultPartitions = defaultPartitions;
        this.limits = limits;
        this.table = new TopicTable(brokerDefaults);
    }

    /**
     * Decides on a user's new topic.
     *
     * @param id the identity it is to have; the caller makes it up
     * @param nowMs the time, in ms since the epoch
     * @throws BrokerException INVALID_TOPIC, TOPIC_EXISTS, INVALID_PARTITIONS or INVALID_CONFIG
     */
    public TopicDecision create(NewTopic request, UUID id, long nowMs) {
        TopicName.requireForUsers(request.name());
        return decideCreate(request, id, nowMs);
    }

    /** As {@link #create}, for a topic of the broker's own, which has one of the names that are kept for those. */
    public TopicDecision createInternal(NewTopic request, UUID id, long nowMs) {
        TopicName.requireInternal(request.name());
        return decideCreate(request, id, nowMs);
    }

    private TopicDecision decideCreate(NewTopic request, UUID id, long nowMs) {
        requireFreeName(request.name());
        table.entry(id).ifPresent(holder -> {
            throw new IllegalArgumentException("the id " + id + " is taken by topic " + holder.name());
        });
        int partitions = request.partitions() == -1 ? defaultPartitions : request.partitions();
        if (partitions < 1) {
            throw new BrokerException(
                    ErrorCode.INVALID_PARTITIONS,
                    "topic " + request.name() + " cannot have " + Topic.counted(partitions)
                            + "; ask for at least 1, or -1 for the broker's default");
        }
        requirePartitionsAllowed(request.name(), partitions, partitions);
        TopicConfig config = TopicConfig.parse(request.config(), brokerDefaults);
        return decide(new TopicEntry(id, request.name(), partitions, config.overrides(), nowMs, State.ACTIVE), config);
    }

    /**
     * Decides on a change of a topic's settings, all or none: a value sets, an empty one goes back to the default. No
     * event comes of it if nothing changes.
     *
     * @throws BrokerException UNKNOWN_TOPIC or INVALID_CONFIG
     */
    public TopicDecision alter(String name, Map<String, Optional<String>> changes) {
        TopicEntry entry = requireActive(name);
        Map<String, String> overrides = new HashMap<>(entry.overrides());
        Map<String, String> unknown = new HashMap<>();
        changes.forEach((setting, value) -> {
            if (value.isPresent()) {
                overrides.put(setting, value.get());
            } else if (TopicSettings.PARSED.find(setting).isPresent()) {
                overrides.remove(setting);
            } else {
                // To take back what does not exist is a mistake worth the same message as to set it.
                unknown.put(setting, "");
            }
        });
        overrides.putAll(unknown);
        TopicConfig config = TopicConfig.parse(overrides, brokerDefaults);
        return config.overrides().equals(entry.overrides())
                ? new TopicDecision(List.of(), activeTopic(name))
                : decide(entry.withOverrides(config.overrides()), config);
    }

    /**
     * Decides on more partitions for a topic.
     *
     * @param total how many it is to have in all
     * @throws BrokerException UNKNOWN_TOPIC, or INVALID_PARTITIONS if that is not more than there are, or too many
     */
    public TopicDecision addPartitions(String name, int total) {
        TopicEntry entry = requireActive(name);
        if (total <= entry.partitions()) {
            throw new BrokerException(
                    ErrorCode.INVALID_PARTITIONS,
                    "topic " + name + " has " + Topic.counted(entry.partitions()) + "; " + total + " is not more");
        }
        requirePartitionsAllowed(name, total, total - entry.partitions());
        return decide(entry.withPartitions(total), activeTopic(name).config());
    }

    /**
     * Decides on a deletion: the topic can be found no more, its files are still there.
     *
     * @throws BrokerException UNKNOWN_TOPIC
     */
    public TopicDecision beginDelete(String name) {
        TopicEntry entry = requireActive(name);
        return new TopicDecision(List.of(new TopicEvent.Put(entry.deleting())), activeTopic(name));
    }

    /**
     * The events that end a deletion, once nothing of the topic is left on the disk. None if it has ended already.
     *
     * @throws IllegalStateException if the topic is active
     */
    public List<TopicEvent> finishDelete(UUID id) {
        Optional<TopicEntry> entry = table.entry(id);
        if (entry.isEmpty()) {
            return List.of();
        }
        if (entry.get().state() != State.DELETING) {
            throw new IllegalStateException("topic " + entry.get().name() + " is not being deleted");
        }
        return List.of(new TopicEvent.Removed(id));
    }

    /**
     * Takes over an event that is durable. Nothing else changes the catalog.
     *
     * @throws BrokerException DATA_CORRUPT if it contradicts what came before, INVALID_CONFIG if the topic
     *     has a setting that this broker does not know; then nothing changes
     */
    public void replay(TopicEvent event) {
        table.replay(event);
    }

    /** The topic of that name, unless it is being deleted. */
    public Optional<Topic> byName(String name) {
        return table.byName(name);
    }

    /** The topic of that identity, unless it is being deleted. */
    public Optional<Topic> byId(UUID id) {
        return table.byId(id);
    }

    /**
     * All topics by name, those being deleted left out. The list never changes; it is made once after each change of
     * the catalog, so that asking often costs nothing.
     */
    public List<Topic> all() {
        return table.all();
    }

    /** How many partitions there are, those being deleted included. */
    public long partitionCount() {
        return table.partitionCount();
    }

    /** The topics whose deletion is to be finished, by name. For the owner. */
    public List<TopicEntry> deleting() {
        return table.deleting();
    }

    private static TopicDecision decide(TopicEntry entry, TopicConfig config) {
        return new TopicDecision(List.of(new TopicEvent.Put(entry)), TopicTable.topic(entry, config));
    }

    private TopicEntry requireActive(String name) {
        return table.holderOf(name)
                .filter(holder -> holder.name().equals(name) && holder.state() == State.ACTIVE)
                .orElseThrow(() -> new BrokerException(ErrorCode.UNKNOWN_TOPIC, "there is no topic " + name));
    }

    private Topic activeTopic(String name) {
        return table.byName(name).orElseThrow();
    }

    private void requireFreeName(String name) {
        table.holderOf(name).ifPresent(holder -> {
            if (!holder.name().equals(name)) {
                throw new BrokerException(
                        ErrorCode.INVALID_TOPIC,
                        "topic name " + name + " collides with topic " + holder.name()
                                + ": '.' and '_' count as the same");
            }
            throw new BrokerException(
                    ErrorCode.TOPIC_EXISTS,
                    holder.state() == State.DELETING
                            ? "topic " + name + " is still being deleted"
                            : "topic " + name + " exists, with " + Topic.counted(holder.partitions()));
        });
    }

    private void requirePartitionsAllowed(String name, int total, int more) {
        if (total > limits.maxPartitionsPerTopic()) {
            throw new BrokerException(
                    ErrorCode.INVALID_PARTITIONS,
                    "topic " + name + " cannot have " + Topic.counted(total) + "; at most "
                            + limits.maxPartitionsPerTopic() + " are allowed (max.partitions.per.topic)");
        }
        if (table.partitionCount() + more > limits.maxPartitions()) {
            throw new BrokerException(
                    ErrorCode.INVALID_PARTITIONS,
                    "topic " + name + " cannot have " + Topic.counted(more) + " more: there are "
                            + table.partitionCount() + " and at most " + limits.maxPartitions()
                            + " are allowed (max.partitions)");
        }
    }
}
