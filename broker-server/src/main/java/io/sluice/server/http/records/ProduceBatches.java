package io.sluice.server.http.records;

import io.sluice.core.record.RecordBatch;
import io.sluice.core.topic.Topic;
import io.sluice.server.http.HttpProblem;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Sorts the records of a request into batches, one per partition, and more where one would grow beyond the topic's
 * {@code max.message.bytes}. Where a batch is cut depends on the records alone, so that a retry is cut like the first
 * try. For use by one thread.
 */
final class ProduceBatches implements RecordDraft.Sink {
    private final Topic topic;
    private final Partitioner partitioner;
    private final long nowMs;
    private final int expectedBytes;
    private final boolean fingerprinted;
    /** How faults name a record of this request: {@code records[3]} or {@code line 4}. */
    private final RecordNames names;

    /** The batch that each partition's next record goes to; null where there is none. */
    private final BatchDraft[] open;

    private final int[] parts;
    private final List<BatchDraft> drafts = new ArrayList<>(2);
    /** By the batches of the cut that is followed. */
    private final Map<Integer, BatchDraft> again = new HashMap<>();
    /** Which batch each record went to; unused, and null, while there is only one. */
    private int[] batchOfRecord;

    private int records;
    private long sizeInBytes;

    /**
     * @param parts how many batches of the request there have been for each partition; counted on here
     * @param expectedBytes a guess at the size of the request's records
     * @param fingerprinted whether the request carries an idempotency key
     */
    ProduceBatches(
            Topic topic,
            Partitioner partitioner,
            int[] parts,
            long nowMs,
            int expectedBytes,
            boolean fingerprinted,
            RecordNames names) {
        this.topic = topic;
        this.partitioner = partitioner;
        this.nowMs = nowMs;
        this.expectedBytes = Math.min(expectedBytes, topic.config().maxMessageBytes());
        this.fingerprinted = fingerprinted;
        this.names = names;
        this.open = new BatchDraft[topic.partitions()];
        this.parts = parts;
    }

    /**
     * Puts a record into its batch. One that is refused leaves no trace.
     *
     * @throws HttpProblem 404 unknown_partition, 413 record_too_large, 422 invalid_record or 422 invalid_timestamp
     */
    @Override
    public void accept(long index, RecordDraft record) {
        int maxBytes = topic.config().maxMessageBytes();
        long atLeast = RecordBatch.HEADER_BYTES + record.payloadBytes();
        if (atLeast > maxBytes) {
            throw tooLarge(index, atLeast);
        }
        if (record.keyLength < 0 && topic.config().compacted()) {
            throw problem(
                    422,
                    "invalid_record",
                    index,
                    "key",
                    "is missing; topic " + topic.name() + " is compacted, so every record needs a key");
        }
        Optional<String> timestampFault = topic.config().timestampFault(record.timestampMs, nowMs);
        if (timestampFault.isPresent()) {
            throw problem(422, "invalid_timestamp", index, "timestamp", "is out of range: " + timestampFault.get());
        }
        int partition = partitionOf(index, record);
        BatchDraft before = open[partition];
        BatchDraft draft = before;
        if (draft == null || !draft.hasRoomFor(record, maxBytes)) {
            int guess = Math.max(draft == null ? expectedBytes / (drafts.size() + 1) : 0, (int) atLeast);
            draft = new BatchDraft(drafts.size(), partition, parts[partition]++, index, guess, fingerprinted);
            open[partition] = draft;
            drafts.add(draft);
        }
        int bytesBefore = draft.sizeInBytes();
        draft.add(record, nowMs);
        if (draft.sizeInBytes() > maxBytes) {
            // One that was there before has room for sure, so this one was begun for the record, and goes with it.
            assert draft != before;
            drafts.remove(drafts.size() - 1);
            open[partition] = before;
            parts[partition]--;
            throw tooLarge(index, draft.sizeInBytes());
        }
        sizeInBytes += draft.sizeInBytes() - bytesBefore;
        remember(draft);
    }

    /**
     * How the records of a request were sorted.
     *
     * @param batches the batches, in the order in which they were begun
     * @param batchOfRecord which of these each record went to
     */
    record Cut(List<BatchDraft.Sign> batches, int[] batchOfRecord) {}

    /** How the records were sorted so far. */
    Cut cut() {
        int[] all = new int[records];
        Arrays.setAll(all, this::batchOf);
        return new Cut(drafts.stream().map(BatchDraft::sign).toList(), all);
    }

    /**
     * Puts a record into the batch that it was in when the same request was read before, though others are left out now: a batch with an
     * idempotency key stands for the same records whatever is left out of it.
     *
     * @param place which of the records that were accepted then it is, from 0
     */
    void acceptAgain(long index, RecordDraft record, Cut cut, int place) {
        int which = cut.batchOfRecord()[place];
        BatchDraft draft = again.computeIfAbsent(which, first -> {
            BatchDraft one =
                    new BatchDraft(drafts.size(), cut.batches().get(first), index, (int) record.payloadBytes());
            drafts.add(one);
            return one;
        });
        draft.addAgain(record, nowMs);
        remember(draft);
    }

    /** Which of {@link #drafts()} holds what is left of a batch of a cut; -1 if nothing is. */
    int batchLike(int which) {
        BatchDraft draft = again.get(which);
        return draft == null ? -1 : draft.ordinal();
    }

    private int partitionOf(long index, RecordDraft record) {
        if (record.partition < 0) {
            return partitioner.choose(record.key, record.keyFrom, record.keyLength, (int) record.payloadBytes());
        }
        if (record.partition >= topic.partitions()) {
            throw problem(
                    404,
                    "unknown_partition",
                    index,
                    "partition",
                    "is " + record.partition + ", topic " + topic.name() + " has partitions 0 to "
                            + (topic.partitions() - 1));
        }
        return record.partition;
    }

    private void remember(BatchDraft draft) {
        if (drafts.size() > 1 && batchOfRecord == null) {
            batchOfRecord = new int[Math.max(16, records + records / 2)];
        }
        if (batchOfRecord != null) {
            if (records == batchOfRecord.length) {
                batchOfRecord = Arrays.copyOf(batchOfRecord, records * 2);
            }
            batchOfRecord[records] = draft.ordinal();
        }
        records++;
    }

    /** The batches, in the order in which they were begun. */
    List<BatchDraft> drafts() {
        return drafts;
    }

    int records() {
        return records;
    }

    /** Bytes of all batches, not compressed. */
    long sizeInBytes() {
        return sizeInBytes;
    }

    /** Which of {@link #drafts()} a record went to. */
    int batchOf(int record) {
        return batchOfRecord == null ? 0 : batchOfRecord[record];
    }

    private HttpProblem tooLarge(long index, long bytes) {
        return problem(
                        413,
                        "record_too_large",
                        index,
                        "",
                        "takes " + bytes + " bytes with its batch header, "
                                + "max.message.bytes of topic " + topic.name() + " is "
                                + topic.config().maxMessageBytes())
                .with("max_message_bytes", topic.config().maxMessageBytes());
    }

    private HttpProblem problem(int status, String code, long index, String field, String what) {
        String place = names.of(index, field);
        return new HttpProblem(status, code, place + " " + what).with("field", place);
    }

    /** How a fault names a record and a field of it; an empty field means the whole record. */
    @FunctionalInterface
    interface RecordNames {
        String of(long index, String field);
    }
}
