package io.sluice.server.cli.log;

import io.sluice.server.cli.client.CliException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** Keeps brokers out of a data directory, as a broker keeps others out. */
final class DataDirectoryLock implements AutoCloseable {
    /** The name that the broker uses. */
    static final String FILE = ".lock";

    private final Optional<FileChannel> channel;

    private DataDirectoryLock(Optional<FileChannel> channel) {
        this.channel = channel;
    }

    /**
     * Takes the lock. A folder without a lock file was never a broker's, or is a copy: there is nothing to take.
     *
     * @throws CliException REFUSED if a broker has it
     */
    static DataDirectoryLock take(Path dataDirectory) throws IOException {
        Path file = dataDirectory.resolve(FILE);
        if (!Files.exists(file)) {
            return new DataDirectoryLock(Optional.empty());
        }
        FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        if (!isLocked(channel)) {
            channel.close();
            throw new CliException(
                    CliException.REFUSED,
                    "a broker is running on " + dataDirectory + "; stop it first (data_directory_locked)");
        }
        return new DataDirectoryLock(Optional.of(channel));
    }

    private static boolean isLocked(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException sameProcess) {
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        if (channel.isPresent()) {
            channel.get().close();
        }
    }
}
