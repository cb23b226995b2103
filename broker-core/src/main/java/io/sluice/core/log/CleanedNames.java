package io.sluice.core.log;

import io.sluice.core.storage.LogDirectory;
import io.sluice.core.storage.LogFile;
import java.io.IOException;
import java.util.List;

/** A folder in which every file's name ends in {@link SegmentNames#CLEANED}: where compaction writes. */
final class CleanedNames implements LogDirectory {
    private final LogDirectory directory;

    CleanedNames(LogDirectory directory) {
        this.directory = directory;
    }

    private static String cleaned(String name) {
        return name + SegmentNames.CLEANED;
    }

    @Override
    public String path() {
        return directory.path();
    }

    @Override
    public List<String> files() throws IOException {
        return directory.files().stream()
                .filter(name -> name.endsWith(SegmentNames.CLEANED))
                .map(name -> name.substring(0, name.length() - SegmentNames.CLEANED.length()))
                .toList();
    }

    @Override
    public List<String> directories() {
        return List.of();
    }

    @Override
    public boolean exists(String name) throws IOException {
        return directory.exists(cleaned(name));
    }

    @Override
    public LogDirectory directory(String name) {
        throw new UnsupportedOperationException("compaction makes no folders");
    }

    @Override
    public LogFile open(String name) throws IOException {
        return directory.open(cleaned(name));
    }

    @Override
    public void rename(String from, String to) throws IOException {
        directory.rename(cleaned(from), cleaned(to));
    }

    @Override
    public void delete(String name) throws IOException {
        directory.delete(cleaned(name));
    }

    @Override
    public void deleteDirectory(String name) {
        throw new UnsupportedOperationException("compaction deletes no folders");
    }

    @Override
    public void sync() throws IOException {
        directory.sync();
    }

    @Override
    public long usableBytes() throws IOException {
        return directory.usableBytes();
    }

    @Override
    public long totalBytes() throws IOException {
        return directory.totalBytes();
    }
}
