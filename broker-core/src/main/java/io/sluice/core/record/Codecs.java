package io.sluice.core.record;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * Compresses and decompresses the records of a batch. The log itself never needs one, it passes batches through; the
 * compaction of compressed topics and the faces that show single records do. Implementations are safe for use by
 * several threads.
 */
public interface Codecs {
    /** Whether this type can be read and written. */
    boolean supports(CompressionType type);

    /**
     * The bytes behind compressed ones. The caller closes the stream.
     *
     * @throws IOException if the data is not of that compression
     * @throws UnsupportedOperationException if the type is not supported
     */
    InputStream decompress(CompressionType type, InputStream compressed) throws IOException;

    /**
     * A stream that writes compressed bytes to {@code target}; closing it finishes them.
     *
     * @throws UnsupportedOperationException if the type is not supported
     */
    OutputStream compress(CompressionType type, OutputStream target) throws IOException;

    /** What the JDK brings: none and gzip. */
    static Codecs jdk() {
        return new Codecs() {
            @Override
            public boolean supports(CompressionType type) {
                return type == CompressionType.NONE || type == CompressionType.GZIP;
            }

            @Override
            public InputStream decompress(CompressionType type, InputStream compressed) throws IOException {
                return switch (type) {
                    case NONE -> compressed;
                    case GZIP -> new GZIPInputStream(compressed, 8 * 1024);
                    default -> throw new UnsupportedOperationException(type.label() + " needs a codec library");
                };
            }

            @Override
            public OutputStream compress(CompressionType type, OutputStream target) throws IOException {
                return switch (type) {
                    case NONE -> target;
                    case GZIP -> new GZIPOutputStream(target, 8 * 1024);
                    default -> throw new UnsupportedOperationException(type.label() + " needs a codec library");
                };
            }
        };
    }
}
