package io.sluice.server.kafka.groups;

import io.sluice.core.Broker;
import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import io.sluice.groups.CommittedOffset;
import io.sluice.groups.GroupCoordinator;
import io.sluice.groups.GroupError;
import io.sluice.groups.Offsets;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.Gather;
import io.sluice.server.kafka.KafkaErrors;
import io.sluice.server.kafka.TopicNames;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopic;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseGroup;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponsePartition;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponsePartitions;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseTopic;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseTopics;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/**
 * OffsetFetch: tells the positions of a group, or from version 8 on of several. From version 10 on topics are named by their
 * ids. A position that there is not is -1.
 */
public final class OffsetFetchApi implements ApiHandler<OffsetFetchRequestData> {
    private static final short FIRST_WITH_ERROR = 2;
    private static final short FIRST_WITH_MANY = 8;
    private static final short FIRST_WITH_MEMBER = 9;
    private static final short FIRST_WITH_IDS = 10;
    private static final long NO_POSITION = -1;

    private final Broker broker;
    private final GroupCoordinator groups;

    public OffsetFetchApi(Broker broker, GroupCoordinator groups) {
        this.broker = broker;
        this.groups = groups;
    }

    @Override
    public CompletableFuture<? extends ApiMessage> handle(ApiRequest<OffsetFetchRequestData> request) {
        OffsetFetchRequestData data = request.message();
        short version = request.version();
        if (version < FIRST_WITH_MANY) {
            OffsetFetchRequestGroup only = new OffsetFetchRequestGroup().setGroupId(data.groupId());
            only.setTopics(data.topics() == null ? null : grouped(data.topics()));
            OffsetFetchResponseGroup answer = new OffsetFetchResponseGroup();
            return fetch(only, answer, version).thenApply(done -> oldForm(answer, only, version));
        }
        OffsetFetchResponseData response = new OffsetFetchResponseData();
        Gather gather = new Gather(response);
        Set<String> whole = new HashSet<>();
        for (OffsetFetchRequestGroup group : data.groups()) {
            if (group.topics() == null && !whole.add(group.groupId())) {
                // All its positions are in the answer already.
                continue;
            }
            OffsetFetchResponseGroup answer = new OffsetFetchResponseGroup();
            response.groups().add(answer);
            gather.add(fetch(group, answer, version), (done, failure) -> {});
        }
        return gather.seal();
    }

    private static List<OffsetFetchRequestTopics> grouped(List<OffsetFetchRequestTopic> topics) {
        List<OffsetFetchRequestTopics> all = new ArrayList<>();
        for (OffsetFetchRequestTopic topic : topics) {
            all.add(new OffsetFetchRequestTopics().setName(topic.name()).setPartitionIndexes(topic.partitionIndexes()));
        }
        return all;
    }

    /** A topic that is asked about, as the client named it. */
    private record Asked(String name, Uuid id, Optional<Topic> topic, List<Integer> partitions) {}

    private CompletableFuture<Void> fetch(
            OffsetFetchRequestGroup group, OffsetFetchResponseGroup answer, short version) {
        answer.setGroupId(group.groupId());
        if (group.topics() == null) {
            return positions(group, Optional.empty(), version).thenAccept(fetched -> {
                answer.setErrorCode(KafkaErrors.of(fetched.error()).code());
                tellAll(fetched, answer);
            });
        }
        List<Asked> asked = new ArrayList<>();
        List<TopicPartition> wanted = new ArrayList<>();
        for (OffsetFetchRequestTopics one : group.topics()) {
            boolean byId = version >= FIRST_WITH_IDS;
            Optional<Topic> topic = byId ? TopicNames.find(broker, one.topicId()) : broker.topic(one.name());
            asked.add(new Asked(one.name(), one.topicId(), topic, one.partitionIndexes()));
            String name = byId ? topic.map(Topic::name).orElse("") : one.name();
            one.partitionIndexes().stream()
                    .filter(OffsetFetchApi::isPossible)
                    .forEach(partition -> wanted.add(new TopicPartition(name, partition)));
        }
        return positions(group, Optional.of(wanted), version).thenAccept(fetched -> {
            answer.setErrorCode(KafkaErrors.of(fetched.error()).code());
            if (fetched.error() == GroupError.NONE || version < FIRST_WITH_MANY) {
                asked.forEach(one -> tell(one, fetched, answer, version));
            }
        });
    }

