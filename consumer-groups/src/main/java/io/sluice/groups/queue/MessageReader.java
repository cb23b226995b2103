package io.sluice.groups.queue;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.LogEngine;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.engine.Route;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.MalformedRecordException;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatches;
import io.sluice.core.record.RecordCursor;
import io.sluice.core.topic.Topic;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Function;
import java.util.function.LongPredicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads messages with all that they have. Safe on any thread; nothing blocks the caller, and what is decompressed is so on a thread of
 * the common pool.
 */
final class MessageReader {
    private static final Logger LOG = LoggerFactory.getLogger(MessageReader.class);
    private static final int READ_BYTES = 64 * 1024;
    private static final int BATCHES_BYTES = 1024 * 1024;

    private final LogEngine engine;
    private final Codecs codecs;
    private final int maxBatchBytes;

    /** @param maxBatchBytes how large a batch may become when it is decompressed */
    MessageReader(LogEngine engine, Codecs codecs, int maxBatchBytes) {
        this.engine = engine;
        this.codecs = codecs;
        this.maxBatchBytes = maxBatchBytes;
    }

    /**
     * A part of a log.
     *
     * @param from where it begins: at the start of the log if that lies behind what was asked for
     * @param next where to read on
     * @param end where the log ends
     */
    record Chunk<T>(List<T> found, long from, long next, long end) {}

    /**
     * Some messages.
     *
     * @param gone those that are not in the log any more, or cannot be read. Who is in neither was not looked for.
     */
    record Found(Map<MessageId, StoredMessage> found, Set<MessageId> gone) {}

    /**
     * The log of a partition, if its topic is still that one.
     *
     * @throws BrokerException UNKNOWN_TOPIC, or why it cannot be had at the moment
     */
    PartitionLog log(UUID id, int partition) {
        Topic topic = engine.topic(id)
                .orElseThrow(() -> new BrokerException(ErrorCode.UNKNOWN_TOPIC, "the topic is not there any more"));
        Route route = engine.route(new TopicPartition(topic.name(), partition));
        if (route instanceof Route.Local local) {
            return local.log();
        }
        if (route instanceof Route.Unavailable unavailable) {
            throw new BrokerException(unavailable.code(), unavailable.why());
        }
        throw new BrokerException(ErrorCode.NOT_OWNER, topic.name() + "-" + partition + " lives on another node");
    }

    /**
     * Reads on from an offset.
     *
     * @param wanted which offsets are of interest
     * @return fails as {@link #scan} does
     */
    CompletableFuture<Chunk<StoredMessage>> chunk(
            UUID topic, int partition, long from, int maxBytes, LongPredicate wanted) {
        return scan(
                topic,
                partition,
                from,
                maxBytes,
                record -> wanted.test(record.offset())
                        ? Optional.of(StoredMessage.of(partition, record))
                        : Optional.empty());
    }

    /**
     * Reads on from an offset, and keeps what is of interest of each record.
     *
     * @return fails with what {@link #log} throws, and as the log's read does
     */
    <T> CompletableFuture<Chunk<T>> scan(
            UUID topic, int partition, long from, int maxBytes, Function<RecordCursor, Optional<T>> keep) {
        PartitionLog log;
        try {
            log = log(topic, partition);
        } catch (BrokerException e) {
            return CompletableFuture.failedFuture(e);
        }
        long begin = Math.max(from, log.logStartOffset());
        long end = log.highWatermark();
        if (begin >= end) {
            return CompletableFuture.completedFuture(new Chunk<>(List.of(), begin, begin, end));
        }
        return log.read(begin, maxBytes)
                .thenApplyAsync(
                        read -> new Chunk<>(found(read, begin, keep), begin, read.nextOffset(), read.highWatermark()),
                        ForkJoinPool.commonPool());
    }

    private <T> List<T> found(LogRead read, long from, Function<RecordCursor, Optional<T>> keep) {
        List<T> all = new ArrayList<>();
        for (ByteBuffer bytes : read.batches()) {
            for (RecordBatch batch : RecordBatches.in(bytes)) {
                add(batch, from, keep, all);
            }
        }
        if (read.oversized().isPresent()) {
            try (OversizedBatch large = read.oversized().get()) {
                ByteBuffer bytes = ByteBuffer.allocate(large.sizeInBytes());
                large.read(0, bytes);
                add(RecordBatch.at(bytes.flip(), 0), from, keep, all);
            }
        }
        return all;
    }

