package io.sluice.server.proof;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * The text that this machine has: licences, documentation, logs, and this project's own sources. As it is, in whatever
 * encoding and with whatever line ends; what is packed is unpacked.
 */
final class MachineText {
    private static final List<Path> PLACES = List.of(
            Path.of("/usr/share/common-licenses"),
            Path.of("/usr/share/doc"),
            Path.of("/usr/share/perl"),
            Path.of("/var/log"),
            Path.of(System.getProperty("java.home"), "legal"),
            Path.of("..").toAbsolutePath().normalize());
    private static final List<String> ENDINGS =
            List.of(".txt", ".log", ".md", ".html", ".java", ".xml", ".json", ".pl", ".pm", ".pod", "copyright", ".gz");
    private static final long MAX_FILE_BYTES = 4 * 1024 * 1024;
    private static final int MAX_FILES = 5_000;

    private MachineText() {}

    /**
     * Writes text to a file, over and over until there is enough. It ends with a line end.
     *
     * @return how many bytes there are before the first repetition
     */
    static long pack(Path target, long bytes) throws IOException {
        long once = 0;
        try (OutputStream out = Files.newOutputStream(target)) {
            for (Path file : files()) {
                once += copy(file, out);
                if (once >= bytes) {
                    break;
                }
            }
        }
        if (once == 0) {
            throw new IOException("this machine has no text in " + PLACES);
        }
        byte[] all = Files.readAllBytes(target);
        try (OutputStream out = Files.newOutputStream(target)) {
            for (long left = bytes; left > 0; left -= all.length) {
                out.write(all, 0, (int) Math.min(all.length, left));
            }
            out.write('\n');
        }
        return once;
    }

    private static List<Path> files() throws IOException {
        List<Path> found = new ArrayList<>();
        for (Path place : PLACES) {
            if (Files.isDirectory(place)) {
                Files.walkFileTree(place, new Finder(found));
            }
        }
        return found;
    }

    /** One file, with a line end behind it; nothing if it cannot be read. */
    private static long copy(Path file, OutputStream out) throws IOException {
        byte[] text;
        try (InputStream raw = new BufferedInputStream(Files.newInputStream(file));
                InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw) {
            text = in.readNBytes((int) MAX_FILE_BYTES);
        } catch (IOException e) {
            // A log that belongs to somebody else, a broken archive: there is other text.
            return 0;
        }
        out.write(text);
        out.write('\n');
        return text.length + 1L;
    }

    /** Finds text by its name, and stays out of what a build made. */
    private static final class Finder extends SimpleFileVisitor<Path> {
        private final List<Path> found;

        Finder(List<Path> found) {
            this.found = found;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            String name = String.valueOf(folder.getFileName());
            return name.equals("target") || name.startsWith(".git")
                    ? FileVisitResult.SKIP_SUBTREE
                    : FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            boolean isText = ENDINGS.stream().anyMatch(file.toString()::endsWith)
                    || file.toString().startsWith("/usr/share/common-licenses");
            if (isText && attributes.isRegularFile() && attributes.size() <= MAX_FILE_BYTES) {
                found.add(file);
            }
            return found.size() < MAX_FILES ? FileVisitResult.CONTINUE : FileVisitResult.TERMINATE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException failure) {
            return FileVisitResult.CONTINUE;
        }
    }
}
