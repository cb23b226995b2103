package io.sluice.server.kafka.records;

import io.netty.buffer.ByteBuf;
import io.sluice.core.Broker;
import io.sluice.core.BrokerException;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.OversizedBatch;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.topic.Topic;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.FrameMemory;
import io.sluice.server.kafka.KafkaErrors;
import io.sluice.server.kafka.KafkaLimits;
import io.sluice.server.kafka.LogRecords;
import io.sluice.server.kafka.TopicNames;
import io.sluice.server.kafka.records.FetchSession.Cached;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.FetchableTopicResponse;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/**
 * One fetch on its way: look at the partitions, wait until there is enough, take memory for it, read, answer. Owned by the
 * connection's event loop.
 */
final class Fetch {
    private static final byte READ_COMMITTED = 1;

    private final Broker broker;
    private final FrameMemory memory;
    private final ApiRequest<FetchRequestData> request;
    private final FetchSession session;
    private final boolean incremental;
    private final int sessionId;
    private final int maxBytes;
    private final int minBytes;
    private final long deadlineNs;
    private final CompletableFuture<ApiMessage> answer = new CompletableFuture<>();
    private final List<Part> parts = new ArrayList<>();
    private final List<CompletableFuture<Boolean>> waits = new ArrayList<>();
    private final Runnable granted = this::memoryGranted;
    private boolean stopping;
    private boolean waiting;
    private boolean inLine;
    /** Whether a reader or a worker has memory of this fetch. */
    private boolean reading;

    private long reservedBytes;
    /** What has been read, until it has gone out. */
    private final List<ByteBuf> held = new ArrayList<>();

    private int heldBytes;
    private int readBytes;

    /** One partition of the fetch. */
    private static final class Part {
        private final Cached wish;
        private final PartitionData data;
        private PartitionLog log;
        private int bytes;

        Part(Cached wish) {
            this.wish = wish;
            this.data = new PartitionData()
                    .setPartitionIndex(wish.key().partition())
                    .setHighWatermark(-1)
                    .setLastStableOffset(-1)
                    .setLogStartOffset(-1)
                    .setAbortedTransactions(List.of())
                    .setRecords(LogRecords.NONE);
        }

        boolean hasError() {
            return data.errorCode() != Errors.NONE.code();
        }
    }

    Fetch(
            Broker broker,
            KafkaLimits limits,
            FrameMemory memory,
            ApiRequest<FetchRequestData> request,
            FetchSession session,
            boolean incremental,
            int sessionId) {
        this.broker = broker;
        this.memory = memory;
        this.request = request;
        this.session = session;
        this.incremental = incremental;
        this.sessionId = sessionId;
        FetchRequestData data = request.message();
        this.maxBytes = Math.max(0, Math.min(data.maxBytes(), limits.maxFetchBytes()));
        this.minBytes = Math.min(data.minBytes(), maxBytes);
        long waitMs = Math.max(0, Math.min(data.maxWaitMs(), limits.maxWaitMs()));
        this.deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(waitMs);
    }

    CompletableFuture<ApiMessage> start() {
        answer.whenComplete((message, failure) -> {
            if (answer.isCancelled()) {
                // The client has gone. The connection says so on the event loop. A wait may have ended a moment before.
                waiting = false;
                endWaits();
                giveBack();
            }
        });
        request.whenStopping(() -> {
            stopping = true;
            if (waiting) {
                waiting = false;
                endWaits();
                look();
            }
        });
        session.inOrder().forEach(wish -> parts.add(new Part(wish)));
        parts.forEach(this::find);
        look();
        return answer;
    }

    private Errors errorOf(Part part, Throwable failure) {
        return KafkaErrors.ofRead(
                        failure,
                        request.client().entry(),
                        "FETCH partition " + part.wish.key().partition() + " of "
                                + part.wish.key().topic())
                .error();
    }

    private void find(Part part) {
        try {
            String topic = topicOf(part);
            part.log = broker.partition(topic, part.wish.key().partition());
            request.client().entry().fetched(topic);
        } catch (BrokerException e) {
            fail(part, errorOf(part, e));
            return;
        } catch (UnknownId e) {
            fail(part, Errors.UNKNOWN_TOPIC_ID);
            return;
        }
        fail(part, Epochs.check(part.wish.leaderEpoch(), part.log));
    }

