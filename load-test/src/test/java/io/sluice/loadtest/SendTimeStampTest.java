package io.sluice.loadtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class SendTimeStampTest {
    @Test
    void stampComesBackFromTheMiddleOfAText() {
        for (long ns : new long[] {0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE, 0x0123456789abcdefL}) {
            char[] text =
                    ("ab" + new String(SendTimeStamp.encode(ns), StandardCharsets.US_ASCII) + "xyz").toCharArray();

            assertThat(SendTimeStamp.isIn(text, 2, text.length - 2)).isTrue();
            assertThat(SendTimeStamp.decode(text, 2)).isEqualTo(ns);
        }
    }

    @Test
    void otherTextIsNoStamp() {
        assertThat(SendTimeStamp.isIn("s0123456789abcde".toCharArray(), 0, 16)).isFalse();
        assertThat(SendTimeStamp.isIn("t0123456789abcdef".toCharArray(), 0, 17)).isFalse();
        assertThat(SendTimeStamp.isIn("s0123456789abcdeg".toCharArray(), 0, 17)).isFalse();
    }
}
