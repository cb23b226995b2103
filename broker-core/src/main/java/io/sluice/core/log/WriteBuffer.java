package io.sluice.core.log;

import io.sluice.core.storage.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Gathers batches in native memory and writes them with as few calls as possible. A worker has one for all its
 * partitions. Heap buffers given to the JDK one by one would each be copied to native memory and written alone.
 */
public final class WriteBuffer {
    private final ByteBuffer buffer;

    /** @param capacity bytes; a batch that is larger goes through in pieces */
    public WriteBuffer(int capacity) {
        this.buffer = ByteBuffer.allocateDirect(capacity);
    }

    /**
     * Writes buffers one behind the other.
     *
     * @param position where the first byte goes
     * @return the position after the last byte
     */
    long write(LogFile file, long position, Iterable<ByteBuffer> sources) throws IOException {
        long at = position;
        buffer.clear();
        for (ByteBuffer source : sources) {
            ByteBuffer rest = source.duplicate();
            while (rest.hasRemaining()) {
                int count = Math.min(rest.remaining(), buffer.remaining());
                buffer.put(rest.slice(rest.position(), count));
                rest.position(rest.position() + count);
                if (!buffer.hasRemaining()) {
                    at = drain(file, at);
                }
            }
        }
        return drain(file, at);
    }

    private long drain(LogFile file, long position) throws IOException {
        buffer.flip();
        int count = buffer.remaining();
        if (count > 0) {
            file.write(position, buffer);
        }
        buffer.clear();
        return position + count;
    }
}
