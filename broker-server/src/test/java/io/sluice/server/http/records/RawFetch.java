package io.sluice.server.http.records;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.net.ssl.SSLSession;

/**
 * A GET over a socket of its own that takes the framing of the answer literally: chunks must fill the body to its last
 * byte, and a length must be the length.
 */
record RawFetch(int statusCode, HttpHeaders headers, byte[] body) implements HttpResponse<byte[]> {
    static RawFetch of(int port, String path, String... headers) {
        StringBuilder request = new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n");
        for (int i = 0; i < headers.length; i += 2) {
            request.append(headers[i]).append(": ").append(headers[i + 1]).append("\r\n");
        }
        byte[] answer;
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.getOutputStream().write(request.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
            answer = socket.getInputStream().readAllBytes();
        } catch (IOException e) {
            throw new AssertionError("no answer", e);
        }
        int headEnd = indexOf(answer, 0, "\r\n\r\n");
        List<String> head = new String(answer, 0, headEnd, StandardCharsets.ISO_8859_1)
                .lines()
                .toList();
        Map<String, List<String>> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line : head.subList(1, head.size())) {
            int colon = line.indexOf(':');
            fields.computeIfAbsent(line.substring(0, colon), name -> new ArrayList<>())
                    .add(line.substring(colon + 1).trim());
        }
        HttpHeaders all = HttpHeaders.of(fields, (name, value) -> true);
        byte[] body = all.firstValue("Transfer-Encoding").isPresent()
                ? joined(answer, headEnd + 4)
                : Arrays.copyOfRange(answer, headEnd + 4, answer.length);
        all.firstValueAsLong("Content-Length").ifPresent(length -> {
            if (length != body.length) {
                throw new AssertionError("a body of " + body.length + " bytes, " + length + " were announced");
            }
        });
        return new RawFetch(Integer.parseInt(head.get(0).split(" ")[1]), all, body);
    }

    private static byte[] joined(byte[] answer, int from) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        int at = from;
        while (true) {
            int lineEnd = indexOf(answer, at, "\r\n");
            int length = Integer.parseInt(new String(answer, at, lineEnd - at, StandardCharsets.US_ASCII), 16);
            at = lineEnd + 2;
            if (length == 0) {
                return body.toByteArray();
            }
            body.write(answer, at, length);
            at = indexOf(answer, at + length, "\r\n") + 2;
        }
    }

    private static int indexOf(byte[] bytes, int from, String text) {
        byte[] wanted = text.getBytes(StandardCharsets.US_ASCII);
        for (int at = from; at + wanted.length <= bytes.length; at++) {
            if (Arrays.equals(bytes, at, at + wanted.length, wanted, 0, wanted.length)) {
                return at;
            }
        }
        throw new AssertionError("the answer was cut off after " + bytes.length + " bytes");
    }

    @Override
    public HttpRequest request() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<HttpResponse<byte[]>> previousResponse() {
        return Optional.empty();
    }

    @Override
    public Optional<SSLSession> sslSession() {
        return Optional.empty();
    }

    @Override
    public URI uri() {
        throw new UnsupportedOperationException();
    }

    @Override
    public HttpClient.Version version() {
        return HttpClient.Version.HTTP_1_1;
    }
}
