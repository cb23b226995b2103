package io.sluice.server.http.restv2;

import io.sluice.server.http.HttpProblem;
import io.sluice.server.http.RestProblem;
import io.vertx.core.http.HttpServerRequest;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The address of an instance, as its client sees this broker: proxies say in {@code Forwarded}, or else in
 * {@code X-Forwarded-Proto}, {@code -Host}, {@code -Port} and {@code -Path}, by which one it came.
 */
final class BaseUri {
    private static final Pattern FORWARDED_HOST = Pattern.compile("(?i)host=\"?([^;,\"\\s]+)");
    private static final Pattern FORWARDED_PROTO = Pattern.compile("(?i)proto=\"?([^;,\"\\s]+)");
    private static final Pattern HOST = Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._~-]+)(:[0-9]{1,5})?");
    private static final Pattern PORT = Pattern.compile("[0-9]{1,5}");
    private static final Pattern PATH = Pattern.compile("/[A-Za-z0-9/._~!$&'()*+,;=:@%-]*");

    private BaseUri() {}

    /**
     * The address of an instance that a request creates.
     *
     * @throws HttpProblem 400 if a header says what cannot stand in an address
     */
    static String of(HttpServerRequest request, String name) {
        Optional<String> forwarded = header(request, "Forwarded");
        Optional<String> proto = forwarded
                .map(header -> find(FORWARDED_PROTO, header))
                .orElseGet(() -> header(request, "X-Forwarded-Proto").map(BaseUri::first));
        Optional<String> host = forwarded
                .map(header -> find(FORWARDED_HOST, header))
                .orElseGet(() -> header(request, "X-Forwarded-Host").map(BaseUri::first));
        String scheme = proto.orElse("http");
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw RestProblem.of(400, scheme + " is not a valid schema/proto.");
        }
        String authority = host.or(() -> header(request, "Host")).orElse("localhost");
        Matcher parts = HOST.matcher(authority);
        if (!parts.matches()) {
            throw RestProblem.of(400, authority + " is not a valid host.");
        }
        if (parts.group(2) == null) {
            authority += ":" + port(request, scheme);
        }
        String path = header(request, "X-Forwarded-Path").orElse(request.path());
        if (!PATH.matcher(path).matches()) {
            throw RestProblem.of(400, path + " is not a valid path.");
        }
        String trimmed = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        String encoded = URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
        return scheme + "://" + authority + trimmed + "/instances/" + encoded;
    }

    private static String port(HttpServerRequest request, String scheme) {
        String port =
                header(request, "X-Forwarded-Port").map(BaseUri::first).orElse(scheme.equals("https") ? "443" : "80");
        if (!PORT.matcher(port).matches()) {
            throw RestProblem.of(400, port + " is not a valid port.");
        }
        return port;
    }

    private static Optional<String> header(HttpServerRequest request, String name) {
        return Optional.ofNullable(request.getHeader(name)).map(String::trim).filter(text -> !text.isEmpty());
    }

    /** Of several proxies the first is the one that the client knows. */
    private static String first(String list) {
        return list.split(",", 2)[0].trim();
    }

    private static Optional<String> find(Pattern pattern, String header) {
        Matcher found = pattern.matcher(header);
        return found.find() ? Optional.of(found.group(1)) : Optional.empty();
    }
}
