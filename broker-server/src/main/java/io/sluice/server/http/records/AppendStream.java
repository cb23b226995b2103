package io.sluice.server.http.records;

import io.sluice.core.engine.Acks;
import io.sluice.core.engine.Appended;
import io.sluice.core.record.RecordBatch;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.MemoryBudget;
import io.vertx.core.Context;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Appends the batches of a streamed body as they come, one at a time per partition, and keeps the account of what has
 * been accepted. After the first failure nothing more is begun. Owned by the request's event loop.
 */
final class AppendStream {
    /** How many ranges an answer lists. */
    static final int MAX_RANGES = 10_000;

    private static final byte[] RECORDS = JsonOutput.ascii("{\"records\":");
    private static final byte[] OFFSETS = JsonOutput.ascii(",\"offsets\":[");
    private static final byte[] PARTITION = JsonOutput.ascii("{\"partition\":");
    private static final byte[] OFFSET = JsonOutput.ascii(",\"offset\":");
    private static final byte[] COUNT = JsonOutput.ascii(",\"count\":");

    private final Loop loop;
    private final Context context;
    private final String topic;
    private final Acks acks;
    private final MemoryBudget.Reservation memory;
    private final boolean buildOnWorker;
    private final Runnable progress;

    private final Map<Integer, Queue<Waiting>> partitions = new LinkedHashMap<>();
    private final List<Range> ranges = new ArrayList<>();
    private final Map<Integer, Range> lastRanges = new LinkedHashMap<>();
    private boolean truncated;
    private int unanswered;
    private long heldBytes;
    private long accepted;
    private HttpProblem failure;
    private long failedPlace = Long.MAX_VALUE;

    private record Waiting(int partition, Supplier<RecordBatch> batch, int bytes, int records, long place) {}

    /** Records that lie one behind the other in a partition. */
    private static final class Range {
        private final int partition;
        private final long offset;
        private long count;

        Range(int partition, long offset) {
            this.partition = partition;
            this.offset = offset;
        }
    }

    /**
     * @param memory what the batches are made of; held until the log has let go of them
     * @param buildOnWorker whether finishing a batch takes so long that it must not happen on the event loop
     * @param progress called on the event loop whenever an append has been answered or let go
     */
    AppendStream(
            Loop loop,
            String topic,
            Acks acks,
            MemoryBudget.Reservation memory,
            boolean buildOnWorker,
            Runnable progress) {
        this.loop = loop;
        this.context = loop.vertx.getOrCreateContext();
        this.topic = topic;
        this.acks = acks;
        this.memory = memory;
        this.buildOnWorker = buildOnWorker;
        this.progress = progress;
    }

    /**
     * Appends a batch after those of its partition that came before.
     *
     * @param batch makes the batch when its turn has come
     * @param bytes the size of the batch, or a guess
     * @param records how many records it has
     * @param place where in the body its first record stands, to be named if it fails
     */
    void append(int partition, Supplier<RecordBatch> batch, int bytes, int records, long place) {
        unanswered++;
        heldBytes += bytes;
        memory.hold();
        Queue<Waiting> queue = partitions.computeIfAbsent(partition, p -> new ArrayDeque<>());
        queue.add(new Waiting(partition, batch, bytes, records, place));
        if (queue.size() == 1) {
            begin(queue);
        }
    }

    /** Bytes of batches that wait for their turn or are held by the log. */
    long heldBytes() {
        return heldBytes;
    }

    /** Whether nothing is under way. */
    boolean isIdle() {
        return unanswered == 0;
    }

    boolean hasFailed() {
        return failure != null;
    }

    /** The first place in the body whose records did not get into the log. */
    long failedPlace() {
        return failedPlace;
    }

    /** Why appending stopped. */
    HttpProblem failure() {
        return failure;
    }

    /** Records that are in the log. */
    long accepted() {
        return accepted;
    }

