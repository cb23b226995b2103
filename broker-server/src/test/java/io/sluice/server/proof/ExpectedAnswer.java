package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Base64;
import java.util.Queue;

/**
 * Compares the body of a fetch with what {@link SeededValues} says it must be, piece by piece as it comes, so that an
 * answer of any length is checked in little memory. For use by one thread.
 */
final class ExpectedAnswer {
    private static final int PIECE_BYTES = 48 * 1024;
    private static final String CONTENT_TYPE = "application/octet-stream";
    /** The part of a batch header after its length: epoch, checksum, timestamps, which nobody can foretell. */
    private static final int REST_OF_HEADER_BYTES = 49;

    /** The form of the answer. */
    enum Form {
        JSON("application/json"),
        LINES("application/x-ndjson"),
        BATCHES("application/vnd.sluice.batches");

        private final String mediaType;

        Form(String mediaType) {
            this.mediaType = mediaType;
        }

        String mediaType() {
            return mediaType;
        }
    }

    /** Something that comes next: bytes, a number of any digits, or a number of bytes of any value. */
    private record Piece(byte[] bytes, boolean digits, int anyBytes) {}

    private final SeededValues values;
    private final Form form;
    private final Queue<Piece> pieces = new ArrayDeque<>();
    private final StringBuilder tail = new StringBuilder();
    private Piece piece;
    private int at;
    private long offset;
    private int valueAt = -1;
    /** Whether no record has come yet. */
    private boolean first = true;
    /** Whether the comma before the next record has come. */
    private boolean comma;

    private boolean inTail;
    private long checkedBytes;

    /** An answer that begins at an offset. */
    ExpectedAnswer(SeededValues values, Form form, long offset) {
        this.values = values;
        this.form = form;
        this.offset = offset;
        if (form == Form.JSON) {
            bytes("{\"records\":[");
        }
    }

    /** The offset after the last record that was complete. */
    long nextOffset() {
        return offset;
    }

    /** Bytes that were right. */
    long checkedBytes() {
        return checkedBytes;
    }

    /** Checks what came. */
    void feed(byte[] source, int from, int to) {
        int next = from;
        while (next < to) {
            if (inTail) {
                tail.append((char) source[next++]);
                continue;
            }
            if (piece == null && !advance(source[next])) {
                next++;
                continue;
            }
            next = match(source, next, to);
        }
        checkedBytes += to - from;
    }

    /** Checks that the answer may end here. */
    void end() {
        if (form == Form.JSON) {
            assertThat(tail.toString())
                    .matches("\\],?\"next_offset\":" + offset + ",\"high_watermark\":\\d+,\"log_start_offset\":0\\}");
        } else {
            assertThat(atBoundary()).as("ends between records, after " + offset).isTrue();
        }
    }

    private boolean atBoundary() {
        return piece == null && pieces.isEmpty() && valueAt < 0;
    }

    /** Makes the next piece; false if the byte was a mark between records that has been taken. */
    private boolean advance(byte next) {
        if (pieces.isEmpty() && valueAt >= 0) {
            valuePiece();
        }
        if (pieces.isEmpty()) {
            if (form == Form.JSON && next == ']') {
                inTail = true;
                tail.append(']');
                return false;
            }
            if (form == Form.JSON && !first && !comma) {
                if (next != ',') {
                    throw new AssertionError("after the record at " + (offset - 1) + " comes byte " + next);
                }
                comma = true;
                return false;
            }
            first = false;
            comma = false;
            record();
        }
        piece = pieces.remove();
        at = 0;
        return true;
    }

    private int match(byte[] source, int from, int to) {
        int next = from;
        if (piece.digits) {
            while (next < to && source[next] >= '0' && source[next] <= '9') {
                next++;
            }
            if (next < to) {
                done();
            }
            return next;
        }
        if (piece.anyBytes > 0) {
            int count = Math.min(to - next, piece.anyBytes - at);
            at += count;
            if (at == piece.anyBytes) {
                done();
            }
            return next + count;
        }
        int count = Math.min(to - next, piece.bytes.length - at);
        int wrong = Arrays.mismatch(source, next, next + count, piece.bytes, at, at + count);
        if (wrong >= 0) {
            throw new AssertionError("wrong byte in the record at offset " + offset + " as " + form + ", value from "
                    + valueAt + ": expected " + excerpt(piece.bytes, at + wrong) + " but came "
                    + excerpt(Arrays.copyOf(source, to), next + wrong));
        }
        at += count;
        if (at == piece.bytes.length) {
            done();
        }
        return next + count;
    }

