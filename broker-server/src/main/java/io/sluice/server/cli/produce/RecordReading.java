package io.sluice.server.cli.produce;

import io.sluice.server.cli.client.CliException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Turns inputs into records: by line, by file, or by object. Returns once all of them are acknowledged. */
final class RecordReading {
    private final Inputs inputs;

    RecordReading(Inputs inputs) {
        this.inputs = inputs;
    }

    /** Each line is a record; before the separator, if there is one, stands its key. */
    void lines(BatchOutlet outlet, Optional<byte[]> keySeparator) throws IOException, InterruptedException {
        for (String name : inputs.names()) {
            try (InputStream in = inputs.open(name)) {
                LineReader lines = new LineReader(in, ProduceCommand.MAX_RECORD_BYTES, outlet::flush);
                while (lines.next()) {
                    outlet.send(keySeparator.isPresent() ? split(name, lines, keySeparator.get()) : whole(lines));
                }
            }
        }
        outlet.drain();
    }

    private static OutgoingRecord whole(LineReader line) {
        return OutgoingRecord.value(line.array(), line.from(), line.length(), line.lengthWithEnd());
    }

    private static OutgoingRecord split(String name, LineReader line, byte[] separator) {
        byte[] array = line.array();
        int last = line.from() + line.length() - separator.length;
        for (int at = line.from(); at <= last; at++) {
            if (startsWith(array, at, separator)) {
                int valueFrom = at + separator.length;
                int valueLength = line.from() + line.length() - valueFrom;
                return new OutgoingRecord(
                        array, line.from(), at - line.from(), array, valueFrom, valueLength, line.lengthWithEnd());
            }
        }
        throw CliException.usage("produce: line " + line.number() + " of " + name + " has no key separator");
    }

    private static boolean startsWith(byte[] array, int at, byte[] prefix) {
        for (int i = 0; i < prefix.length; i++) {
            if (array[at + i] != prefix[i]) {
                return false;
            }
        }
        return true;
    }

    /** Each file is a record. */
    void files(BatchOutlet outlet, boolean nameIsKey) throws IOException, InterruptedException {
        for (String name : inputs.names()) {
            byte[] value;
            try (InputStream in = inputs.open(name)) {
                value = in.readNBytes(ProduceCommand.MAX_RECORD_BYTES + 1);
            }
            if (value.length > ProduceCommand.MAX_RECORD_BYTES) {
                throw CliException.usage("produce: " + name + " is larger than " + ProduceCommand.MAX_RECORD_BYTES
                        + " bytes, the limit of a record");
            }
            byte[] key = Inputs.shortName(name).getBytes(StandardCharsets.UTF_8);
            outlet.send(
                    nameIsKey
                            ? new OutgoingRecord(key, 0, key.length, value, 0, value.length, value.length)
                            : OutgoingRecord.value(value, 0, value.length, value.length));
        }
        outlet.drain();
    }

    /** Each line is a record object; lines of nothing but blanks are left out, as they hold none. */
    void objects(LinesOutlet outlet) throws IOException, InterruptedException {
        for (String name : inputs.names()) {
            try (InputStream in = inputs.open(name)) {
                LineReader lines = new LineReader(in, ProduceCommand.MAX_RECORD_BYTES, outlet::flush);
                while (lines.next()) {
                    if (!isBlank(lines)) {
                        outlet.send(lines);
                    }
                }
            }
        }
        outlet.drain();
    }

    private static boolean isBlank(LineReader line) {
        for (int i = line.from(); i < line.from() + line.length(); i++) {
            byte b = line.array()[i];
            if (b != ' ' && b != '\t' && b != '\r') {
                return false;
            }
        }
        return true;
    }
}
