package io.sluice.server.kafka;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import java.nio.ByteBuffer;
import org.apache.kafka.common.protocol.Writable;
import org.apache.kafka.common.record.internal.BaseRecords;

/**
 * Lets the generated messages write into a Netty buffer. Fetched records are not copied: they take their place between what
 * is written before and after them.
 */
final class ByteBufWriter implements Writable {
    /** Records of fewer bytes are copied: that is less work than to keep account of one piece more. */
    private static final int COPIED_BYTES = 1024;

    private final ByteBufAllocator allocator;
    private final ByteBuf plain;
    private CompositeByteBuf pieces;
    private int pieceFrom;

    /** @param plainBytes how much is written that is not records */
    ByteBufWriter(ByteBufAllocator allocator, int plainBytes) {
        this.allocator = allocator;
        this.plain = allocator.directBuffer(plainBytes);
    }

    /** What has been written. Nothing may be written after it. The caller releases it. */
    ByteBuf finish() {
        if (pieces == null) {
            return plain;
        }
        addPiece();
        plain.release();
        return pieces;
    }

    /** Gives up what has been written. */
    void release() {
        plain.release();
        if (pieces != null) {
            pieces.release();
        }
    }

    private void addPiece() {
        int length = plain.writerIndex() - pieceFrom;
        if (length > 0) {
            pieces.addComponent(true, plain.retainedSlice(pieceFrom, length));
            pieceFrom += length;
        }
    }

    @Override
    public void writeRecords(BaseRecords records) {
        if (!(records instanceof LogRecords batches)) {
            Writable.super.writeRecords(records);
            return;
        }
        if (batches.sizeInBytes() <= COPIED_BYTES) {
            plain.writeBytes(batches.bytes().duplicate());
            return;
        }
        if (pieces == null) {
            pieces = allocator.compositeBuffer(Integer.MAX_VALUE);
        }
        addPiece();
        pieces.addComponent(true, batches.bytes().retainedDuplicate());
    }

    @Override
    public void writeByte(byte value) {
        plain.writeByte(value);
    }

    @Override
    public void writeShort(short value) {
        plain.writeShort(value);
    }

    @Override
    public void writeInt(int value) {
        plain.writeInt(value);
    }

    @Override
    public void writeLong(long value) {
        plain.writeLong(value);
    }

    @Override
    public void writeDouble(double value) {
        plain.writeDouble(value);
    }

    @Override
    public void writeByteArray(byte[] array) {
        plain.writeBytes(array);
    }

    @Override
    public void writeByteBuffer(ByteBuffer source) {
        plain.writeBytes(source.duplicate());
    }

    @Override
    public void writeUnsignedVarint(int value) {
        int rest = value;
        while ((rest & ~0x7f) != 0) {
            plain.writeByte(rest | 0x80);
            rest >>>= 7;
        }
        plain.writeByte(rest);
    }

    @Override
    public void writeVarint(int value) {
        writeUnsignedVarint((value << 1) ^ (value >> 31));
    }

    @Override
    public void writeVarlong(long value) {
        long rest = (value << 1) ^ (value >> 63);
        while ((rest & ~0x7fL) != 0) {
            plain.writeByte((int) (rest | 0x80));
            rest >>>= 7;
        }
        plain.writeByte((int) rest);
    }
}