    private <T> void add(RecordBatch batch, long from, Function<RecordCursor, Optional<T>> keep, List<T> all) {
        if (batch.isControl()) {
            return;
        }
        int before = all.size();
        try {
            for (RecordCursor record = RecordCursor.over(batch, codecs, maxBatchBytes); record.next(); ) {
                if (record.offset() >= from) {
                    keep.apply(record).ifPresent(all::add);
                }
            }
        } catch (MalformedRecordException e) {
            LOG.error("messages at offset {} cannot be read: {}", batch.baseOffset(), e.getMessage());
            all.subList(before, all.size()).clear();
        }
    }

    /**
     * Looks for a batch of a producer.
     *
     * @param from where it lies at the earliest
     * @return fails as {@link #scan} does
     */
    CompletableFuture<Boolean> hasBatch(UUID topic, int partition, long from, long producerId, int firstSequence) {
        PartitionLog log;
        try {
            log = log(topic, partition);
        } catch (BrokerException e) {
            return CompletableFuture.failedFuture(e);
        }
        long begin = Math.max(from, log.logStartOffset());
        if (begin >= log.highWatermark()) {
            return CompletableFuture.completedFuture(false);
        }
        return log.read(begin, BATCHES_BYTES)
                .thenComposeAsync(
                        read -> hasBatch(read, producerId, firstSequence)
                                ? CompletableFuture.completedFuture(true)
                                : hasBatch(topic, partition, read.nextOffset(), producerId, firstSequence),
                        ForkJoinPool.commonPool());
    }

    private static boolean hasBatch(LogRead read, long producerId, int firstSequence) {
        boolean found = false;
        for (ByteBuffer bytes : read.batches()) {
            for (RecordBatch batch : RecordBatches.in(bytes)) {
                found |= batch.producerId() == producerId && batch.baseSequence() == firstSequence;
            }
        }
        if (read.oversized().isPresent()) {
            try (OversizedBatch large = read.oversized().get()) {
                RecordBatch batch = large.header();
                found |= batch.producerId() == producerId && batch.baseSequence() == firstSequence;
            }
        }
        return found;
    }

    /**
     * Finds single messages.
     *
     * @param maxBytes when enough has been found
     * @return fails if a log cannot be read at the moment
     */
    CompletableFuture<Found> find(UUID topic, List<MessageId> ids, int maxBytes) {
        List<MessageId> inOrder = ids.stream()
                .sorted(Comparator.comparingInt(MessageId::partition).thenComparingLong(MessageId::offset))
                .toList();
        Found found = new Found(new HashMap<>(), new HashSet<>());
        return find(topic, inOrder, 0, maxBytes, found).thenApply(done -> found);
    }

    private CompletableFuture<Void> find(UUID topic, List<MessageId> ids, int at, int maxBytes, Found found) {
        if (at == ids.size() || maxBytes <= 0) {
            return CompletableFuture.completedFuture(null);
        }
        MessageId first = ids.get(at);
        Set<Long> wanted = new HashSet<>();
        ids.subList(at, ids.size()).stream()
                .filter(id -> id.partition() == first.partition())
                .forEach(id -> wanted.add(id.offset()));
        return chunk(topic, first.partition(), first.offset(), READ_BYTES, wanted::contains)
                .handle((chunk, failure) -> failure == null ? chunk : nothing(first, failure))
                .thenCompose(chunk -> {
                    int bytes = 0;
                    for (StoredMessage message : chunk.found()) {
                        found.found().put(message.id(), message);
                        bytes += message.sizeInBytes();
                    }
                    // It is looked at in any case, so that this comes to an end.
                    long to = Math.max(chunk.next(), first.offset() + 1);
                    int next = at;
                    while (next < ids.size()
                            && ids.get(next).partition() == first.partition()
                            && ids.get(next).offset() < to) {
                        if (!found.found().containsKey(ids.get(next))) {
                            found.gone().add(ids.get(next));
                        }
                        next++;
                    }
                    return find(topic, ids, next, maxBytes - bytes, found);
                });
    }

    /** Bytes that are damaged, or a topic that was deleted, do not come back; for everything else it is worth waiting. */
    private static Chunk<StoredMessage> nothing(MessageId first, Throwable failure) {
        Optional<ErrorCode> code = Failures.code(failure);
        boolean isForEver = code.filter(known -> known == ErrorCode.DATA_CORRUPT || known == ErrorCode.UNKNOWN_TOPIC)
                .isPresent();
        if (!isForEver) {
            throw Failures.unchecked(failure);
        }
        LOG.error(
                "message {} cannot be read: {}", first, Failures.cause(failure).getMessage());
        return new Chunk<>(List.of(), first.offset(), first.offset() + 1, first.offset() + 1);
    }
}
