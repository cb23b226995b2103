package io.sluice.core.storage;

import java.io.IOException;
import java.nio.ByteBuffer;

/** An open file. Reads are safe on several threads at once, and beside one thread that writes. */
public interface LogFile extends AutoCloseable {
    /** Where this is, for messages. */
    String path();

    /** Bytes in the file. */
    long size() throws IOException;

    /** When the file was last written, in ms since the epoch, by the clock of its file system. A cut does not count. */
    long lastModifiedMs() throws IOException;

    /**
     * Writes all that remains of some buffers, one behind the other.
     *
     * @param position where the first byte goes; at most the file's size
     * @param sources moved to their limits. If this throws, some of the bytes may have been written.
     */
    void write(long position, ByteBuffer... sources) throws IOException;

    /**
     * Reads until the buffer is full or the file ends.
     *
     * @return the bytes read, 0 at or behind the end of the file
     */
    int read(long position, ByteBuffer target) throws IOException;

    /** Cuts the file to a size that is not larger than it has. */
    void truncate(long size) throws IOException;

    /**
     * Makes the file's bytes and size durable. If this throws, nothing is known of what is durable, and a second try
     * would prove nothing: the caller gives the file up.
     */
    void sync() throws IOException;

    @Override
    void close() throws IOException;
}
