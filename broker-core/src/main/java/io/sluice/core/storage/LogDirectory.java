package io.sluice.core.storage;

import java.io.IOException;
import java.util.List;

/**
 * A folder of files and folders. What every implementation honours:
 *
 * <ul>
 *   <li>Creating, renaming and deleting an entry is seen at once by everybody, and survives a crash only after
 *       {@link #sync()} of the folder that holds it.
 *   <li>{@link #rename} replaces a file of the new name in one step: nobody ever sees neither.
 *   <li>Bytes written to a file are seen at once by everybody, and survive a crash only after {@link LogFile#sync()}.
 *       Unsynced writes may be lost, or kept in part, in any order.
 *   <li>A deleted or renamed file stays readable through a {@link LogFile} that is open.
 * </ul>
 *
 * <p>Names are plain: no separators. Safe for use by several threads.
 */
public interface LogDirectory {
    /** Where this is, for messages. */
    String path();

    /** The names of the files, in no order. */
    List<String> files() throws IOException;

    /** The names of the folders, in no order. */
    List<String> directories() throws IOException;

    boolean exists(String name) throws IOException;

    /** Opens a folder, which is created if there is none. */
    LogDirectory directory(String name) throws IOException;

    /** Opens a file for reading and writing, which is created empty if there is none. */
    LogFile open(String name) throws IOException;

    /** Renames a file or folder of this folder; a file of the new name is replaced. */
    void rename(String from, String to) throws IOException;

    /** Deletes a file; nothing happens if there is none. */
    void delete(String name) throws IOException;

    /** Deletes a folder with all that is in it; nothing happens if there is none. */
    void deleteDirectory(String name) throws IOException;

    /** Makes the entries of this folder durable: what was created, renamed and deleted in it. */
    void sync() throws IOException;

    /** How many bytes may still be written to this file system. */
    long usableBytes() throws IOException;

    /** How many bytes this file system holds in all. */
    long totalBytes() throws IOException;
}
