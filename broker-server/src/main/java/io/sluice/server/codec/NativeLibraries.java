package io.sluice.server.codec;

import io.sluice.core.record.CompressionType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xerial.snappy.Snappy;

/**
 * The native libraries of snappy and lz4. Each unpacks itself into the system's folder of temporary files when it is first used, and
 * takes that file away when the process ends in order; one that is killed would leave it there, and the next start adds
 * another. So the file goes here as soon as it is loaded: the process keeps what it has mapped. This knows Linux; elsewhere the
 * files stay until the end. Files outside of that folder belong to somebody and are left alone.
 */
final class NativeLibraries {
    private static final Logger LOG = LoggerFactory.getLogger(NativeLibraries.class);
    private static final Path MAPPED = Path.of("/proc/self/maps");

    private NativeLibraries() {}

    /** Loads what a type of compression needs, once. On any thread. */
    static void load(CompressionType type) {
        switch (type) {
            // zstd takes its file away itself, as Netty does.
            case NONE, GZIP, ZSTD -> {}
            case SNAPPY -> ForSnappy.load();
            case LZ4 -> ForLz4.load();
        }
    }

    /** Each of these has done its work when it is initialized, which Java does once. */
    private static final class ForSnappy {
        static {
            unpack("snappy-", () -> Snappy.maxCompressedLength(1));
        }

        static void load() {}
    }

    private static final class ForLz4 {
        static {
            unpack("liblz4-java-", net.jpountz.util.Native::load);
        }

        static void load() {}
    }

    private static void unpack(String prefix, Runnable library) {
        try {
            library.run();
            removeMapped(prefix);
        } catch (LinkageError | RuntimeException | IOException e) {
            // What works without it goes on; what does not fails where it is used, with its own reason.
            LOG.debug("the native library {}... was not loaded, or its file stays: {}", prefix, e.toString());
        }
    }

    private static void removeMapped(String prefix) throws IOException {
        if (!Files.exists(MAPPED)) {
            return;
        }
        Path folder = Path.of(System.getProperty("java.io.tmpdir")).toRealPath();
        for (String line : Files.readAllLines(MAPPED, StandardCharsets.ISO_8859_1)) {
            int at = line.indexOf('/');
            if (at < 0) {
                continue;
            }
            Path file = Path.of(line.substring(at));
            String name = file.getFileName().toString();
            if (name.startsWith(prefix) && folder.equals(file.getParent())) {
                Files.deleteIfExists(file);
                // lz4 puts one beside it, and never takes away a library that has one.
                Files.deleteIfExists(file.resolveSibling(name + ".lck"));
            }
        }
    }
}
