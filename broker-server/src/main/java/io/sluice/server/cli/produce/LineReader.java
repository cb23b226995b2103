package io.sluice.server.cli.produce;

import io.sluice.server.cli.client.CliException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Walks the lines of a stream as bytes; nothing is decoded. A line ends before {@code \n} or at the end of the stream;
 * a {@code \r} belongs to the line. Accessors speak of the line that the last {@link #next()} moved to. For one thread.
 */
public final class LineReader {
    private static final int FIRST_BUFFER_BYTES = 256 * 1024;

    private final InputStream in;
    private final int maxLineBytes;
    private final Runnable beforeWaiting;

    private byte[] buffer = new byte[FIRST_BUFFER_BYTES];
    /** Bytes of the buffer that hold data: [lineStart, end) is not handed out yet, or is the current line. */
    private int end;

    private int next;
    private int from;
    private int length;
    private long number;

    /**
     * @param maxLineBytes how long a line may be
     * @param beforeWaiting runs when the next read may have to wait for somebody to write
     */
    public LineReader(InputStream in, int maxLineBytes, Runnable beforeWaiting) {
        this.in = in;
        this.maxLineBytes = maxLineBytes;
        this.beforeWaiting = beforeWaiting;
    }

    /**
     * Moves to the next line.
     *
     * @return false at the end of the stream
     * @throws CliException USAGE if a line is longer than allowed
     */
    public boolean next() throws IOException {
        from = next;
        int scanned = from;
        while (true) {
            for (int i = scanned; i < end; i++) {
                if (buffer[i] == '\n') {
                    length = i - from;
                    next = i + 1;
                    return found();
                }
            }
            int pending = end - from;
            if (!fill()) {
                length = pending;
                next = end;
                return pending > 0 && found();
            }
            // Filling may have moved the line to the front of the buffer.
            scanned = from + pending;
        }
    }

    private boolean found() {
        number++;
        if (length > maxLineBytes) {
            throw tooLong(number);
        }
        return true;
    }

    private boolean fill() throws IOException {
        if (from > 0) {
            System.arraycopy(buffer, from, buffer, 0, end - from);
            end -= from;
            from = 0;
        }
        if (end == buffer.length) {
            if (end > maxLineBytes) {
                throw tooLong(number + 1);
            }
            buffer = Arrays.copyOf(buffer, (int) Math.min(maxLineBytes + 1L, buffer.length * 2L));
        }
        if (in.available() == 0) {
            beforeWaiting.run();
        }
        int read = in.read(buffer, end, buffer.length - end);
        if (read <= 0) {
            return false;
        }
        end += read;
        return true;
    }

    private CliException tooLong(long line) {
        return CliException.usage("line " + line + " is longer than " + maxLineBytes + " bytes, the limit");
    }

    /** The array that holds the line, valid until the next move. */
    public byte[] array() {
        return buffer;
    }

    /** Where in it the line begins. */
    public int from() {
        return from;
    }

    /** Bytes of the line, without its line end. */
    public int length() {
        return length;
    }

    /** Bytes of the line and of its line end, if it has one. */
    int lengthWithEnd() {
        return next - from;
    }

    /** The line's number, from 1. */
    public long number() {
        return number;
    }
}
