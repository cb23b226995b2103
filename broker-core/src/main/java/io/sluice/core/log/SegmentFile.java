package io.sluice.core.log;

import io.sluice.core.storage.LogFile;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open file of a segment, counted by its users, so that a segment can be deleted while somebody reads it: the file
 * closes when the log has let go of it and the last reader too. Safe on any thread.
 */
final class SegmentFile {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentFile.class);

    private final LogFile file;
    private final AtomicInteger users = new AtomicInteger(1);
    /** Closed with the file; set before others can use the segment. */
    private volatile List<AutoCloseable> others = List.of();

    SegmentFile(LogFile file) {
        this.file = file;
    }

    /** Only between {@link #acquire()} and {@link #release()}, or for the log itself. */
    LogFile file() {
        return file;
    }

    /** Keeps the file open. False if it has been closed: the segment is gone. */
    boolean acquire() {
        int now = users.get();
        while (now > 0) {
            if (users.compareAndSet(now, now + 1)) {
                return true;
            }
            now = users.get();
        }
        return false;
    }

    /** Closes these with the file. */
    void alsoClose(AutoCloseable... resources) {
        others = List.of(resources);
    }

    /** Ends what {@link #acquire()} began; the log calls it once for itself. */
    void release() {
        if (users.decrementAndGet() == 0) {
            try {
                file.close();
                for (AutoCloseable other : others) {
                    other.close();
                }
            } catch (Exception e) {
                // Nobody can do anything about it, and nothing is lost: what had to be durable has been synced.
                LOG.warn("{} cannot be closed", file.path(), e);
            }
        }
    }
}
