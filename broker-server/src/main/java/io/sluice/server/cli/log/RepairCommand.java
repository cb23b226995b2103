package io.sluice.server.cli.log;

import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice log repair}: cuts damage out, keeps the rest, and says what is lost. */
@Command(
        name = "repair",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Cut damage out of a log and keep the rest.",
            "",
            "The damaged bytes are kept beside the segment in <segment>.damaged-<position>. Indexes of a repaired"
                    + " segment are deleted; the broker builds them again. Refused while a broker runs. Without --yes"
                    + " it only tells what it would do."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:everything is sound now",
            "1:there is damage and --yes was not given, or a broker runs",
            "2:there is no log at PATH"
        })
final class RepairCommand implements Callable<Integer> {
    private final Streams streams;

    @Parameters(paramLabel = "PATH", description = "A data directory, a partition's folder or a segment.")
    private Path path;

    @Option(names = "--yes", description = "Do it.")
    private boolean yes;

    @Option(names = "--json", description = "Answer with JSON, a damaged segment a line.")
    private boolean json;

    RepairCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        LogPaths paths = LogPaths.at(path);
        int faults = 0;
        try (DataDirectoryLock lock = DataDirectoryLock.take(paths.dataDirectory())) {
            Reports reports = new Reports();
            for (SegmentPath segment : paths.segments()) {
                SegmentReport report = SegmentReport.of(segment);
                reports.add(report);
                if (!report.isSound()) {
                    faults++;
                    show(report);
                    repair(report);
                }
            }
            for (Path folder : paths.folders()) {
                faults += repairMissing(reports.missing(folder));
                int lostEnds = repairEnd(reports.lostEnd(paths.dataDirectory(), folder));
                faults += lostEnds;
                Optional<SegmentReport> gapped = reports.last(folder).filter(SegmentReport::leavesGap);
                if (yes && gapped.isPresent() && lostEnds == 0) {
                    // The segment that the broker appends to has no gaps. So this one is done with, and another begins.
                    SegmentRepair.beginAt(folder, gapped.get().endOffset());
                }
            }
        }
        if (faults == 0) {
            say("nothing to repair in " + paths.segments().size() + " segments");
            return CliException.OK;
        }
        if (!yes) {
            streams.say("sluice: nothing was changed; give --yes to repair");
            return CliException.REFUSED;
        }
        return CliException.OK;
    }

    /** Lets the broker take the segments that are there for all there are, and returns whether some are gone. */
    private int repairMissing(MissingSegments missing) throws IOException {
        if (missing.isEmpty()) {
            return 0;
        }
        if (json) {
            streams.print(missing.document().put("repaired", yes));
        }
        say(missing.toString());
        if (yes) {
            SegmentRepair.forgetList(missing.folder());
        }
        say("  " + (yes ? "repaired: " : "would be repaired: ") + "the log goes on without them");
        return 1;
    }

    /** Lets the log go on behind what is lost, and returns how many ends were lost. */
    private int repairEnd(Optional<LostEnd> lost) throws IOException {
        if (lost.isEmpty()) {
            return 0;
        }
        LostEnd end = lost.get();
        if (json) {
            streams.print(end.document().put("repaired", yes));
        }
        say(end.toString());
        if (yes) {
            SegmentRepair.beginAt(end.folder(), end.recoveryPoint());
        }
        say("  " + (yes ? "repaired: " : "would be repaired: ") + "the log goes on at offset " + end.recoveryPoint());
        return 1;
    }

    private void show(SegmentReport report) {
        if (json) {
            streams.print(report.document().put("repaired", yes));
        } else {
            streams.print(report.text());
        }
    }

    private void repair(SegmentReport report) throws IOException {
        if (yes) {
            for (Path aside : SegmentRepair.run(report)) {
                say("  kept aside: " + aside);
            }
        }
        for (Damage damage : report.damages()) {
            say("  " + (yes ? "lost: " : "would be lost: ") + damage.lostOffsets());
        }
        say(yes ? "  repaired; the indexes will be built again" : "  would be repaired");
    }

    private void say(String text) {
        if (!json) {
            streams.print(text);
        }
    }
}