    private void done() {
        piece = null;
        if (pieces.isEmpty() && valueAt >= 0) {
            valuePiece();
        }
    }

    private static String excerpt(byte[] bytes, int at) {
        return new String(bytes, at, Math.min(60, bytes.length - at), StandardCharsets.ISO_8859_1);
    }

    private void bytes(String text) {
        pieces.add(new Piece(text.getBytes(StandardCharsets.ISO_8859_1), false, 0));
    }

    private void record() {
        valueAt = 0;
        if (form == Form.BATCHES) {
            batchHead();
            return;
        }
        bytes("{\"partition\":0,\"offset\":" + offset + ",\"timestamp\":");
        pieces.add(new Piece(new byte[0], true, 0));
        bytes(",\"key\":null,"
                + switch (values.kind(offset)) {
                    case TEXT -> "\"value\":\"";
                    case JSON -> "\"value\":";
                    case BINARY -> "\"value_base64\":\"";
                });
    }

    /** The next part of the value; behind the last one the end of the record, which is then complete. */
    private void valuePiece() {
        int size = values.size(offset);
        boolean base64 = form != Form.BATCHES && values.kind(offset) == SeededValues.Kind.BINARY;
        int count = Math.min(PIECE_BYTES, size - valueAt);
        byte[] part = values.part(offset, valueAt, count);
        pieces.add(new Piece(base64 ? Base64.getEncoder().encode(part) : part, false, 0));
        valueAt += count;
        if (valueAt == size) {
            if (form == Form.BATCHES) {
                pieces.add(new Piece(headers(), false, 0));
            } else {
                String quote = values.kind(offset) == SeededValues.Kind.JSON ? "" : "\"";
                bytes(quote + ",\"headers\":{\"content-type\":\"" + CONTENT_TYPE + "\"}}"
                        + (form == Form.LINES ? "\n" : ""));
            }
            valueAt = -1;
            offset++;
        }
    }

    /** A batch of one record without a key, as far as the value. */
    private void batchHead() {
        int size = values.size(offset);
        // Attributes, time and offset deltas of 0, no key.
        ByteBuffer head = ByteBuffer.allocate(32);
        int length = 4 + varint(ByteBuffer.allocate(8), size) + size + headers().length;
        varint(head, length);
        head.put(new byte[] {0, 0, 0, 1});
        varint(head, size);
        head.flip();
        int batchLength = REST_OF_HEADER_BYTES + head.remaining() + size + headers().length;
        pieces.add(new Piece(
                ByteBuffer.allocate(12).putLong(offset).putInt(batchLength).array(), false, 0));
        pieces.add(new Piece(new byte[0], false, REST_OF_HEADER_BYTES));
        pieces.add(new Piece(Arrays.copyOf(head.array(), head.remaining()), false, 0));
    }

    private static byte[] headers() {
        ByteBuffer headers = ByteBuffer.allocate(64);
        varint(headers, 1);
        for (String text : new String[] {"content-type", CONTENT_TYPE}) {
            varint(headers, text.length());
            headers.put(text.getBytes(StandardCharsets.US_ASCII));
        }
        return Arrays.copyOf(headers.array(), headers.position());
    }

    /** Writes a number as Kafka does, zigzag in groups of seven bits; returns how many bytes it took. */
    private static int varint(ByteBuffer target, int number) {
        int begin = target.position();
        int rest = (number << 1) ^ (number >> 31);
        while ((rest & ~0x7f) != 0) {
            target.put((byte) (rest & 0x7f | 0x80));
            rest >>>= 7;
        }
        target.put((byte) rest);
        return target.position() - begin;
    }
}