    private static final class UnknownId extends Exception {
        private static final long serialVersionUID = 1L;
    }

    private String topicOf(Part part) throws UnknownId {
        FetchSession.Key key = part.wish.key();
        if (request.version() < FetchApi.FIRST_WITH_IDS || !key.topic().isEmpty()) {
            return key.topic();
        }
        Optional<Topic> topic = TopicNames.find(broker, key.topicId());
        return topic.orElseThrow(UnknownId::new).name();
    }

    private static void fail(Part part, Errors error) {
        part.data.setErrorCode(error.code());
    }

    /** Goes on to read if there is enough, or the time is over; else waits. */
    private void look() {
        long available = 0;
        boolean anyError = false;
        for (Part part : parts) {
            if (part.hasError() || isOutOfRange(part)) {
                anyError = true;
                continue;
            }
            part.bytes = part.log.bytesBeyond(part.wish.fetchOffset(), Math.max(1, partMaxBytes(part)));
            available += part.bytes;
        }
        long leftNs = deadlineNs - System.nanoTime();
        if (anyError || available >= minBytes || leftNs <= 0 || stopping || parts.isEmpty()) {
            reserve(Math.min(available, maxBytes));
            return;
        }
        await(Math.max(1, TimeUnit.NANOSECONDS.toMillis(leftNs + 999_999)), (int)
                Math.min(minBytes, minBytes - available));
    }

    private boolean isOutOfRange(Part part) {
        long offset = part.wish.fetchOffset();
        if (offset < part.log.logStartOffset() || offset > part.log.highWatermark()) {
            fail(part, Errors.OFFSET_OUT_OF_RANGE);
            return true;
        }
        return false;
    }

    private int partMaxBytes(Part part) {
        return Math.min(part.wish.maxBytes(), maxBytes);
    }

    /** Waits for more bytes than there are: in one partition for all that are missing, in several for any. */
    private void await(long waitMs, int missing) {
        waiting = true;
        for (Part part : parts) {
            long offset = part.wish.fetchOffset();
            CompletableFuture<Boolean> wait;
            if (parts.size() == 1) {
                wait = part.log.awaitBeyond(offset, part.bytes + missing, waitMs);
            } else {
                wait = part.log.awaitBeyond(part.bytes == 0 ? offset : part.log.highWatermark(), 1, waitMs);
            }
            waits.add(wait);
        }
        List<CompletableFuture<Boolean>> all = List.copyOf(waits);
        for (CompletableFuture<Boolean> wait : all) {
            wait.whenComplete((found, failure) -> request.context().runOnContext(v -> {
                if (waiting && !wait.isCancelled()) {
                    waiting = false;
                    endWaits();
                    if (failure != null) {
                        // Closed, or too many wait: reading says which, or answers what there is.
                        stopping = true;
                    }
                    look();
                }
            }));
        }
    }

    private void endWaits() {
        waits.forEach(wait -> wait.cancel(false));
        waits.clear();
    }

    private void reserve(long bytes) {
        reservedBytes = bytes;
        if (bytes == 0 || memory.take(bytes, granted)) {
            request.whenWritten(this::giveBack);
            read(0);
        } else {
            inLine = true;
        }
    }

    private void memoryGranted() {
        request.context().runOnContext(v -> {
            inLine = false;
            if (answer.isDone()) {
                giveBack();
            } else {
                request.whenWritten(this::giveBack);
                read(0);
            }
        });
    }

    private void giveBack() {
        if (inLine) {
            if (memory.leave(granted)) {
                inLine = false;
                reservedBytes = 0;
            }
            return;
        }
        if (reading) {
            // Comes back here when that is done.
            return;
        }
        held.forEach(ByteBuf::release);
        held.clear();
        if (reservedBytes > 0) {
            memory.give(reservedBytes);
            reservedBytes = 0;
        }
    }

