package io.sluice.server.cli.log;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice log verify}: reads everything and says whether it is sound. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Check every batch and every index entry.",
            "",
            "Checksums, ascending offsets, and that index entries point to the batches they name. Nothing is changed."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:everything is sound", "1:something is damaged", "2:there is no log at PATH"})
final class VerifyCommand implements Callable<Integer> {
    private final Streams streams;

    @Parameters(paramLabel = "PATH", description = "A data directory, a partition's folder or a segment.")
    private Path path;

    @Option(names = "--json", description = "Answer with JSON, a segment a line.")
    private boolean json;

    VerifyCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        Summary summary = new Summary();
        LogPaths paths = LogPaths.at(path);
        Reports reports = new Reports();
        for (SegmentPath segment : paths.segments()) {
            SegmentReport report = SegmentReport.of(segment);
            reports.add(report);
            if (json) {
                streams.print(report.document());
            } else {
                streams.print(report.text());
            }
            summary.add(report);
        }
        for (Path folder : paths.folders()) {
            MissingSegments missing = reports.missing(folder);
            if (!missing.isEmpty()) {
                show(missing.document(), missing);
                summary.faults++;
            }
            Optional<LostEnd> lost = reports.lostEnd(paths.dataDirectory(), folder);
            if (lost.isPresent()) {
                show(lost.get().document(), lost.get());
                summary.faults++;
            }
        }
        show(summary.document(), summary);
        return summary.faults == 0 ? CliException.OK : CliException.REFUSED;
    }

    /** What all segments are together: the last line. */
    private static final class Summary {
        private long segments;
        private long records;
        private long bytes;
        private long faults;

        void add(SegmentReport report) {
            segments++;
            records += report.records();
            bytes += report.size();
            faults += report.isSound() ? 0 : 1;
        }

        ObjectNode document() {
            return Json.object()
                    .put("segments", segments)
                    .put("records", records)
                    .put("size_bytes", bytes)
                    .put("faults", faults)
                    .put("sound", faults == 0);
        }

        @Override
        public String toString() {
            String all = Counted.of(segments, "segment") + ", " + Counted.of(records, "record") + ", "
                    + Counted.of(bytes, "byte");
            return faults == 0 ? "all sound: " + all : Counted.of(faults, "fault") + " in " + all;
        }
    }

    private void show(ObjectNode document, Object text) {
        if (json) {
            streams.print(document);
        } else {
            streams.print(text.toString());
        }
    }
}
