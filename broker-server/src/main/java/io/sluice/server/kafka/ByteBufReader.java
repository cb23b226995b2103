package io.sluice.server.kafka;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import org.apache.kafka.common.protocol.Readable;

/**
 * Lets the generated messages read from a Netty buffer. What they keep is copied out of it, each field into memory of its
 * own: so the buffer goes back to its pool when the request has been read, and the batches of one request do not keep each
 * other alive in the log's tail.
 *
 * <p>Reading past the end throws {@link IndexOutOfBoundsException}; a length that the rest of the buffer cannot hold is
 * found before anything is allocated.
 */
final class ByteBufReader implements Readable {
    private final ByteBuf buffer;

    ByteBufReader(ByteBuf buffer) {
        this.buffer = buffer;
    }

    @Override
    public byte readByte() {
        return buffer.readByte();
    }

    @Override
    public short readShort() {
        return buffer.readShort();
    }

    @Override
    public int readInt() {
        return buffer.readInt();
    }

    @Override
    public long readLong() {
        return buffer.readLong();
    }

    @Override
    public double readDouble() {
        return buffer.readDouble();
    }

    @Override
    public byte[] readArray(int length) {
        checkThere(length);
        byte[] array = new byte[length];
        buffer.readBytes(array);
        return array;
    }

    @Override
    public ByteBuffer readByteBuffer(int length) {
        return ByteBuffer.wrap(readArray(length));
    }

    @Override
    public int readUnsignedVarint() {
        int value = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            byte b = buffer.readByte();
            value |= (b & 0x7f) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("a varint of more than 5 bytes");
    }

    @Override
    public int readVarint() {
        int value = readUnsignedVarint();
        return (value >>> 1) ^ -(value & 1);
    }

    @Override
    public long readVarlong() {
        long value = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            byte b = buffer.readByte();
            value |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return (value >>> 1) ^ -(value & 1);
            }
        }
        throw new IllegalArgumentException("a varlong of more than 10 bytes");
    }

    @Override
    public int remaining() {
        return buffer.readableBytes();
    }

    @Override
    public Readable slice() {
        return new ByteBufReader(Unpooled.wrappedBuffer(ByteBufUtil.getBytes(buffer)));
    }

    /** Leaves bytes out. */
    void skip(int length) {
        checkThere(length);
        buffer.skipBytes(length);
    }

    private void checkThere(int length) {
        if (length < 0 || length > buffer.readableBytes()) {
            throw new IllegalArgumentException(
                    "a field of " + length + " bytes, " + buffer.readableBytes() + " are left");
        }
    }
}
