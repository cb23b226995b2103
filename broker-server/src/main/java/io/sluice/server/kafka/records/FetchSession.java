package io.sluice.server.kafka.records;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchRequestData.ForgottenTopic;

/**
 * What a client fetches again and again, so that it need not name it each time (KIP-227). It belongs to one connection, and
 * ends with it: a client that comes back is told that the session is unknown, and begins another. For the connection's event
 * loop.
 */
final class FetchSession {
    static final int INITIAL_EPOCH = 0;
    static final int FINAL_EPOCH = -1;
    static final int NO_SESSION = 0;

    private final int id;
    private int epoch = 1;
    /** In the order in which they are read: what was answered last comes last. */
    private final Map<Key, Cached> partitions = new LinkedHashMap<>();

    /** A partition as the client names it: by the topic's id, or by its name where that is all there is. */
    record Key(Uuid topicId, String topic, int partition) {}

    /** What is known of a partition, and what the client was told of it last. */
    static final class Cached {
        private final Key key;
        private long fetchOffset;
        private int maxBytes;
        private int leaderEpoch;
        private long toldHighWatermark = -1;
        private long toldLogStart = -1;
        private boolean toldAnything;

        Cached(Key key, FetchPartition wish) {
            this.key = key;
            update(wish);
        }

        private void update(FetchPartition wish) {
            fetchOffset = wish.fetchOffset();
            maxBytes = wish.partitionMaxBytes();
            leaderEpoch = wish.currentLeaderEpoch();
        }

        Key key() {
            return key;
        }

        long fetchOffset() {
            return fetchOffset;
        }

        int maxBytes() {
            return maxBytes;
        }

        int leaderEpoch() {
            return leaderEpoch;
        }

        /** Whether the client would learn something from these, beside records and errors. */
        boolean isNews(long highWatermark, long logStart) {
            return !toldAnything || toldHighWatermark != highWatermark || toldLogStart != logStart;
        }

        void told(long highWatermark, long logStart) {
            toldAnything = true;
            toldHighWatermark = highWatermark;
            toldLogStart = logStart;
        }

        /** The client was told of an error: whatever comes next is news. */
        void toldError() {
            toldAnything = false;
        }
    }

    FetchSession(int id, FetchRequestData request) {
        this.id = id;
        update(request);
    }

    int id() {
        return id;
    }

    int epoch() {
        return epoch;
    }

    int size() {
        return partitions.size();
    }

    /** Takes over what an incremental request changes, and expects the next one. */
    void advance(FetchRequestData request) {
        epoch = epoch == Integer.MAX_VALUE ? 1 : epoch + 1;
        for (ForgottenTopic topic : request.forgottenTopicsData()) {
            for (int partition : topic.partitions()) {
                partitions.remove(new Key(topic.topicId(), topic.topic(), partition));
            }
        }
        update(request);
    }

    private void update(FetchRequestData request) {
        for (FetchTopic topic : request.topics()) {
            for (FetchPartition wish : topic.partitions()) {
                Key key = new Key(topic.topicId(), topic.topic(), wish.partition());
                Cached known = partitions.get(key);
                if (known == null) {
                    partitions.put(key, new Cached(key, wish));
                } else {
                    known.update(wish);
                }
            }
        }
    }

    List<Cached> inOrder() {
        return new ArrayList<>(partitions.values());
    }

    /** Whoever got records is asked last the next time, so that a busy partition does not starve the others. */
    void moveToEnd(Cached partition) {
        if (partitions.remove(partition.key()) != null) {
            partitions.put(partition.key(), partition);
        }
    }
}
