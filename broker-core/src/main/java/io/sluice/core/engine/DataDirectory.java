package io.sluice.core.engine;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.storage.CheckpointFile;
import io.sluice.core.storage.DiskDirectory;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.storage.ReservedSpace;
import java.io.IOException;
import java.io.StringReader;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of one broker: who holds it, who it belongs to, and how its last owner left it.
 *
 * <pre>
 *  .lock             held by the running broker
 *  meta.properties   version, cluster.id, and the epoch of the last start
 *  .clean-shutdown   there after a close in order; it names the epoch that was closed
 *  reserved-space    room for all of this when the disk is full
 * </pre>
 */
final class DataDirectory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DataDirectory.class);

    static final String LOCK = ".lock";
    static final String META = "meta.properties";
    static final String CLEAN = ".clean-shutdown";

    private static final String VERSION = "1";

    private final LogDirectory root;
    private final ReservedSpace reserve;
    private final Optional<FileChannel> lock;
    private final String clusterId;
    private final int epoch;
    private final boolean cleanShutdown;

    private DataDirectory(
            LogDirectory root,
            ReservedSpace reserve,
            Optional<FileChannel> lock,
            String clusterId,
            int epoch,
            boolean cleanShutdown) {
        this.root = root;
        this.reserve = reserve;
        this.lock = lock;
        this.clusterId = clusterId;
        this.epoch = epoch;
        this.cleanShutdown = cleanShutdown;
    }

    /**
     * Takes a folder of this machine and begins a new epoch.
     *
     * @throws BrokerException DATA_DIRECTORY_LOCKED, or STORAGE_FAILED
     */
    static DataDirectory lock(Path path) {
        FileChannel channel = null;
        boolean opened = false;
        try {
            LogDirectory root = DiskDirectory.open(path);
            channel = FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (!tryLock(channel)) {
                throw new BrokerException(
                        ErrorCode.DATA_DIRECTORY_LOCKED,
                        "another broker is running on " + path.toAbsolutePath() + " (it holds " + LOCK + ")");
            }
            DataDirectory directory = begin(root, Optional.of(channel));
            opened = true;
            return directory;
        } catch (IOException e) {
            throw unusable(path.toString(), e);
        } finally {
            if (!opened && channel != null) {
                closeQuietly(channel);
            }
        }
    }

    /** Takes a folder that nobody else can have, and begins a new epoch. */
    static DataDirectory unlocked(LogDirectory root) throws IOException {
        return begin(root, Optional.empty());
    }

    /** What a failure of the folder itself is told as. */
    static BrokerException unusable(LogDirectory root, IOException e) {
        return unusable(root.path(), e);
    }

    private static BrokerException unusable(String path, IOException e) {
        return new BrokerException(ErrorCode.STORAGE_FAILED, "the data directory " + path + " cannot be used: " + e, e);
    }

    private static boolean tryLock(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private static DataDirectory begin(LogDirectory root, Optional<FileChannel> lock) throws IOException {
        Properties meta = new Properties();
        Optional<byte[]> content = CheckpointFile.read(root, META);
        if (content.isPresent()) {
            meta.load(new StringReader(new String(content.get(), StandardCharsets.UTF_8)));
        }
        String version = meta.getProperty("version", VERSION);
        if (!version.equals(VERSION)) {
            throw new IOException(
                    root.path() + "/" + META + " is of version " + version + ", this broker knows " + VERSION);
        }
        String clusterId = meta.getProperty("cluster.id", UUID.randomUUID().toString());
        int lastEpoch = Integer.parseInt(meta.getProperty("epoch", "0"));
        boolean clean = CheckpointFile.read(root, CLEAN)
                .map(mark -> new String(mark, StandardCharsets.UTF_8).trim().equals(String.valueOf(lastEpoch)))
                .orElse(false);
        // The mark names its epoch, so it counts for nothing once the next epoch is written down.
        int epoch = lastEpoch + 1;
        ReservedSpace reserve = new ReservedSpace(root);
        reserve.write(() -> CheckpointFile.write(
                root, META, "version=" + VERSION + "\ncluster.id=" + clusterId + "\nepoch=" + epoch + "\n"));
        return new DataDirectory(root, reserve, lock, clusterId, epoch, clean);
    }

    LogDirectory root() {
        return root;
    }

    /** Room for the broker's own books. */
    ReservedSpace reserve() {
        return reserve;
    }

    String clusterId() {
        return clusterId;
    }

    /** The epoch of this start: one more than of the last. */
    int epoch() {
        return epoch;
    }

    /** Whether the last owner closed everything in order. */
    boolean cleanShutdown() {
        return cleanShutdown;
    }

    /** Marks that everything has been closed in order. */
    void markClean() throws IOException {
        reserve.write(() -> CheckpointFile.write(root, CLEAN, epoch + "\n"));
    }

    @Override
    public void close() {
        lock.ifPresent(DataDirectory::closeQuietly);
    }

    private static void closeQuietly(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // The lock goes with the process in any case.
            LOG.debug("closing the lock failed", e);
        }
    }
}