    private CompletableFuture<Offsets.Fetched> positions(
            OffsetFetchRequestGroup group, Optional<List<TopicPartition>> wanted, short version) {
        boolean saysWho = version >= FIRST_WITH_MEMBER;
        return groups.positions(
                group.groupId(),
                saysWho ? Texts.orEmpty(group.memberId()) : "",
                saysWho ? group.memberEpoch() : -1,
                wanted);
    }

    /** A client may ask for any number. */
    private static boolean isPossible(int partition) {
        return partition >= 0;
    }

    private void tellAll(Offsets.Fetched fetched, OffsetFetchResponseGroup answer) {
        Map<String, OffsetFetchResponseTopics> topics = new TreeMap<>();
        fetched.positions().forEach((partition, position) -> {
            Optional<Topic> topic = broker.topic(partition.topic());
            if (topic.isEmpty() || !topic.get().id().equals(position.topicId())) {
                return;
            }
            topics.computeIfAbsent(
                            partition.topic(),
                            name -> new OffsetFetchResponseTopics()
                                    .setName(name)
                                    .setTopicId(TopicNames.idOf(topic.get())))
                    .partitions()
                    .add(entry(partition.partition(), Optional.of(position)));
        });
        topics.values()
                .forEach(topic -> topic.partitions()
                        .sort(java.util.Comparator.comparingInt(OffsetFetchResponsePartitions::partitionIndex)));
        answer.topics().addAll(topics.values());
    }

    private static void tell(Asked asked, Offsets.Fetched fetched, OffsetFetchResponseGroup answer, short version) {
        OffsetFetchResponseTopics topic =
                new OffsetFetchResponseTopics().setName(asked.name()).setTopicId(asked.id());
        answer.topics().add(topic);
        boolean byId = version >= FIRST_WITH_IDS;
        for (int partition : asked.partitions()) {
            if (byId && asked.topic().isEmpty()) {
                topic.partitions().add(entry(partition, Optional.empty()).setErrorCode(Errors.UNKNOWN_TOPIC_ID.code()));
                continue;
            }
            String name = byId ? asked.topic().orElseThrow().name() : asked.name();
            Optional<CommittedOffset> position = isPossible(partition)
                    ? Optional.ofNullable(fetched.positions().get(new TopicPartition(name, partition)))
                    : Optional.empty();
            // What was committed to a topic of the name before means nothing in this one.
            boolean current = position.isPresent()
                    && asked.topic().isPresent()
                    && asked.topic().get().id().equals(position.get().topicId());
            topic.partitions().add(entry(partition, current ? position : Optional.empty()));
        }
    }

    private static OffsetFetchResponsePartitions entry(int partition, Optional<CommittedOffset> position) {
        return new OffsetFetchResponsePartitions()
                .setPartitionIndex(partition)
                .setCommittedOffset(position.map(CommittedOffset::offset).orElse(NO_POSITION))
                .setCommittedLeaderEpoch(
                        position.map(CommittedOffset::leaderEpoch).orElse(-1))
                .setMetadata(position.map(CommittedOffset::metadata).orElse(""));
    }

    /** The answer about one group as it was before there could be several. */
    private static OffsetFetchResponseData oldForm(
            OffsetFetchResponseGroup group, OffsetFetchRequestGroup request, short version) {
        OffsetFetchResponseData response = new OffsetFetchResponseData();
        boolean perPartition = version < FIRST_WITH_ERROR;
        if (!perPartition) {
            response.setErrorCode(group.errorCode());
        }
        Map<String, OffsetFetchResponseTopic> topics = new LinkedHashMap<>();
        for (OffsetFetchResponseTopics topic : group.topics()) {
            OffsetFetchResponseTopic old =
                    topics.computeIfAbsent(topic.name(), name -> new OffsetFetchResponseTopic().setName(name));
            for (OffsetFetchResponsePartitions partition : topic.partitions()) {
                old.partitions()
                        .add(new OffsetFetchResponsePartition()
                                .setPartitionIndex(partition.partitionIndex())
                                .setCommittedOffset(partition.committedOffset())
                                .setCommittedLeaderEpoch(version >= 5 ? partition.committedLeaderEpoch() : -1)
                                .setMetadata(partition.metadata())
                                .setErrorCode(perPartition ? group.errorCode() : partition.errorCode()));
            }
        }
        response.topics().addAll(topics.values());
        return response;
    }
}
