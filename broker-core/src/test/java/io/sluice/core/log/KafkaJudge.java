package io.sluice.core.log;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.tools.DumpLogSegments;

/** Kafka's own DumpLogSegments, asked for its opinion of a partition's folder. */
final class KafkaJudge {
    private static final String GAP = "is followed by";
    /** It expects offset 0 after the -1 with which it begins every segment, and says so of all segments but the first. */
    private static final String FIRST_OF_SEGMENT = "-1 is followed by";
    /** All the ways in which it complains. */
    private static final List<String> COMPLAINTS = List.of(
            "Mismatches in",
            "Indexed offset",
            "indexed offsets are not found",
            "Found timestamp mismatch",
            "Found out of order timestamp",
            GAP,
            "invalid bytes at the end",
            "is corrupt",
            "isvalid: false",
            "isValid: false",
            "Exception");

    private KafkaJudge() {}

    /** What it says with these options about files of the folder. */
    static String says(Path folder, List<String> suffixes, String... options) throws IOException {
        StringBuilder said = new StringBuilder();
        for (Path file : files(folder, suffixes)) {
            List<String> arguments = new ArrayList<>(List.of(options));
            arguments.addAll(List.of("--files", file.toString()));
            said.append(run(arguments.toArray(String[]::new)));
        }
        return said.toString();
    }

    private static String run(String[] arguments) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        try {
            PrintStream both = new PrintStream(said, true, StandardCharsets.UTF_8);
            System.setOut(both);
            System.setErr(both);
            DumpLogSegments.main(arguments);
        } catch (Exception e) {
            said.writeBytes(("Exception " + e).getBytes(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
        return said.toString(StandardCharsets.UTF_8);
    }

    private static List<Path> files(Path folder, List<String> suffixes) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(path -> suffixes.stream().anyMatch(path.toString()::endsWith))
                    .sorted()
                    .toList();
        }
    }

    /** Every line with a complaint, over all files and all modes; gaps are what compaction leaves. */
    static List<String> complaints(Path folder, boolean compacted) throws IOException {
        String said = says(folder, List.of(".log"), "--deep-iteration", "--print-data-log")
                + says(folder, List.of(".log"))
                + says(folder, List.of(".index", ".timeindex"), "--verify-index-only")
                + says(folder, List.of(".index", ".timeindex"), "--index-sanity-check")
                + says(folder, List.of(".index", ".timeindex"))
                + says(folder, List.of(".snapshot"));
        return said.lines()
                .filter(line -> !line.contains(FIRST_OF_SEGMENT))
                .filter(line -> COMPLAINTS.stream()
                        .filter(complaint -> !compacted || !complaint.equals(GAP))
                        .anyMatch(line::contains))
                .toList();
    }
}
