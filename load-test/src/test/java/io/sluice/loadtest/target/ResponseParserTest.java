package io.sluice.loadtest.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseParserTest {
    private static final String PLAIN = "HTTP/1.1 200 OK\r\nDate: x\r\ncontent-LENGTH:  5\r\n\r\nhello";
    private static final String CHUNKED = "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: x\r\n\r\n";
    private static final String CONTINUED = "HTTP/1.1 100 Continue\r\n\r\n" + PLAIN;

    private final ResponseParser parser = new ResponseParser(1_000);

    @ParameterizedTest
    @ValueSource(strings = {PLAIN, CHUNKED, CONTINUED})
    void answerIsTheSameHoweverItIsCut(String answer) {
        for (int cut = 0; cut <= answer.length(); cut++) {
            parser.reset();
            boolean first = parser.feed(bytes(answer.substring(0, cut)));
            assertThat(first).isEqualTo(cut == answer.length());
            boolean second = parser.feed(bytes(answer.substring(cut)));
            assertThat(first || second).isTrue();
            assertThat(parser.status()).isIn(200, 201);
            assertThat(parser.body().toString(StandardCharsets.UTF_8)).isEqualTo("hello");
            assertThat(parser.keepAlive()).isTrue();
        }
    }

    @Test
    void answersWithoutABodyEndWithTheirHead() {
        parser.reset();
        assertThat(parser.feed(bytes("HTTP/1.1 204 No Content\r\n\r\n"))).isTrue();
        parser.reset();
        assertThat(parser.feed(bytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")))
                .isTrue();
        assertThat(parser.keepAlive()).isFalse();
    }

    @Test
    void bodyOfUnknownLengthEndsWithTheConnection() {
        parser.reset();
        assertThat(parser.feed(bytes("HTTP/1.0 200 OK\r\n\r\nhel"))).isFalse();
        assertThat(parser.feed(bytes("lo"))).isFalse();
        assertThat(parser.endsAtClose()).isTrue();
        assertThat(parser.keepAlive()).isFalse();
        assertThat(parser.body().toString(StandardCharsets.UTF_8)).isEqualTo("hello");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SSH-2.0-OpenSSH_9.2\r\n",
                "HTTP/1.1 2x0 OK\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
                "HTTP/1.1 204 No Content\r\n\r\nmore",
            })
    void whatIsNoAnswerIsRefused(String answer) {
        parser.reset();
        assertThatThrownBy(() -> parser.feed(bytes(answer))).isInstanceOf(MalformedAnswerException.class);
    }

    @Test
    void headIsBounded() {
        parser.reset();
        assertThatThrownBy(() -> parser.feed(bytes("HTTP/1.1 200 " + "x".repeat(ResponseParser.MAX_LINE_BYTES))))
                .isInstanceOf(MalformedAnswerException.class);
        parser.reset();
        assertThatThrownBy(() -> parser.feed(bytes("HTTP/1.1 200 OK\r\n" + "a: b\r\n".repeat(201))))
                .isInstanceOf(MalformedAnswerException.class);
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }
}
