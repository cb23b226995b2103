package io.sluice.loadtest.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The machine of a run, as far as it can be told.
 *
 * @param cpuModel the processor's name, or "unknown"
 * @param cores how many cores this process may use
 * @param memoryBytes main memory; 0 if unknown
 * @param kernel operating system, its version and architecture
 */
public record Machine(String cpuModel, int cores, long memoryBytes, String kernel) {

    /** This machine. */
    public static Machine current() {
        return new Machine(
                field(Path.of("/proc/cpuinfo"), "model name"),
                Runtime.getRuntime().availableProcessors(),
                memory(field(Path.of("/proc/meminfo"), "MemTotal")),
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"));
    }

    private static String field(Path file, String name) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(name))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .orElse("unknown");
        } catch (IOException e) {
            return "unknown";
        }
    }

    private static long memory(String field) {
        String[] parts = field.split(" ");
        try {
            return Long.parseLong(parts[0]) * 1024;
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