    private void begin(Queue<Waiting> queue) {
        Waiting next = queue.element();
        if (buildOnWorker) {
            loop.vertx.executeBlocking(next.batch::get, false).onComplete(built -> {
                if (built.succeeded()) {
                    append(queue, built.result());
                } else {
                    letGo(next);
                    complete(queue, CompletableFuture.failedFuture(built.cause()));
                }
            });
        } else {
            append(queue, next.batch.get());
        }
    }

    private void append(Queue<Waiting> queue, RecordBatch batch) {
        Waiting next = queue.element();
        // What is answered when it is committed is let go by then: one way back to the event loop is enough.
        boolean together = acks == Acks.COMMITTED;
        Runnable released = together
                ? () -> {}
                : () -> context.runOnContext(v -> {
                    letGo(next);
                    progress.run();
                });
        CompletableFuture<Appended> future = loop.append(topic, next.partition, batch, acks, released);
        // Always through the context: a caller in the middle of its own work must not be called back.
        future.whenComplete((result, fault) -> context.runOnContext(v -> {
            if (together) {
                letGo(next);
            }
            complete(queue, future);
        }));
    }

    private void complete(Queue<Waiting> queue, CompletableFuture<Appended> future) {
        Waiting done = queue.remove();
        unanswered--;
        try {
            Appended appended = future.getNow(null);
            accepted += done.records;
            if (appended.baseOffset() >= 0) {
                remember(done, appended.baseOffset());
            }
        } catch (RuntimeException e) {
            fail(done, e);
        }
        if (failure != null) {
            while (!queue.isEmpty()) {
                Waiting dropped = queue.remove();
                unanswered--;
                letGo(dropped);
                failedPlace = Math.min(failedPlace, dropped.place);
            }
        } else if (!queue.isEmpty()) {
            begin(queue);
        }
        progress.run();
    }

    private void letGo(Waiting batch) {
        heldBytes -= batch.bytes;
        memory.letGo();
    }

    private void fail(Waiting batch, RuntimeException cause) {
        if (failure == null) {
            failure = HttpErrors.problem(cause);
        }
        failedPlace = Math.min(failedPlace, batch.place);
    }

    private void remember(Waiting batch, long offset) {
        Range last = lastRanges.get(batch.partition);
        if (last != null && last.offset + last.count == offset) {
            last.count += batch.records;
            return;
        }
        if (ranges.size() == MAX_RANGES) {
            truncated = true;
            return;
        }
        Range range = new Range(batch.partition, offset);
        range.count = batch.records;
        ranges.add(range);
        lastRanges.put(batch.partition, range);
    }

    /** Writes the answer to a body of which everything was accepted. */
    void answer(JsonOutput out) {
        out.put(RECORDS).number(accepted).put(OFFSETS);
        for (int i = 0; i < ranges.size(); i++) {
            Range range = ranges.get(i);
            out.put(i == 0 ? JsonOutput.ascii("") : JsonOutput.ascii(","));
            out.put(PARTITION).number(range.partition);
            out.put(OFFSET).number(range.offset);
            out.put(COUNT).number(range.count).put('}');
        }
        out.put(']');
        if (truncated) {
            out.put(JsonOutput.ascii(",\"truncated\":true"));
        }
        out.put('}');
    }

    /** A problem with the account of what was accepted all the same, and the place where it stopped. */
    HttpProblem withAccount(HttpProblem problem, String placeName, long place) {
        HttpProblem account = new HttpProblem(
                problem.status(),
                problem.code(),
                placeName + " " + place + ": " + problem.detail() + "; " + accepted
                        + (accepted == 1 ? " record was" : " records were") + " accepted");
        problem.members().forEach(account::with);
        problem.headers().forEach(account::withHeader);
        List<Map<String, Object>> list = new ArrayList<>();
        for (Range range : ranges) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("partition", range.partition);
            entry.put("offset", range.offset);
            entry.put("count", range.count);
            list.add(entry);
        }
        account.with(placeName, place).with("accepted", accepted).with("offsets", list);
        return truncated ? account.with("truncated", true) : account;
    }
}
