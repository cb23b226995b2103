package io.sluice.server.cli.log;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.server.cli.client.BrokenPipeException;
import io.sluice.server.cli.client.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** Lines to a buffered stream. */
final class LineOutput {
    private final OutputStream out;

    LineOutput(OutputStream out) {
        this.out = out;
    }

    void line(JsonNode document) {
        write(Json.bytes(document));
    }

    void line(String text) {
        write(text.getBytes(StandardCharsets.UTF_8));
    }

    private void write(byte[] line) {
        try {
            out.write(line);
            out.write('\n');
        } catch (IOException e) {
            throw BrokenPipeException.whenWriting(e);
        }
    }

    /** @throws BrokenPipeException if nobody reads */
    void flush() {
        try {
            out.flush();
        } catch (IOException e) {
            throw BrokenPipeException.whenWriting(e);
        }
    }
}
