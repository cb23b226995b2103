package io.sluice.core.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that holds nothing but room. When the disk has not a byte left, it is given up, so that the broker can write
 * down what makes space: that records or a topic are deleted. It is taken again when there is space for it. Safe on any
 * thread; every method may touch the disk.
 */
public final class ReservedSpace {
    /** How much room it is. */
    public static final int BYTES = 1 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(ReservedSpace.class);
    private static final String NAME = "reserved-space";
    /** On a smaller file system it would be a burden. */
    private static final long MIN_TOTAL_BYTES = 64L << 20;

    private final LogDirectory directory;
    private final boolean wanted;
    private boolean held;

    /** Something that writes, and can be tried again if it found no space. */
    @FunctionalInterface
    public interface Writing {
        void run() throws IOException;
    }

    /** What an earlier owner of the folder reserved is held from now on. */
    public ReservedSpace(LogDirectory directory) throws IOException {
        this.directory = directory;
        this.wanted = directory.totalBytes() >= MIN_TOTAL_BYTES;
        if (directory.exists(NAME)) {
            try (LogFile file = directory.open(NAME)) {
                held = file.size() == BYTES;
            }
        }
    }

    /** Whether the broker has the room that it wants. */
    public synchronized boolean isEnough() {
        return held || !wanted;
    }

    /** Takes the room if it is wanted and not held. Without it the broker goes on as well. */
    public synchronized void take() {
        if (isEnough()) {
            return;
        }
        // Not zeros: a file system may keep those without giving them room.
        byte[] room = new byte[BYTES];
        ThreadLocalRandom.current().nextBytes(room);
        try (LogFile file = directory.open(NAME)) {
            file.write(0, ByteBuffer.wrap(room));
            file.sync();
            held = true;
        } catch (IOException e) {
            LOG.warn("{} bytes cannot be reserved in {}: {}", BYTES, directory.path(), e.getMessage());
            giveUp();
        }
    }

    /** Gives the room up; false if there was none. */
    public synchronized boolean giveUp() {
        held = false;
        try {
            boolean there = directory.exists(NAME);
            directory.delete(NAME);
            return there;
        } catch (IOException e) {
            LOG.warn("the reserved space in {} cannot be given up: {}", directory.path(), e.getMessage());
            return false;
        }
    }

    /** Writes something, with the reserved room if there is no other. */
    public void write(Writing writing) throws IOException {
        try {
            writing.run();
        } catch (IOException e) {
            if (!NoSpace.isWhy(e) || !giveUp()) {
                throw e;
            }
            LOG.warn("no space is left in {}: the broker uses what it has reserved", directory.path());
            writing.run();
        }
    }
}
