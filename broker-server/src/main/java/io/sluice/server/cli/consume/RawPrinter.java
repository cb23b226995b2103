package io.sluice.server.cli.consume;

import io.sluice.core.record.RecordCursor;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;

/** Prints values, or keys and values, as the bytes they are, a record a line. */
final class RawPrinter implements RecordPrinter {
    private static final int BUFFER_BYTES = 256 * 1024;
    private static final int COPY_BYTES = 16 * 1024;

    private final OutputStream out;
    private final Optional<byte[]> keySeparator;
    private final boolean timestamps;
    private final byte[] nullText;
    private byte[] copy = new byte[COPY_BYTES];

    /**
     * @param keySeparator stands between key and value; without it keys are not printed
     * @param timestamps whether a time and a tab go in front
     * @param nullText stands for a missing key and a null value
     */
    RawPrinter(OutputStream out, Optional<String> keySeparator, boolean timestamps, String nullText) {
        this.out = new BufferedOutputStream(out, BUFFER_BYTES);
        this.keySeparator = keySeparator.map(text -> text.getBytes(StandardCharsets.UTF_8));
        this.timestamps = timestamps;
        this.nullText = nullText.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void print(String topic, int partition, RecordCursor record) throws IOException {
        if (timestamps) {
            out.write(Instant.ofEpochMilli(record.timestamp()).toString().getBytes(StandardCharsets.US_ASCII));
            out.write('\t');
        }
        if (keySeparator.isPresent()) {
            write(record.hasKey(), record.key());
            out.write(keySeparator.get());
        }
        write(record.hasValue(), record.value());
        out.write('\n');
    }

    private void write(boolean there, ByteBuffer bytes) throws IOException {
        if (!there) {
            out.write(nullText);
            return;
        }
        while (bytes.hasRemaining()) {
            int length = Math.min(copy.length, bytes.remaining());
            bytes.get(copy, 0, length);
            out.write(copy, 0, length);
        }
    }

    @Override
    public void flush() throws IOException {
        out.flush();
    }
}
