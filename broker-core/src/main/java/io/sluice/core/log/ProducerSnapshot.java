package io.sluice.core.log;

import io.sluice.core.record.IdempotencyKey;
import io.sluice.core.storage.CheckpointFile;
import io.sluice.core.storage.LogDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.zip.CRC32C;

/**
 * Producer state in a file, so that a start reads the log only from there on. Kafka's format, version 1, so Kafka's
 * tools read it; behind Kafka's part stand the batches before each producer's last one, which Kafka does not keep.
 *
 * <pre>
 *  at  bytes  field
 *   0    2    version, 1
 *   2    4    CRC-32C of everything after this field
 *   6    4    entries; for each:
 *        8      producer id (an idempotency key's, if in their range)
 *        2      producer epoch (the key's fingerprint)
 *        4      last sequence (the key's own sequence)
 *        8      last offset
 *        4      offset delta of the last batch
 *        8      when the last batch was seen, ms since the epoch
 *        4      coordinator epoch, -1
 *        8      first offset of the open transaction, -1
 *        4    earlier batches; for each, the oldest first:
 *        8      producer id
 *        4+4    first and last sequence
 *        8+8    base and last offset
 *        8      timestamp
 * </pre>
 */
final class ProducerSnapshot {
    private static final short VERSION = 1;
    private static final int CRC_AT = 2;
    private static final int ENTRIES_AT = 6;
    private static final int ENTRY_BYTES = 8 + 2 + 4 + 8 + 4 + 8 + 4 + 8;
    private static final int EARLIER_BYTES = 8 + 4 + 4 + 8 + 8 + 8;

    private ProducerSnapshot() {}

    /** Writes the state of all records before {@code offset}. Durable on return. */
    static void write(LogDirectory directory, long offset, ProducerStates states) throws IOException {
        CheckpointFile.write(directory, SegmentNames.of(offset, SegmentNames.SNAPSHOT), encode(states));
    }

    /**
     * The size of a snapshot.
     *
     * @param entries producers and keys
     * @param earlier batches before each producer's last one
     */
    static long sizeInBytes(long entries, long earlier) {
        return ENTRIES_AT + 4 + entries * ENTRY_BYTES + 4 + earlier * EARLIER_BYTES;
    }

    private static byte[] encode(ProducerStates states) {
        Collection<ProducerEntry> producers = states.producers();
        Map<IdempotencyKey, ProducerStates.KeyEntry> keys = states.keys();
        int earlier =
                producers.stream().mapToInt(entry -> entry.batches().size() - 1).sum();
        ByteBuffer out = ByteBuffer.allocate(Math.toIntExact(sizeInBytes(producers.size() + keys.size(), earlier)));
        out.putShort(VERSION).putInt(0).putInt(producers.size() + keys.size());
        for (ProducerEntry entry : producers) {
            ProducerEntry.Batch last = entry.last();
            putEntry(
                    out,
                    entry.producerId(),
                    entry.epoch(),
                    last.lastSequence(),
                    last.baseOffset(),
                    last.lastOffset(),
                    last.timestampMs());
        }
        keys.forEach((key, entry) -> putEntry(
                out,
                key.producerId(),
                entry.fingerprint(),
                key.baseSequence(),
                entry.baseOffset(),
                entry.lastOffset(),
                entry.timestampMs()));
        out.putInt(earlier);
        for (ProducerEntry entry : producers) {
            for (ProducerEntry.Batch batch :
                    entry.batches().subList(0, entry.batches().size() - 1)) {
                out.putLong(entry.producerId())
                        .putInt(batch.firstSequence())
                        .putInt(batch.lastSequence())
                        .putLong(batch.baseOffset())
                        .putLong(batch.lastOffset())
                        .putLong(batch.timestampMs());
            }
        }
        out.putInt(CRC_AT, (int) crc(out.array()));
        return out.array();
    }

