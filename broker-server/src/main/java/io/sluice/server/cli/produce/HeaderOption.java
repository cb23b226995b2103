package io.sluice.server.cli.produce;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** The {@code --header} options as the bytes that records carry. */
final class HeaderOption {
    private HeaderOption() {}

    static Map<String, byte[]> bytes(Map<String, String> options) {
        Map<String, byte[]> headers = new LinkedHashMap<>();
        options.forEach((name, value) -> headers.put(name, value.getBytes(StandardCharsets.UTF_8)));
        return headers;
    }
}
