package io.sluice.core.storage;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A folder of this machine's file system. */
public final class DiskDirectory implements LogDirectory {
    private final Path path;
    private final FileStore store;

    private DiskDirectory(Path path) throws IOException {
        this.path = path;
        this.store = Files.getFileStore(path);
    }

    /** Opens a folder, which is created with its parents if there is none. */
    public static DiskDirectory open(Path path) throws IOException {
        Files.createDirectories(path);
        return new DiskDirectory(path);
    }

    @Override
    public String path() {
        return path.toString();
    }

    @Override
    public List<String> files() throws IOException {
        return list(Files::isRegularFile);
    }

    @Override
    public List<String> directories() throws IOException {
        return list(Files::isDirectory);
    }

    private List<String> list(Predicate<Path> kind) throws IOException {
        try (Stream<Path> entries = Files.list(path)) {
            return entries.filter(kind)
                    .map(entry -> entry.getFileName().toString())
                    .toList();
        }
    }

    @Override
    public boolean exists(String name) {
        return Files.exists(path.resolve(name));
    }

    @Override
    public LogDirectory directory(String name) throws IOException {
        Path directory = path.resolve(name);
        // Says nothing if another thread was faster, unlike createDirectory.
        Files.createDirectories(directory);
        return new DiskDirectory(directory);
    }

    @Override
    public LogFile open(String name) throws IOException {
        return DiskFile.open(path.resolve(name));
    }

    @Override
    public void rename(String from, String to) throws IOException {
        Files.move(path.resolve(from), path.resolve(to), StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void delete(String name) throws IOException {
        Files.deleteIfExists(path.resolve(name));
    }

    @Override
    public void deleteDirectory(String name) throws IOException {
        Path directory = path.resolve(name);
        if (!Files.exists(directory)) {
            return;
        }
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
                if (failure instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw failure;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException failure) throws IOException {
                Files.deleteIfExists(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** Linux makes a folder's entries durable when a channel on the folder itself is forced. */
    @Override
    public void sync() throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public long usableBytes() throws IOException {
        return store.getUsableSpace();
    }

    @Override
    public long totalBytes() throws IOException {
        return store.getTotalSpace();
    }
}
