package io.sluice.server.cli.produce;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;

/** Lines, each a record object in JSON, as they came. */
final class LinesBody implements Body {
    private final ByteArrayOutputStream lines;
    private int count;
    private long firstLine;
    private long lastLine;

    LinesBody(int expectedBytes) {
        lines = new ByteArrayOutputStream(expectedBytes);
    }

    /** @param lineNumber which line of the input it is, for messages */
    void append(byte[] array, int from, int length, long lineNumber) {
        if (count == 0) {
            firstLine = lineNumber;
        }
        lastLine = lineNumber;
        lines.write(array, from, length);
        lines.write('\n');
        count++;
    }

    long firstLine() {
        return firstLine;
    }

    long lastLine() {
        return lastLine;
    }

    @Override
    public int recordCount() {
        return count;
    }

    @Override
    public int sizeInBytes() {
        return lines.size();
    }

    @Override
    public BodyPublisher finish() {
        return BodyPublishers.ofByteArray(lines.toByteArray());
    }
}
