package io.sluice.server;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;

/**
 * Settings as they were written down, from the file over the environment to the flags: what comes later wins. Used by
 * one thread.
 */
final class ConfigSources {
    private static final String PREFIX = "SLUICE_";
    /** Variables of ours that are not settings: for the launcher, and for the commands that talk to a broker. */
    private static final Set<String> NOT_SETTINGS = Set.of("SLUICE_JAVA_OPTS", "SLUICE_SERVER", "SLUICE_HOME");

    /**
     * One setting as it was written down.
     *
     * @param text its value
     * @param source where it was found, for people
     */
    record Written(String text, String source) {}

    private final Map<String, Written> byName = new TreeMap<>();

    /**
     * Takes the settings of a file of properties, in UTF-8.
     *
     * @throws ServerException if the file cannot be read
     */
    void addFile(Path file) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (NoSuchFileException e) {
            throw new ServerException("there is no configuration file " + file, e);
        } catch (IOException | IllegalArgumentException e) {
            throw new ServerException("the configuration file " + file + " cannot be read: " + e, e);
        }
        properties.stringPropertyNames().forEach(name -> set(name, properties.getProperty(name), file.toString()));
    }

    /** Takes {@code SLUICE_LOG_RETENTION_MS} as {@code log.retention.ms}, and all others alike. */
    void addEnvironment(Map<String, String> environment) {
        environment.forEach((variable, text) -> {
            if (variable.startsWith(PREFIX) && !NOT_SETTINGS.contains(variable) && !fromKubernetes(variable)) {
                String name = variable.substring(PREFIX.length())
                        .toLowerCase(Locale.ROOT)
                        .replace('_', '.');
                set(name, text, "environment " + variable);
            }
        });
    }

    /** Takes one setting. */
    void set(String name, String text, String source) {
        byName.put(name, new Written(text, source));
    }

    /** All settings by name. */
    Map<String, Written> byName() {
        return Collections.unmodifiableMap(byName);
    }

    /** Beside a service named sluice, Kubernetes sets SLUICE_SERVICE_HOST, SLUICE_PORT and more in every container. */
    private static boolean fromKubernetes(String variable) {
        return variable.startsWith(PREFIX + "SERVICE_") || variable.startsWith(PREFIX + "PORT");
    }
}
