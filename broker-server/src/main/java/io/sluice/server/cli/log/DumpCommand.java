package io.sluice.server.cli.log;

import io.sluice.core.record.MalformedRecordException;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordCursor;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import io.sluice.server.codec.KafkaCodecs;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice log dump}: shows what is in the files. */
@Command(
        name = "dump",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Show the batches of a log, and their records if asked for.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:everything could be read", "1:something is damaged", "2:there is no log at PATH"})
final class DumpCommand implements Callable<Integer> {
    private static final int MAX_RECORDS_BYTES = 256 * 1024 * 1024;

    private final Streams streams;

    @Parameters(paramLabel = "PATH", description = "A data directory, a partition's folder or a segment.")
    private Path path;

    @Option(names = "--records", description = "Show the records too.")
    private boolean records;

    @Option(names = "--json", description = "An object a line.")
    private boolean json;

    DumpCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        BufferedOutputStream buffered = new BufferedOutputStream(streams.out(), 64 * 1024);
        // Streams.print flushes after each line; a dump has very many.
        Dump dump = new Dump(new LineOutput(buffered));
        for (SegmentPath segment : LogPaths.at(path).segments()) {
            dump.segment(segment);
        }
        dump.out.flush();
        return dump.damaged ? CliException.REFUSED : CliException.OK;
    }

    private final class Dump implements SegmentScan.Visitor {
        private final LineOutput out;
        private boolean damaged;

        Dump(LineOutput out) {
            this.out = out;
        }

        void segment(SegmentPath segment) throws IOException {
            if (json) {
                out.line(Json.object().put("segment", segment.log().toString()));
            } else {
                out.line("segment " + segment.log());
            }
            SegmentScan.walk(segment, this);
        }

        @Override
        public void batch(int position, RecordBatch batch) {
            if (json) {
                out.line(BatchText.document(position, batch));
            } else {
                out.line("  " + BatchText.line(position, batch));
            }
            if (records) {
                try {
                    records(batch);
                } catch (MalformedRecordException e) {
                    damaged = true;
                    warn("the batch at position " + position + " has records that cannot be read: " + e.getMessage());
                }
            }
        }

        private void records(RecordBatch batch) {
            RecordCursor record = RecordCursor.over(batch, new KafkaCodecs(), MAX_RECORDS_BYTES);
            while (record.next()) {
                out.line((json ? "" : "    ") + BatchText.record(record));
            }
        }

        @Override
        public void damage(Damage damage) {
            damaged = true;
            warn(damage.toString());
        }

        private void warn(String what) {
            if (json) {
                out.line(Json.object().put("damage", what));
            } else {
                out.line("  DAMAGED " + what);
            }
        }
    }
}
