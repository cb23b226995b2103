package io.sluice.server.http.records;

import java.io.InputStream;
import java.nio.ByteBuffer;

/** A stream over bytes that are read piece by piece from wherever they lie. */
final class PieceInput extends InputStream {
    private final Pieces pieces;
    private final int end;
    private int position;

    /** Reads bytes at a position. */
    @FunctionalInterface
    interface Pieces {
        /** Fills the target with the bytes from {@code position} on. */
        void read(int position, ByteBuffer target);
    }

    PieceInput(Pieces pieces, int from, int end) {
        this.pieces = pieces;
        this.position = from;
        this.end = end;
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int from, int length) {
        if (length == 0) {
            return 0;
        }
        int count = Math.min(length, end - position);
        if (count == 0) {
            return -1;
        }
        pieces.read(position, ByteBuffer.wrap(target, from, count));
        position += count;
        return count;
    }

    @Override
    public long skip(long count) {
        int skipped = (int) Math.max(0, Math.min(count, end - position));
        position += skipped;
        return skipped;
    }

    @Override
    public int available() {
        return end - position;
    }
}
