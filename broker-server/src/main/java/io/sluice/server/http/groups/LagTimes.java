package io.sluice.server.http.groups;

import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatches;
import io.sluice.core.topic.Topic;
import io.sluice.server.http.JsonAnswer;
import io.vertx.core.Future;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Since when records wait that a group has not done: the time of the first record in the batch at which the group stands, which is read
 * from the batch's header. What has been found is kept, for it does not change. Safe on any event loop.
 */
final class LagTimes {
    /** How many batches are looked at for one request; the others are for the next one. */
    static final int MAX_READS = 64;

    /** How long a request waits for that; what comes later is kept for the next one. */
    private static final long MAX_WAIT_MS = 100;

    private static final int MAX_KEPT = 20_000;
    /** A read of one byte gives no more than the header of a batch, if the batch is not in memory anyway. */
    private static final int HEADER_ONLY = 1;

    private final Broker broker;
    private final Reader reader;
    private final Map<Place, Long> known = Collections.synchronizedMap(new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Place, Long> eldest) {
            return size() > MAX_KEPT;
        }
    });

    /** A record of a topic; another topic of its name has other records. */
    private record Place(UUID topicId, int partition, long offset) {}

    /** Where batches are read. */
    interface Reader {
        /** As {@link PartitionLog#read}. */
        CompletableFuture<LogRead> read(TopicPartition partition, long offset, int maxBytes);
    }

    LagTimes(Broker broker) {
        this(
                broker,
                (partition, offset, maxBytes) -> broker.partition(partition).read(offset, maxBytes));
    }

    LagTimes(Broker broker, Reader reader) {
        this.broker = broker;
        this.reader = reader;
    }

    /**
     * The times of records, in ms since the epoch.
     *
     * @param offsets where the group stands in partitions in which there is something for it
     * @return the times; of more than {@link #MAX_READS} partitions that have not been asked for lately some are missing, as those are
     *     that cannot be read, or not at once
     */
    Future<Map<TopicPartition, Long>> of(Map<TopicPartition, Long> offsets) {
        Map<TopicPartition, Long> times = new HashMap<>();
        List<Future<?>> reads = new ArrayList<>();
        for (Map.Entry<TopicPartition, Long> entry : offsets.entrySet()) {
            TopicPartition partition = entry.getKey();
            Optional<Topic> topic = broker.topic(partition.topic());
            if (topic.isEmpty()) {
                continue;
            }
            Place place = new Place(topic.get().id(), partition.partition(), entry.getValue());
            Long time = known.get(place);
            if (time != null) {
                times.put(partition, time);
            } else if (reads.size() < MAX_READS) {
                reads.add(read(partition, entry.getValue())
                        .onSuccess(found -> found.ifPresent(ms -> {
                            known.put(place, ms);
                            times.put(partition, ms);
                        })));
            }
        }
        if (reads.isEmpty()) {
            return Future.succeededFuture(times);
        }
        // Those that fail are missing, and those that take too long.
        return Future.join(reads)
                .timeout(MAX_WAIT_MS, TimeUnit.MILLISECONDS)
                .map(times)
                .otherwise(times);
    }

    private Future<OptionalLong> read(TopicPartition partition, long offset) {
        try {
            return JsonAnswer.here(reader.read(partition, offset, HEADER_ONLY).thenApply(LagTimes::firstTime));
        } catch (BrokerException e) {
            return Future.failedFuture(e);
        }
    }

    private static OptionalLong firstTime(LogRead read) {
        if (read.oversized().isPresent()) {
            try (OversizedBatch batch = read.oversized().get()) {
                return OptionalLong.of(timeOf(batch.header()));
            }
        }
        for (ByteBuffer bytes : read.batches()) {
            for (RecordBatch batch : RecordBatches.in(bytes)) {
                return OptionalLong.of(timeOf(batch));
            }
        }
        return OptionalLong.empty();
    }

    private static long timeOf(RecordBatch batch) {
        return switch (batch.timestampType()) {
            case CREATE_TIME -> batch.baseTimestamp();
            case LOG_APPEND_TIME -> batch.maxTimestamp();
        };
    }
}
