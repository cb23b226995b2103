package io.sluice.core.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Small files that are replaced whole: a crash leaves the old content or the new, never a part of either. */
public final class CheckpointFile {
    private static final String TEMPORARY = ".tmp";
    /** The largest content; it is held in memory whole. */
    public static final int MAX_BYTES = 256 * 1024 * 1024;

    private CheckpointFile() {}

    /**
     * Writes aside, syncs, renames, syncs the folder. Durable on return.
     *
     * @throws IOException also if the content is larger than {@link #MAX_BYTES}: nobody could read it
     */
    public static void write(LogDirectory directory, String name, byte[] content) throws IOException {
        if (content.length > MAX_BYTES) {
            throw new IOException(directory.path() + "/" + name + " would have " + content.length + " bytes, "
                    + MAX_BYTES + " is the limit");
        }
        String temporary = name + TEMPORARY;
        directory.delete(temporary);
        try (LogFile file = directory.open(temporary)) {
            file.write(0, ByteBuffer.wrap(content));
            file.sync();
        }
        directory.rename(temporary, name);
        directory.sync();
    }

    public static void write(LogDirectory directory, String name, String content) throws IOException {
        write(directory, name, content.getBytes(StandardCharsets.UTF_8));
    }

    /** The whole file, or empty if there is none. */
    public static Optional<byte[]> read(LogDirectory directory, String name) throws IOException {
        if (!directory.exists(name)) {
            return Optional.empty();
        }
        try (LogFile file = directory.open(name)) {
            long size = file.size();
            if (size > MAX_BYTES) {
                throw new IOException(file.path() + " has " + size + " bytes, " + MAX_BYTES + " is the limit");
            }
            ByteBuffer content = ByteBuffer.allocate((int) size);
            file.read(0, content);
            return Optional.of(content.array());
        }
    }
}
