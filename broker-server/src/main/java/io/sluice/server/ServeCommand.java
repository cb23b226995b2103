package io.sluice.server;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code sluice serve}: runs the broker until it is told to stop. */
@Command(name = "serve", description = "Runs the broker.", mixinStandardHelpOptions = true, sortOptions = false)
final class ServeCommand implements Callable<Integer> {
    private static final Path DEFAULT_CONFIG = Path.of("sluice.properties");

    @Option(names = "--data-dir", paramLabel = "DIR", description = "Folder of the data; ./data by default.")
    private Path dataDir;

    @Option(
            names = "--http",
            paramLabel = "HOST:PORT",
            description = "Address for HTTP; 127.0.0.1:8080 by default. Port 0 is any free one.")
    private String http;

    @Option(
            names = "--kafka",
            paramLabel = "HOST:PORT",
            description = "Address for Kafka's protocol; 127.0.0.1:9092 by default. Port 0 is any free one.")
    private String kafka;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "File of settings; sluice.properties in the present folder by default, if there is one.")
    private Path config;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "One setting; may be repeated.")
    private Map<String, String> settings = new LinkedHashMap<>();

    @Option(names = "--insecure", description = "Listen on an address that others reach, without authentication.")
    private boolean insecure;

    @Override
    public Integer call() throws InterruptedException {
        return new Serve(ServerConfig.read(sources(), insecure), System.out).run();
    }

    private ConfigSources sources() {
        ConfigSources sources = new ConfigSources();
        if (config != null) {
            sources.addFile(config);
        } else if (Files.exists(DEFAULT_CONFIG)) {
            sources.addFile(DEFAULT_CONFIG);
        }
        sources.addEnvironment(System.getenv());
        settings.forEach((name, text) -> sources.set(name, text, "--set"));
        if (dataDir != null) {
            sources.set(ServerSettings.DATA_DIR.name(), dataDir.toString(), "--data-dir");
        }
        if (http != null) {
            sources.set(ServerSettings.HTTP.name(), http, "--http");
        }
        if (kafka != null) {
            sources.set(KafkaSettings.KAFKA.name(), kafka, "--kafka");
        }
        return sources;
    }
}
