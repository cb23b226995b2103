package io.sluice.core.partition;

import io.sluice.core.storage.LogDirectory;
import io.sluice.core.storage.ReservedSpace;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a floor of free space: below it, writes of users are refused before they are tried, so that deleting and the
 * broker's own books go on. Safe on any thread; only {@link #refresh()} and {@link #wrote} touch the disk.
 */
public final class DiskSpace {
    private static final Logger LOG = LoggerFactory.getLogger(DiskSpace.class);
    private static final long DEFAULT_FLOOR = 1L << 30;

    private final LogDirectory directory;
    private final ReservedSpace reserve;
    private final long floorBytes;
    /** Free bytes at the last look, less what has been written since. */
    private final AtomicLong estimate = new AtomicLong();

    private volatile boolean low;

    /**
     * Begins to look.
     *
     * @param reserve taken when there is space; as long as it is not, users' writes are refused
     * @param minFreeBytes the floor; -1 for the lesser of 1 GiB and 5 % of the file system
     */
    public DiskSpace(LogDirectory directory, ReservedSpace reserve, long minFreeBytes) throws IOException {
        this.directory = directory;
        this.reserve = reserve;
        this.floorBytes = minFreeBytes >= 0 ? minFreeBytes : Math.min(DEFAULT_FLOOR, directory.totalBytes() / 20);
        refresh();
    }

    /** Whether users' writes are refused now. */
    public boolean isLow() {
        return low;
    }

    /** The floor, in bytes. */
    public long floorBytes() {
        return floorBytes;
    }

    /** Free bytes as far as is known. */
    public long freeBytes() {
        return estimate.get();
    }

    /** Notes that bytes were written; near the floor it looks again. */
    void wrote(long bytes) {
        if (estimate.addAndGet(-bytes) < floorBytes) {
            refresh();
        }
    }

    /** Notes that a write found no space. Users' writes are refused until a later look finds the floor free. */
    void full() {
        set(true, 0);
    }

    /** Gives up the reserved room, for the broker's own books; false if it has been given up before. */
    public boolean giveUpReserve() {
        boolean given = reserve.giveUp();
        refresh();
        return given;
    }

    /** Whether there is no space for something of this size above the floor. Touches the disk. */
    public boolean isTooLowFor(long bytes) {
        refresh();
        return low || freeBytes() < floorBytes + bytes;
    }

    /** Looks how much is free. */
    public void refresh() {
        try {
            long free = directory.usableBytes();
            if (!reserve.isEnough() && free >= floorBytes + 2L * ReservedSpace.BYTES) {
                reserve.take();
                free = directory.usableBytes();
            }
            estimate.set(free);
            set(free < floorBytes || !reserve.isEnough(), free);
        } catch (IOException e) {
            LOG.warn("the free space of {} cannot be read", directory.path(), e);
        }
    }

    private void set(boolean now, long freeBytes) {
        if (now != low) {
            low = now;
            if (now) {
                LOG.error(
                        "disk low: {} bytes are free in {}, the floor is {}; writes are refused until space returns",
                        freeBytes,
                        directory.path(),
                        floorBytes);
            } else {
                LOG.info("disk no longer low: {} bytes are free in {}", freeBytes, directory.path());
            }
        }
    }
}
