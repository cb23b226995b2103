package io.sluice.loadtest;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Workloads by file or by name: a name is one of the files of {@code load-test/workloads}, which the jar carries.
 */
final class WorkloadFiles {
    private static final String SUFFIX = ".properties";
    private static final String FOLDER = "/workloads/";

    private WorkloadFiles() {}

    /**
     * Reads a workload.
     *
     * @param fileOrName a path, or the name of one that the jar carries
     * @param overrides settings that win over those of the file
     * @throws InvalidWorkloadException if there is no such workload, or it is not valid
     */
    static Workload load(String fileOrName, Map<String, String> overrides) {
        Path file = Path.of(fileOrName);
        if (Files.isRegularFile(file)) {
            String fileName = file.getFileName().toString();
            String name =
                    fileName.endsWith(SUFFIX) ? fileName.substring(0, fileName.length() - SUFFIX.length()) : fileName;
            try {
                return parse(name, fileOrName, Files.readString(file), overrides);
            } catch (IOException e) {
                throw new InvalidWorkloadException(fileOrName + ": cannot be read: " + e.getMessage());
            }
        }
        return parse(fileOrName, "workload " + fileOrName, carried(fileOrName), overrides);
    }

    /** The names of the workloads that the jar carries, each with its first comment line. */
    static Map<String, String> carried() {
        return lines("index").stream()
                .collect(Collectors.toMap(name -> name, WorkloadFiles::firstComment, (a, b) -> a, TreeMap::new));
    }

    static Workload parse(String name, String source, String text, Map<String, String> overrides) {
        Properties properties = new Properties();
        try (Reader reader = new StringReader(text)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw new InvalidWorkloadException(source + ": not a properties file: " + e.getMessage());
        }
        Map<String, String> settings = new TreeMap<>();
        properties.stringPropertyNames().forEach(key -> settings.put(key, properties.getProperty(key)));
        settings.putAll(overrides);
        return Workload.of(name, source, settings);
    }

    private static String carried(String name) {
        if (!lines("index").contains(name)) {
            throw new InvalidWorkloadException(
                    "no workload file and no workload named '" + name + "'; --list-workloads shows the names");
        }
        return resource(FOLDER + name + SUFFIX);
    }

    private static String firstComment(String name) {
        return resource(FOLDER + name + SUFFIX)
                .lines()
                .filter(line -> line.startsWith("#"))
                .findFirst()
                .map(line -> line.substring(1).strip())
                .orElse("");
    }

    private static List<String> lines(String file) {
        return resource(FOLDER + file).lines().filter(line -> !line.isBlank()).toList();
    }

    private static String resource(String path) {
        try (InputStream in = WorkloadFiles.class.getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalStateException(path + " is missing from the jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
