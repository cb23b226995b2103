package io.sluice.loadtest.target;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Locale;

/**
 * The server that is measured.
 *
 * @param host name or address, without the brackets of an IPv6 literal
 * @param port TCP port
 * @param basePath what comes before every path, without a slash at its end; often empty
 */
public record Target(String host, int port, String basePath) {

    /**
     * Reads a URL such as {@code http://127.0.0.1:8080}.
     *
     * @throws IllegalArgumentException if it is not an http URL with a host, saying why
     */
    public static Target of(String url) {
        URI uri;
        try {
            uri = URI.create(url);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + url + "' is not a URL: " + e.getMessage());
        }
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("http")) {
            throw new IllegalArgumentException("'" + url + "' does not start with http://, the only scheme measured");
        }
        if (uri.getHost() == null) {
            throw new IllegalArgumentException("'" + url + "' names no host");
        }
        if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw new IllegalArgumentException("'" + url + "' has a query or a fragment, a base URL has none");
        }
        String host = uri.getHost();
        String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        String path = uri.getRawPath() == null ? "" : uri.getRawPath();
        return new Target(
                bare,
                uri.getPort() < 0 ? 80 : uri.getPort(),
                path.endsWith("/") ? path.substring(0, path.length() - 1) : path);
    }

    /** The value of the Host header. */
    public String authority() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    /** The full URL of a path of the server. */
    public URI uri(String pathAndQuery) {
        return URI.create("http://" + authority() + basePath + pathAndQuery);
    }

    /** Whether the server is on this machine, so that its process can be looked at. */
    public boolean isLoopback() {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    @Override
    public String toString() {
        return "http://" + authority() + basePath;
    }
}
