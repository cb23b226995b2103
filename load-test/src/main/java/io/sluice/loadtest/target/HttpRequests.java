package io.sluice.loadtest.target;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Encodes requests for one target, with the headers that every request of the run carries. */
public final class HttpRequests {
    private final Target target;
    private final String commonHeaders;

    /** @param headers sent with every request, such as an authorization */
    public HttpRequests(Target target, List<Map.Entry<String, String>> headers) {
        this.target = target;
        StringBuilder lines =
                new StringBuilder("Host: ").append(target.authority()).append("\r\n");
        headers.forEach(header -> lines.append(header.getKey())
                .append(": ")
                .append(header.getValue())
                .append("\r\n"));
        this.commonHeaders = lines.toString();
    }

    /** A POST with its body, in one direct buffer that the caller owns. */
    public ByteBuf post(String pathAndQuery, String contentType, byte[] body) {
        byte[] head = ("POST " + target.basePath() + pathAndQuery + " HTTP/1.1\r\n" + commonHeaders + "Content-Type: "
                        + contentType + "\r\nContent-Length: " + body.length + "\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8);
        return ByteBufAllocator.DEFAULT
                .directBuffer(head.length + body.length)
                .writeBytes(head)
                .writeBytes(body);
    }

    /** A GET, in one direct buffer that the caller owns. */
    public ByteBuf get(String pathAndQuery, String accept) {
        byte[] head = ("GET " + target.basePath() + pathAndQuery + " HTTP/1.1\r\n" + commonHeaders + "Accept: " + accept
                        + "\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8);
        return ByteBufAllocator.DEFAULT.directBuffer(head.length).writeBytes(head);
    }
}
