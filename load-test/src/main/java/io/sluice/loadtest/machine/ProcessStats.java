package io.sluice.loadtest.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a process has used so far, read from {@code /proc}.
 *
 * @param cpuMicros processor time of all its threads, user and system, in microseconds; it moves in steps of 10 ms
 * @param residentBytes memory that is resident now
 * @param peakResidentBytes the most that ever was
 */
public record ProcessStats(long cpuMicros, long residentBytes, long peakResidentBytes) {
    /** Linux counts a process's time for user space in ticks of this length, whatever its own clock does. */
    private static final long MICROS_PER_TICK = 10_000;

    private static final int USER_TICKS = 11;
    private static final int SYSTEM_TICKS = 12;

    /** A process's figures; empty if it is not there, or there is no {@code /proc}. */
    public static Optional<ProcessStats> of(long pid) {
        Path process = Path.of("/proc", Long.toString(pid));
        try {
            return Optional.of(
                    parse(Files.readString(process.resolve("stat")), Files.readString(process.resolve("status"))));
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /**
     * @param stat the text of {@code /proc/PID/stat}
     * @param status the text of {@code /proc/PID/status}
     * @throws IllegalArgumentException if they are not such texts
     */
    static ProcessStats parse(String stat, String status) {
        // The second field is the program's name in parentheses, which may hold spaces and parentheses itself.
        int nameEnd = stat.lastIndexOf(')');
        String[] afterName = nameEnd < 0
                ? new String[0]
                : stat.substring(nameEnd + 1).strip().split(" ");
        if (afterName.length <= SYSTEM_TICKS) {
            throw new IllegalArgumentException("not a process's stat: " + stat);
        }
        long ticks = Long.parseLong(afterName[USER_TICKS]) + Long.parseLong(afterName[SYSTEM_TICKS]);
        return new ProcessStats(ticks * MICROS_PER_TICK, kilobytes(status, "VmRSS:"), kilobytes(status, "VmHWM:"));
    }

    private static long kilobytes(String status, String name) {
        return status.lines()
                .filter(line -> line.startsWith(name))
                .findFirst()
                .map(line -> Long.parseLong(
                                line.substring(name.length()).replace("kB", "").strip())
                        * 1024)
                .orElse(0L);
    }
}
