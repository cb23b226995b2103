package io.sluice.server.kafka.records;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.engine.LogRead;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * Pooled memory outside of the heap for what one read finds: the socket takes it as it is. A reader asks for room, and the
 * event loop has it again when the read is done.
 */
final class ReadMemory implements IntFunction<ByteBuffer> {
    private final ByteBufAllocator allocator;
    private Optional<ByteBuf> room = Optional.empty();

    ReadMemory(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    /** Room for what is read from the disk. Fails with OVERLOADED if there is none. */
    @Override
    public ByteBuffer apply(int size) {
        ByteBuf taken = take(allocator, size);
        room = Optional.of(taken);
        return taken.nioBuffer(0, size);
    }

    /** What was read, in memory that the caller releases. Batches of the tail are copied: they lie in arrays. */
    ByteBuf bytesOf(LogRead read) {
        int size = read.sizeInBytes();
        if (room.isPresent() && size > room.get().capacity() / 2) {
            ByteBuf bytes = room.get().writerIndex(size);
            room = Optional.empty();
            return bytes;
        }
        try {
            ByteBuf bytes = take(allocator, size);
            read.batches().forEach(batch -> bytes.writeBytes(batch.duplicate()));
            return bytes;
        } finally {
            release();
        }
    }

    /** Gives back what has been asked for, if nothing was read into it. */
    void release() {
        room.ifPresent(ByteBuf::release);
        room = Optional.empty();
    }

    /** Memory outside of the heap; OVERLOADED if there is none. */
    static ByteBuf take(ByteBufAllocator allocator, int size) {
        try {
            return allocator.directBuffer(size, size);
        } catch (OutOfMemoryError e) {
            throw new BrokerException(
                    ErrorCode.OVERLOADED, "there is no memory for " + size + " fetched bytes: " + e.getMessage(), e);
        }
    }
}
