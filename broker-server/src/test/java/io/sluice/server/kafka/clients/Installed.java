package io.sluice.server.kafka.clients;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * What is not part of the build but of the machine. Where {@code CI} is {@code true}, and {@code .ci/run} has installed it, a
 * test fails without it; elsewhere it is left out and says what is missing.
 */
public final class Installed {
    /** Where the scripts of other languages lie. */
    public static final Path SCRIPTS = Path.of("src", "test", "clients").toAbsolutePath();

    private static final List<String> PYTHONS = List.of("python3", "/usr/bin/python3");

    private Installed() {}

    /** kcat of librdkafka. */
    static void kcat() {
        require(works("kcat", "-V"), "kcat is not installed: apt-get install kcat");
    }

    /** The Python that has confluent-kafka: a machine may have several. */
    public static String pythonWithConfluentKafka() {
        for (String python : PYTHONS) {
            if (works(python, "-c", "import confluent_kafka")) {
                return python;
            }
        }
        require(false, "confluent-kafka for Python is not installed: apt-get install python3-confluent-kafka");
        return "";
    }

    /** Any Python 3. */
    public static String python() {
        require(works("python3", "-c", ""), "Python is not installed: apt-get install python3");
        return "python3";
    }

    /** Node.js. */
    public static void node() {
        require(
                works("node", "-e", "process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)"),
                "Node.js of version 20 or newer is not installed: apt-get install nodejs npm");
    }

    /** Node.js, and the packages of {@code src/test/clients}. */
    public static void nodeWithPackages() {
        node();
        require(
                List.of("kafkajs", "cloudevents").stream()
                        .allMatch(name -> Files.isDirectory(
                                SCRIPTS.resolve("node_modules").resolve(name))),
                "the packages of the JavaScript clients are not installed: npm ci --prefix " + SCRIPTS);
    }

    /** Chromium, by the name that it is installed under. */
    public static String chromium() {
        for (String name : List.of("chromium", "chromium-browser", "google-chrome")) {
            if (works(name, "--version")) {
                return name;
            }
        }
        require(false, "Chromium is not installed: apt-get install chromium");
        return "";
    }

    private static void require(boolean there, String otherwise) {
        if (there) {
            return;
        }
        if ("true".equals(System.getenv("CI"))) {
            Assertions.fail(otherwise);
        }
        System.err.println("left out: " + otherwise);
        Assumptions.abort(otherwise);
    }

    private static boolean works(String... command) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