    private static void putEntry(
            ByteBuffer out, long id, short epoch, int sequence, long baseOffset, long lastOffset, long timestampMs) {
        out.putLong(id)
                .putShort(epoch)
                .putInt(sequence)
                .putLong(lastOffset)
                .putInt((int) (lastOffset - baseOffset))
                .putLong(timestampMs)
                .putInt(-1)
                .putLong(-1);
    }

    private static long crc(byte[] content) {
        CRC32C crc = new CRC32C();
        crc.update(content, ENTRIES_AT, content.length - ENTRIES_AT);
        return crc.getValue();
    }

    /**
     * Loads the newest sound snapshot that speaks of no record at or behind {@code logEndOffset}, deletes the unsound and the
     * later ones.
     *
     * @return the offset from which the log must be replayed; empty if there is no snapshot
     */
    static OptionalLong load(LogDirectory directory, long logEndOffset, ProducerStates states) throws IOException {
        List<Long> offsets = offsets(directory);
        for (int i = offsets.size() - 1; i >= 0; i--) {
            long offset = offsets.get(i);
            String name = SegmentNames.of(offset, SegmentNames.SNAPSHOT);
            if (offset <= logEndOffset) {
                Optional<byte[]> content = CheckpointFile.read(directory, name);
                if (content.isPresent() && decode(content.get(), states)) {
                    return OptionalLong.of(offset);
                }
            }
            directory.delete(name);
        }
        return OptionalLong.empty();
    }

    /** The offsets of all snapshots, ascending. */
    static List<Long> offsets(LogDirectory directory) throws IOException {
        List<Long> offsets = new ArrayList<>();
        for (String name : directory.files()) {
            SegmentNames.baseOffset(name, SegmentNames.SNAPSHOT).ifPresent(offsets::add);
        }
        offsets.sort(null);
        return offsets;
    }

    private static boolean decode(byte[] content, ProducerStates states) {
        ByteBuffer in = ByteBuffer.wrap(content);
        if (content.length < ENTRIES_AT + 8
                || in.getShort(0) != VERSION
                || Integer.toUnsignedLong(in.getInt(CRC_AT)) != crc(content)) {
            return false;
        }
        in.position(ENTRIES_AT);
        int count = in.getInt();
        if (count < 0 || (long) count * ENTRY_BYTES > in.remaining() - 4) {
            return false;
        }
        int earlierAt = in.position() + count * ENTRY_BYTES;
        int earlierCount = in.getInt(earlierAt);
        if (earlierCount < 0 || (long) earlierCount * EARLIER_BYTES != content.length - earlierAt - 4) {
            return false;
        }
        Map<Long, List<ProducerEntry.Batch>> earlier =
                decodeEarlier(in.slice(earlierAt + 4, earlierCount * EARLIER_BYTES));
        for (int i = 0; i < count; i++) {
            long id = in.getLong();
            short epoch = in.getShort();
            int sequence = in.getInt();
            long lastOffset = in.getLong();
            int delta = in.getInt();
            long timestampMs = in.getLong();
            in.position(in.position() + 4 + 8);
            if (IdempotencyKey.isKey(id)) {
                states.restore(
                        new IdempotencyKey(id, sequence),
                        new ProducerStates.KeyEntry(epoch, lastOffset - delta, lastOffset, timestampMs));
            } else {
                List<ProducerEntry.Batch> batches = earlier.getOrDefault(id, new ArrayList<>());
                int first = (int) (((long) sequence - delta) & Integer.MAX_VALUE);
                batches.add(new ProducerEntry.Batch(first, sequence, lastOffset - delta, lastOffset, timestampMs));
                states.restore(new ProducerEntry(id, epoch, batches));
            }
        }
        return true;
    }

    private static Map<Long, List<ProducerEntry.Batch>> decodeEarlier(ByteBuffer in) {
        Map<Long, List<ProducerEntry.Batch>> earlier = new HashMap<>();
        while (in.hasRemaining()) {
            earlier.computeIfAbsent(in.getLong(), id -> new ArrayList<>())
                    .add(new ProducerEntry.Batch(in.getInt(), in.getInt(), in.getLong(), in.getLong(), in.getLong()));
        }
        return earlier;
    }
}
