package io.sluice.server.codec;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.RecordBatch;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.zip.GZIPInputStream;
import net.jpountz.lz4.LZ4FrameInputStream;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.utils.ByteBufferOutputStream;

/**
 * All five types of compression. Writing goes through kafka-clients, so the framing is Kafka's by construction. Reading
 * uses the same codec libraries as streams: kafka-clients wants the whole compressed batch in one buffer, and a batch
 * that is read piece by piece is never whole.
 */
public final class KafkaCodecs implements Codecs {
    private static final int INITIAL_BYTES = 512;
    private static final int GZIP_BUFFER_BYTES = 8 * 1024;

    /** Codecs have no state: one is enough for a broker. */
    public KafkaCodecs() {}

    @Override
    public boolean supports(CompressionType type) {
        return true;
    }

    @Override
    public InputStream decompress(CompressionType type, InputStream compressed) throws IOException {
        NativeLibraries.load(type);
        return switch (type) {
            case NONE -> compressed;
            case GZIP -> new GZIPInputStream(compressed, GZIP_BUFFER_BYTES);
            case SNAPPY -> new SnappyBlocks(compressed);
            case LZ4 -> new LZ4FrameInputStream(compressed);
            case ZSTD -> new ZstdInputStreamNoFinalizer(compressed);
        };
    }

    @Override
    public OutputStream compress(CompressionType type, OutputStream target) {
        NativeLibraries.load(type);
        return type == CompressionType.NONE ? target : new KafkaCompressed(type, target);
    }

    /** Kafka's streams write into a growing buffer of their own; closing hands what it holds to the target. */
    private static final class KafkaCompressed extends OutputStream {
        private final ByteBufferOutputStream buffer = new ByteBufferOutputStream(INITIAL_BYTES);
        private final OutputStream compressor;
        private final OutputStream target;
        private boolean closed;

        KafkaCompressed(CompressionType type, OutputStream target) {
            this.compressor = Compression.of(type.label()).build().wrapForOutput(buffer, RecordBatch.MAGIC);
            this.target = target;
        }

        @Override
        public void write(int b) throws IOException {
            compressor.write(b);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            compressor.write(bytes, from, length);
        }

        @Override
        public void close() throws IOException {
            if (closed) {
                return;
            }
            closed = true;
            compressor.close();
            target.write(buffer.buffer().array(), 0, buffer.position());
        }
    }
}