    /** Reads the partitions from one on, one after the other: each may use what those before it left. */
    private void read(int first) {
        for (int i = first; i < parts.size(); i++) {
            Part part = parts.get(i);
            long left = reservedBytes - heldBytes;
            boolean wanted = !part.hasError() && part.bytes > 0 && (left > 0 || readBytes == 0);
            if (!wanted) {
                continue;
            }
            int limit = (int) Math.max(1, Math.min(left, partMaxBytes(part)));
            ReadMemory room = new ReadMemory(request.allocator());
            CompletableFuture<LogRead> found = part.log.read(part.wish.fetchOffset(), limit, room);
            if (found.isDone()) {
                if (took(part, found, room, i)) {
                    continue;
                }
                return;
            }
            int at = i;
            reading = true;
            found.whenComplete((read, failure) -> request.context().runOnContext(v -> {
                reading = false;
                if (answer.isDone()) {
                    room.release();
                    if (read != null) {
                        read.oversized().ifPresent(OversizedBatch::close);
                    }
                    giveBack();
                } else if (took(part, found, room, at)) {
                    read(at + 1);
                }
            }));
            return;
        }
        complete();
    }

    /** @return false if the batch is being read apart, and reading goes on after that */
    private boolean took(Part part, CompletableFuture<LogRead> found, ReadMemory room, int at) {
        try {
            LogRead read = found.join();
            if (read.oversized().isPresent()) {
                return tookOversized(part, read.oversized().get(), at);
            }
            if (!read.isEmpty()) {
                add(part, room.bytesOf(read));
            }
        } catch (RuntimeException e) {
            fail(part, errorOf(part, e));
        } finally {
            room.release();
        }
        return true;
    }

    /** A first batch larger than every limit is sent whole, so that the client gets on; another one waits for its turn. */
    private boolean tookOversized(Part part, OversizedBatch batch, int at) {
        if (readBytes > 0) {
            batch.close();
            return true;
        }
        // Beyond what was reserved: one batch of a client is the least there is.
        reading = true;
        request.context().owner().executeBlocking(() -> whole(batch), false).onComplete(done -> {
            reading = false;
            if (answer.isDone()) {
                if (done.succeeded()) {
                    done.result().release();
                }
                giveBack();
                return;
            }
            if (done.succeeded()) {
                add(part, done.result());
            } else {
                fail(part, errorOf(part, done.cause()));
            }
            read(at + 1);
        });
        return false;
    }

    /** Reads a batch whole. On a worker. */
    private ByteBuf whole(OversizedBatch batch) {
        try (batch) {
            batch.verify();
            int size = batch.sizeInBytes();
            ByteBuf bytes = ReadMemory.take(request.allocator(), size);
            try {
                batch.read(0, bytes.nioBuffer(0, size));
                return bytes.writerIndex(size);
            } catch (RuntimeException e) {
                bytes.release();
                throw e;
            }
        }
    }

    private void add(Part part, ByteBuf bytes) {
        held.add(bytes);
        part.data.setRecords(new LogRecords(bytes));
        heldBytes += bytes.capacity();
        readBytes += bytes.readableBytes();
    }

    private void complete() {
        if (reservedBytes > heldBytes) {
            memory.give(reservedBytes - heldBytes);
            reservedBytes = heldBytes;
        }
        FetchResponseData response = new FetchResponseData().setSessionId(sessionId);
        Map<FetchSession.Key, FetchableTopicResponse> topics = new LinkedHashMap<>();
        for (Part part : parts) {
            boolean hasRecords = ((LogRecords) part.data.records()).sizeInBytes() > 0;
            if (part.log != null) {
                describe(part);
            }
            boolean news = part.hasError()
                    || hasRecords
                    || part.wish.isNews(part.data.highWatermark(), part.data.logStartOffset());
            if (incremental && !news) {
                continue;
            }
            if (part.hasError()) {
                part.wish.toldError();
            } else {
                part.wish.told(part.data.highWatermark(), part.data.logStartOffset());
            }
            if (hasRecords) {
                session.moveToEnd(part.wish);
            }
            FetchSession.Key key = part.wish.key();
            topics.computeIfAbsent(
                            new FetchSession.Key(key.topicId(), key.topic(), 0),
                            topic -> new FetchableTopicResponse()
                                    .setTopic(key.topic())
                                    .setTopicId(key.topicId()))
                    .partitions()
                    .add(part.data);
        }
        response.responses().addAll(topics.values());
        answer.complete(response);
    }

    private void describe(Part part) {
        if (part.hasError()) {
            part.data.setAbortedTransactions(null);
            return;
        }
        long highWatermark = part.log.highWatermark();
        part.data
                .setHighWatermark(highWatermark)
                .setLastStableOffset(highWatermark)
                .setLogStartOffset(part.log.logStartOffset())
                .setAbortedTransactions(request.message().isolationLevel() == READ_COMMITTED ? List.of() : null);
    }
}
