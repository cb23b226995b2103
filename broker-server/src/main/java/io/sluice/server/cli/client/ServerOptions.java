package io.sluice.server.cli.client;

import java.net.URI;
import picocli.CommandLine.Option;

/** The options of every command that speaks to a broker. */
public final class ServerOptions {
    @Option(
            names = "--server",
            paramLabel = "URL",
            defaultValue = "${env:SLUICE_SERVER:-http://127.0.0.1:8080}",
            description = {
                "The broker to speak to.",
                "Default: SLUICE_SERVER in the environment, else",
                "http://127.0.0.1:8080"
            })
    private String server;

    @Option(names = "--json", description = "Answer with JSON instead of text.")
    private boolean json;

    /** Whether the answer should be JSON. */
    public boolean json() {
        return json;
    }

    /**
     * The connection to the broker; nothing is sent yet.
     *
     * @throws CliException USAGE if the URL is not one
     */
    public BrokerConnection connect() {
        String url = server.contains("://") ? server : "http://" + server;
        URI uri;
        try {
            uri = URI.create(url.endsWith("/") ? url.substring(0, url.length() - 1) : url);
        } catch (IllegalArgumentException e) {
            throw CliException.usage("--server " + server + " is not a URL");
        }
        boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
        if (!http || uri.getHost() == null || uri.getQuery() != null || uri.getFragment() != null) {
            throw CliException.usage("--server " + server + " is not a URL like http://127.0.0.1:8080");
        }
        return new BrokerConnection(uri);
    }
}
