package io.sluice.server.cli.produce;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.Arrays;

/** Lines, each a record object in JSON, as they came. */
final class LinesBody implements Body {
    private final ByteArrayOutputStream lines;
    /** Which line of the input each line is: empty ones are left out. */
    private long[] numbers = new long[256];

    private int count;
    private long inputBytes;

    LinesBody(int expectedBytes) {
        lines = new ByteArrayOutputStream(expectedBytes);
    }

    /** Takes the line that the reader stands on. */
    void append(LineReader line) {
        if (count == numbers.length) {
            numbers = Arrays.copyOf(numbers, count * 2);
        }
        numbers[count++] = line.number();
        inputBytes += line.lengthWithEnd();
        lines.write(line.array(), line.from(), line.length());
        lines.write('\n');
    }

    /**
     * Which line of the input a line of this body is.
     *
     * @param line from 1 to {@link #recordCount}
     */
    long inputLine(int line) {
        return numbers[line - 1];
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
    public long inputBytes() {
        return inputBytes;
    }

    @Override
    public BodyPublisher finish() {
        return BodyPublishers.ofByteArray(lines.toByteArray());
    }
}
