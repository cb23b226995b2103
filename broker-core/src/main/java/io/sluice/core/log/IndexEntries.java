package io.sluice.core.log;

import io.sluice.core.storage.LogDirectory;
import io.sluice.core.storage.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The entries of one index: of a fixed size, in ascending order of a number in front. Either in memory, while the
 * segment grows, or in a file, once it is sealed.
 */
abstract class IndexEntries implements AutoCloseable {
    final int entryBytes;

    private IndexEntries(int entryBytes) {
        this.entryBytes = entryBytes;
    }

    abstract int count() throws IOException;

    /** The entry as bytes, from index 0 of the buffer on. */
    abstract ByteBuffer entry(int index) throws IOException;

    @Override
    public void close() throws IOException {}

    /** The number in front of an entry. */
    interface Key {
        long of(ByteBuffer entry);
    }

    /** The index of the last entry whose key is at most {@code target}; -1 if there is none. */
    int floor(long target, Key key) throws IOException {
        int low = 0;
        int high = count() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (key.of(entry(middle)) <= target) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }

    /**
     * Entries in memory. One thread appends; others may read at the same time: they see the count first and then an
     * array that holds at least as many.
     */
    static final class InMemory extends IndexEntries {
        private volatile byte[] bytes;
        private volatile int count;
        /** How many entries the file holds already. */
        private int persisted;

        InMemory(int entryBytes) {
            this(entryBytes, new byte[entryBytes * 16], 0);
        }

        private InMemory(int entryBytes, byte[] bytes, int count) {
            super(entryBytes);
            this.bytes = bytes;
            this.count = count;
            this.persisted = count;
        }

        /** Takes over what a file holds, the first {@code count} entries of it. */
        static InMemory load(int entryBytes, byte[] content, int count) {
            return new InMemory(entryBytes, Arrays.copyOf(content, Math.max(16, count) * entryBytes), count);
        }

        @Override
        int count() {
            return count;
        }

        @Override
        ByteBuffer entry(int index) {
            assert index >= 0 && index < count : index + " of " + count;
            return ByteBuffer.wrap(bytes).slice(index * entryBytes, entryBytes);
        }

        void append(ByteBuffer entry) {
            int at = count * entryBytes;
            byte[] target = bytes;
            if (at == target.length) {
                target = Arrays.copyOf(target, target.length * 2);
            }
            entry.get(0, target, at, entryBytes);
            bytes = target;
            count++;
        }

        /** Writes what the file does not hold yet, and syncs it if there was anything. */
        void persist(LogDirectory directory, String name) throws IOException {
            int now = count;
            if (persisted == now && directory.exists(name)) {
                return;
            }
            try (LogFile file = directory.open(name)) {
                int from = persisted * entryBytes;
                if (file.size() != from) {
                    // Nothing in the file, or more than we trust: it is written anew.
                    file.truncate(0);
                    from = 0;
                }
                file.write(from, ByteBuffer.wrap(bytes, from, now * entryBytes - from));
                file.sync();
            }
            persisted = now;
        }
    }

    /**
     * Entries in a file that no longer changes. It is opened at once: later another file may have its name.
     */
    static final class InFile extends IndexEntries {
        private static final int BLOCK_ENTRIES = 512;

        private final LogFile file;
        private final int count;

        InFile(int entryBytes, LogDirectory directory, String name, int count) throws IOException {
            super(entryBytes);
            this.file = directory.open(name);
            this.count = count;
        }

        @Override
        int count() {
            return count;
        }

        /** Narrows by single entries down to a block, reads that at once, and goes on in memory. */
        @Override
        int floor(long target, Key key) throws IOException {
            int low = 0;
            int high = count - 1;
            while (high - low >= BLOCK_ENTRIES) {
                int middle = (low + high) >>> 1;
                if (key.of(entry(middle)) <= target) {
                    low = middle + 1;
                } else {
                    high = middle - 1;
                }
            }
            if (low > high) {
                return high;
            }
            ByteBuffer block = ByteBuffer.allocate((high - low + 1) * entryBytes);
            file.read((long) low * entryBytes, block);
            InMemory entries = InMemory.load(entryBytes, block.array(), block.position() / entryBytes);
            return low + entries.floor(target, key);
        }

        @Override
        ByteBuffer entry(int index) throws IOException {
            assert index >= 0 && index < count : index + " of " + count;
            ByteBuffer entry = ByteBuffer.allocate(entryBytes);
            if (file.read((long) index * entryBytes, entry) < entryBytes) {
                throw new IOException(file.path() + " has no entry " + index + " of " + count);
            }
            return entry;
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
