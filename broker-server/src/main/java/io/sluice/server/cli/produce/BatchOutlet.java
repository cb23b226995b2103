package io.sluice.server.cli.produce;

import io.sluice.core.record.Headers;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.server.cli.client.TopicDescription;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;

/**
 * Sorts records by partition and sends them as record batches. Keys go where Kafka's own producer would put them;
 * records without a key stay with one partition until its batch is full, then move on to another.
 */
final class BatchOutlet implements Outlet {
    /** What the lanes of all partitions may hold together; each has up to three bodies. */
    private static final long MAX_BUFFERED_BYTES = 96L * 1024 * 1024;

    private static final int MIN_LANE_BYTES = 16 * 1024;
    private static final int FIRST_BODY_BYTES = 64 * 1024;

    private final Settings settings;
    private final Requests requests;
    private final RetryingSender sender;
    private final Progress progress;
    private final Executor executor;
    private final Supplier<TopicDescription> askAgain;
    private final Headers headers = new Headers();

    private List<Lane<BatchBody>> lanes = List.of();
    private int sticky = -1;

    /**
     * @param partition where all records go, if that is settled
     * @param headers what every record carries
     */
    record Settings(Lane.Limits limits, OptionalInt partition, Map<String, byte[]> headers) {}

    /**
     * @param topic the topic, or empty if there is none yet: then the broker may create it when the first record comes, and
     *     {@code askAgain} tells about it
     */
    BatchOutlet(
            Settings settings,
            Requests requests,
            RetryingSender sender,
            Progress progress,
            Executor executor,
            Optional<TopicDescription> topic,
            Supplier<TopicDescription> askAgain) {
        this.settings = settings;
        this.requests = requests;
        this.sender = sender;
        this.progress = progress;
        this.executor = executor;
        this.askAgain = askAgain;
        settings.headers().forEach(headers::add);
        topic.ifPresent(this::open);
    }

    /** Takes one record; waits while its partition has enough to do. */
    void send(OutgoingRecord record) throws InterruptedException {
        progress.read();
        if (lanes.isEmpty()) {
            introduce();
        }
        int partition = partitionOf(record);
        long nowMs = System.currentTimeMillis();
        boolean full = lanes.get(partition)
                .add(
                        RecordBatchBuilder.maxSizeOf(record.keyLength(), record.valueLength(), headers),
                        body -> body.append(record, nowMs, headers));
        if (full && partition == sticky) {
            sticky = -1;
        }
    }

    private int partitionOf(OutgoingRecord record) {
        if (settings.partition().isPresent()) {
            return settings.partition().getAsInt();
        }
        if (record.hasKey()) {
            return Partitions.ofKey(record.keyArray(), record.keyFrom(), record.keyLength(), lanes.size());
        }
        if (sticky < 0) {
            sticky = ThreadLocalRandom.current().nextInt(lanes.size());
        }
        return sticky;
    }

    /** Has the broker create a topic that is not there, by a request without records, and learns what it got. */
    private void introduce() throws InterruptedException {
        sender.send(requests.records("application/x-ndjson", BodyPublishers.noBody()));
        open(askAgain.get());
    }

    private void open(TopicDescription topic) {
        settings.partition().ifPresent(topic::requirePartition);
        long share = Math.max(MIN_LANE_BYTES, MAX_BUFFERED_BYTES / (3L * topic.partitions()));
        int maxBytes = (int) Math.min(settings.limits().maxBytes(), share);
        maxBytes = Math.min(maxBytes, topic.maxMessageBytes().orElse(maxBytes));
        Lane.Limits limits = new Lane.Limits(maxBytes, settings.limits().maxRecords());
        List<Lane<BatchBody>> opened = new ArrayList<>();
        for (int i = 0; i < topic.partitions(); i++) {
            int partition = i;
            opened.add(new Lane<>(
                    limits, () -> new BatchBody(FIRST_BODY_BYTES), executor, body -> deliver(partition, body)));
        }
        lanes = opened;
    }

    private void deliver(int partition, BatchBody body) throws InterruptedException {
        int records = body.recordCount();
        long bytes = body.inputBytes();
        sender.send(requests.batch(partition, body.finish()));
        progress.acknowledged(records, bytes);
    }

    @Override
    public void flush() {
        lanes.forEach(Lane::flush);
        sticky = -1;
    }

    @Override
    public void drain() throws InterruptedException {
        lanes.forEach(Lane::flush);
        for (Lane<BatchBody> lane : lanes) {
            lane.drain();
        }
    }
}
