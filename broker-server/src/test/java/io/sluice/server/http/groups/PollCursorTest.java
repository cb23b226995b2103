package io.sluice.server.http.groups;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.groups.assign.TopicIdPartition;
import io.sluice.groups.consumer.Poll;
import io.sluice.server.http.HttpProblem;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class PollCursorTest {
    private static final UUID TOPIC = new UUID(1, 2);
    private static final UUID OTHER = new UUID(-3, 4);

    private static final Poll.Cursor CURSOR = new Poll.Cursor(
            7,
            Map.of(
                    new TopicIdPartition(TOPIC, 0), 5L,
                    new TopicIdPartition(TOPIC, 300), Long.MAX_VALUE,
                    new TopicIdPartition(OTHER, 1), 0L));

    private static String codeOf(String group, String member, String text) {
        try {
            PollCursor.decode(group, member, text);
            return "none";
        } catch (HttpProblem e) {
            assertThat(e.status()).isEqualTo(e.code().equals("foreign_cursor") ? 409 : 400);
            return e.code();
        }
    }

    @Test
    void aCursorIsReadAsItWasWritten() {
        String text = PollCursor.encode("g", "m", CURSOR);

        assertThat(PollCursor.decode("g", "m", text)).hasValue(CURSOR);
        assertThat(text).matches("[A-Za-z0-9_-]+");
    }

    @Test
    void aCursorOfNothingIsEmpty() {
        assertThat(PollCursor.encode("g", "m", new Poll.Cursor(7, Map.of()))).isEmpty();
        assertThat(PollCursor.decode("g", "m", "")).isEqualTo(Optional.empty());
    }

    @Test
    void theLargestCursorFits() {
        Map<TopicIdPartition, Long> offsets = new HashMap<>();
        for (int i = 0; i < PollCursor.MAX_PARTITIONS; i++) {
            offsets.put(new TopicIdPartition(new UUID(i, i), i), (long) i);
        }
        Poll.Cursor large = new Poll.Cursor(1, offsets);

        String text = PollCursor.encode("g", "m", large);

        assertThat(text.length()).isLessThanOrEqualTo(PollCursor.MAX_CHARS);
        assertThat(PollCursor.decode("g", "m", text)).hasValue(large);
    }

    @Test
    void itIsGoodForItsMemberOnly() {
        String text = PollCursor.encode("g", "m", CURSOR);

        assertThat(codeOf("g", "other", text)).isEqualTo("foreign_cursor");
        assertThat(codeOf("other", "m", text)).isEqualTo("foreign_cursor");
        assertThat(codeOf("gm", "", text)).isEqualTo("foreign_cursor");
    }

    @Test
    void everyDamageIsFound() {
        byte[] whole = Base64.getUrlDecoder().decode(PollCursor.encode("g", "m", CURSOR));
        Base64.Encoder encoder = Base64.getUrlEncoder().withoutPadding();
        for (int i = 0; i < whole.length; i++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] damaged = whole.clone();
                damaged[i] ^= (byte) (1 << bit);
                assertThat(codeOf("g", "m", encoder.encodeToString(damaged)))
                        .as("bit %d of byte %d", bit, i)
                        .isEqualTo("invalid_cursor");
            }
        }
        for (int length = 1; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThat(codeOf("g", "m", encoder.encodeToString(cut)))
                    .as("the first %d bytes", length)
                    .isEqualTo("invalid_cursor");
        }
        assertThatThrownBy(() -> PollCursor.decode("g", "m", "not base64!"))
                .hasMessageContaining("characters that no cursor has");
    }
}
