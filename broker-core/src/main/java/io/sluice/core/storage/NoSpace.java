package io.sluice.core.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Optional;

/**
 * Knows the failures that say that there is no space. The JDK passes on the system's own words and nothing else, and the
 * system speaks the language of its user: so it is asked once what it says, by a write to a device that is always full.
 *
 * <p>A full quota has words of its own. They are known in English only: there is no device to ask, no exception of the JDK
 * has the error's number, and the free space that a file store tells is that of the file system, not what a quota leaves
 * of it. So {@code bin/sluice} lets the system speak English. In any other language a full quota takes a partition offline,
 * as every failure does that is not known.
 */
public final class NoSpace {
    private static final Optional<String> SYSTEM_WORDS = wordsOf(Path.of("/dev/full"));

    private NoSpace() {}

    /** Whether a failure says that there is no space. */
    public static boolean isWhy(IOException failure) {
        return isWhy(failure, SYSTEM_WORDS);
    }

    static boolean isWhy(IOException failure, Optional<String> systemWords) {
        String message = String.valueOf(failure.getMessage());
        String english = message.toLowerCase(Locale.ROOT);
        return english.contains("no space left")
                || english.contains("quota exceeded")
                || systemWords.filter(message::contains).isPresent();
    }

    /** What the system says to a write that finds no space; empty if there is no such device. */
    static Optional<String> wordsOf(Path fullDevice) {
        if (!Files.exists(fullDevice) || Files.isRegularFile(fullDevice) || Files.isDirectory(fullDevice)) {
            return Optional.empty();
        }
        try (FileChannel channel = FileChannel.open(fullDevice, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1));
            return Optional.empty();
        } catch (IOException e) {
            // A device that may not be opened fails with its name.
            return Optional.ofNullable(e.getMessage())
                    .filter(words -> !words.isBlank() && !words.contains(fullDevice.toString()));
        }
    }
}
