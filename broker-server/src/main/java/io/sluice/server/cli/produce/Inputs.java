package io.sluice.server.cli.produce;

import io.sluice.server.cli.client.CliException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The inputs by their names, opened one after the other. */
public final class Inputs {
    private static final String STANDARD_INPUT = "-";

    private final InputStream standardInput;
    private final List<String> names;

    /**
     * Checks that they can be read.
     *
     * @param command whose inputs they are, for messages
     * @param names files; - or none is standard input
     * @throws CliException USAGE if one cannot
     */
    public Inputs(String command, InputStream standardInput, List<String> names) {
        this.standardInput = standardInput;
        this.names = names.isEmpty() ? List.of(STANDARD_INPUT) : names;
        for (String name : this.names) {
            if (!name.equals(STANDARD_INPUT) && !Files.isReadable(Path.of(name))) {
                throw CliException.usage(command + ": cannot read " + name);
            }
            if (Files.isDirectory(Path.of(name))) {
                throw CliException.usage(command + ": " + name + " is a folder");
            }
        }
    }

    /** All of them. */
    public List<String> names() {
        return names;
    }

    /** What a person calls it, and what a key made of it is: the last part of the path. */
    static String shortName(String name) {
        return Path.of(name).getFileName().toString();
    }

    /** Opens one; closing standard input does nothing. */
    public InputStream open(String name) throws IOException {
        if (name.equals(STANDARD_INPUT)) {
            // Standard input is not ours to close.
            return new FilterInputStream(standardInput) {
                @Override
                public void close() {}
            };
        }
        return Files.newInputStream(Path.of(name));
    }
}
