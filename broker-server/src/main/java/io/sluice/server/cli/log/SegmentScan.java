package io.sluice.server.cli.log;

import io.sluice.core.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Walks a segment from its first byte to its last and tells sound batches from damage. Behind damage it looks for the
 * next sound batch, so one bad byte costs one batch.
 *
 * <p>The file is mapped, so that its size takes no memory of the heap. A batch is sound if its length is possible, its
 * checksum matches, and its offsets lie behind those before it and before the next segment.
 */
final class SegmentScan {
    private final SegmentPath segment;
    private final ByteBuffer bytes;

    private SegmentScan(SegmentPath segment, ByteBuffer bytes) {
        this.segment = segment;
        this.bytes = bytes;
    }

    /** Takes what is found, in the order of the file. */
    interface Visitor {
        void batch(int position, RecordBatch batch);

        void damage(Damage damage);
    }

    /**
     * Walks the whole segment.
     *
     * @return its size in bytes, without the room behind its last batch
     * @throws IOException if it cannot be read, or is larger than a segment can be
     */
    static int walk(SegmentPath segment, Visitor visitor) throws IOException {
        try (FileChannel channel = FileChannel.open(segment.log(), StandardOpenOption.READ)) {
            long size = channel.size();
            if (size > Integer.MAX_VALUE) {
                throw new IOException(segment.log() + " has " + size + " bytes, more than a segment can have");
            }
            ByteBuffer bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, size);
            return new SegmentScan(segment, bytes).walk(visitor);
        }
    }

    private int walk(Visitor visitor) {
        int position = 0;
        long expected = segment.baseOffset();
        while (position < bytes.limit()) {
            Optional<String> fault = faultAt(position, expected);
            if (fault.isEmpty()) {
                RecordBatch batch = RecordBatch.at(bytes, position);
                visitor.batch(position, batch);
                expected = batch.nextOffset();
                position += batch.sizeInBytes();
            } else if (segment.isLast() && isZeroFrom(position)) {
                // Room for batches that did not come: the broker cuts it when it stops or starts.
                return position;
            } else {
                int next = nextSound(position, expected);
                OptionalLong end = next < bytes.limit()
                        ? OptionalLong.of(bytes.getLong(next + RecordBatch.BASE_OFFSET_AT))
                        : segment.nextBaseOffset();
                visitor.damage(new Damage(position, next - position, fault.get(), expected, end));
                position = next;
            }
        }
        return position;
    }

    private boolean isZeroFrom(int position) {
        for (int at = position; at < bytes.limit(); at++) {
            if (bytes.get(at) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Where the next sound batch begins, or the end of the file. */
    private int nextSound(int damaged, long expected) {
        int behind = endAt(damaged);
        if (behind > 0 && behind < bytes.limit() && faultAt(behind, expected).isEmpty()) {
            return behind;
        }
        for (int at = damaged + 1; at <= bytes.limit() - RecordBatch.HEADER_BYTES; at++) {
            if (bytes.get(at + RecordBatch.MAGIC_AT) == RecordBatch.MAGIC
                    && faultAt(at, expected).isEmpty()) {
                return at;
            }
        }
        return bytes.limit();
    }

    /** Where the batch ends by its own length, if that can be; else -1. */
    private int endAt(int position) {
        int left = bytes.limit() - position;
        if (left < RecordBatch.HEADER_BYTES) {
            return -1;
        }
        long size = (long) RecordBatch.LOG_OVERHEAD + bytes.getInt(position + RecordBatch.LENGTH_AT);
        return size < RecordBatch.HEADER_BYTES || size > left ? -1 : position + (int) size;
    }

    /** What is wrong at a position; the cheap questions come first. */
    private Optional<String> faultAt(int position, long expected) {
        int left = bytes.limit() - position;
        if (left < RecordBatch.HEADER_BYTES) {
            return Optional.of("only " + left + " bytes, fewer than a batch header has");
        }
        if (endAt(position) < 0) {
            int length = bytes.getInt(position + RecordBatch.LENGTH_AT);
            return Optional.of("a batch length of " + length + ", with " + left + " bytes left in the file");
        }
        RecordBatch batch = RecordBatch.at(bytes, position);
        if (batch.magic() != RecordBatch.MAGIC) {
            return Optional.of("batch format " + batch.magic() + ", not " + RecordBatch.MAGIC);
        }
        if (batch.lastOffsetDelta() < 0 || batch.baseOffset() < expected) {
            return Optional.of("offsets " + batch.baseOffset() + " to " + batch.lastOffset() + ", where " + expected
                    + " or more is due");
        }
        if (segment.nextBaseOffset().isPresent()
                && batch.lastOffset() >= segment.nextBaseOffset().getAsLong()) {
            return Optional.of("a last offset of " + batch.lastOffset() + ", but the next segment begins at "
                    + segment.nextBaseOffset().getAsLong());
        }
        if (!batch.isCrcValid()) {
            return Optional.of("a checksum of " + Long.toHexString(batch.crc()) + ", but the bytes have "
                    + Long.toHexString(batch.computeCrc()));
        }
        return batch.baseOffset() == expected ? Optional.empty() : faultAhead(position, batch, expected);
    }

    /**
     * The checksum does not cover the base offset. If it leaves a gap, which compaction does too, the batch behind must
     * agree; a batch that runs ahead of it has a damaged offset.
     */
    private Optional<String> faultAhead(int position, RecordBatch batch, long expected) {
        int behind = position + batch.sizeInBytes();
        if (endAt(behind) < 0) {
            return Optional.empty();
        }
        RecordBatch next = RecordBatch.at(bytes, behind);
        boolean runsAhead = next.baseOffset() >= expected && next.baseOffset() < batch.nextOffset();
        return runsAhead && next.isCrcValid()
                ? Optional.of(
                        "offsets up to " + batch.lastOffset() + ", but the batch behind begins at " + next.baseOffset())
                : Optional.empty();
    }
}
