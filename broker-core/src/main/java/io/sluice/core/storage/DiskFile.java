package io.sluice.core.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;

/** A file of this machine's file system. */
final class DiskFile implements LogFile {
    /**
     * The JDK copies what lies in an array through a direct buffer of its own, kept for each thread and as large as the
     * largest transfer: so none is larger than this.
     */
    private static final int MAX_TRANSFER_BYTES = 256 * 1024;

    private final Path path;
    private final FileChannel channel;

    private DiskFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    static DiskFile open(Path path) throws IOException {
        return new DiskFile(
                path,
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    @Override
    public String path() {
        return path.toString();
    }

    @Override
    public long size() throws IOException {
        return channel.size();
    }

    @Override
    public long lastModifiedMs() throws IOException {
        return Files.getLastModifiedTime(path).toMillis();
    }

    @Override
    public void write(long position, ByteBuffer... sources) throws IOException {
        long at = position;
        for (ByteBuffer source : sources) {
            int end = source.limit();
            while (source.position() < end) {
                source.limit(Math.min(end, source.position() + MAX_TRANSFER_BYTES));
                at += channel.write(source, at);
            }
        }
    }

    @Override
    public int read(long position, ByteBuffer target) throws IOException {
        int total = 0;
        int end = target.limit();
        while (target.position() < end) {
            if (!target.isDirect()) {
                target.limit(Math.min(end, target.position() + MAX_TRANSFER_BYTES));
            }
            int count = channel.read(target, position + total);
            if (count < 0) {
                break;
            }
            total += count;
        }
        target.limit(end);
        return total;
    }

    @Override
    public void truncate(long size) throws IOException {
        FileTime written = Files.getLastModifiedTime(path);
        channel.truncate(size);
        Files.setLastModifiedTime(path, written);
    }

    @Override
    public void sync() throws IOException {
        channel.force(false);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
