package io.sluice.server.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a command reads and writes. Bytes, not characters: records go through as they are.
 *
 * @param in standard input
 * @param out standard output, not buffered
 * @param err for messages and progress
 * @param progress whether a person watches {@code err}, so that progress may be drawn there
 */
public record Streams(InputStream in, OutputStream out, PrintStream err, boolean progress) {

    /** The streams of this process. */
    public static Streams system() {
        // System.out would swallow the broken pipe, and System.in would buffer once more.
        return new Streams(
                new FileInputStream(FileDescriptor.in),
                new FileOutputStream(FileDescriptor.out),
                System.err,
                isTerminal(2));
    }

    /** The JDK can only tell about input and output together; Linux tells for each. */
    private static boolean isTerminal(int descriptor) {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor))
                    .toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    /**
     * Writes text and a line end to the output.
     *
     * @throws BrokenPipeException if nobody reads it
     */
    public void print(String text) {
        write((text + System.lineSeparator()).getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Writes a JSON document and a line end to the output.
     *
     * @throws BrokenPipeException if nobody reads it
     */
    public void print(JsonNode document) {
        byte[] json = Json.bytes(document);
        byte[] line = new byte[json.length + 1];
        System.arraycopy(json, 0, line, 0, json.length);
        line[json.length] = '\n';
        write(line);
    }

    /** Writes a line to the error stream. */
    public void say(String message) {
        err.println(message);
    }

    private void write(byte[] bytes) {
        try {
            out.write(bytes);
            out.flush();
        } catch (IOException e) {
            throw BrokenPipeException.whenWriting(e);
        }
    }
}
