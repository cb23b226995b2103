package io.sluice.loadtest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.loadtest.target.MalformedAnswerException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FetchedTest {
    @Test
    void nextOffsetIsFoundAtTheEndOrAtTheStart() {
        String records = "\"records\":[{\"value\":\"" + "x".repeat(1_000) + "\"}]";

        assertThat(FetchedJson.nextOffset(json("{" + records + ",\"next_offset\":17,\"high_watermark\":20}")))
                .isEqualTo(17);
        assertThat(FetchedJson.nextOffset(json("{\"next_offset\" : 18," + records + "}")))
                .isEqualTo(18);
        assertThat(FetchedJson.nextOffset(json("{\"records\":[],\"next_offset\":0}")))
                .isZero();
    }

    @Test
    void valuesAreShownWhateverElseARecordHolds() {
        List<String> values = new ArrayList<>();
        ByteBuf body = json(
                "{\"records\":[{\"offset\":1,\"key\":{\"value\":\"no\"},\"value\":\"a\\n\",\"headers\":{\"value\":\"no\"}},"
                        + "{\"value\":{\"value\":\"no\"}},{\"value\":null},{\"value\":\"b\"}],\"next_offset\":5}");

        assertThat(FetchedJson.visit(body, (text, from, length) -> values.add(new String(text, from, length))))
                .isEqualTo(5);
        assertThat(values).containsExactly("a\n", "b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{\"records\":[]}", "{\"records\":[", "nonsense"})
    void otherAnswersAreRefused(String body) {
        assertThatThrownBy(() -> FetchedJson.nextOffset(json(body))).isInstanceOf(MalformedAnswerException.class);
    }

    @Test
    void batchesAreFollowedToTheirLastOffset() {
        ByteBuf body = Unpooled.buffer();
        body.writeBytes(batch(40, 3)).writeBytes(batch(43, 100));

        assertThat(FetchedBatches.nextOffset(body, 40)).isEqualTo(143);
        assertThat(FetchedBatches.nextOffset(Unpooled.EMPTY_BUFFER, 40)).isEqualTo(40);
        assertThatThrownBy(() -> FetchedBatches.nextOffset(body.slice(0, body.readableBytes() - 1), 40))
                .isInstanceOf(MalformedAnswerException.class);
        assertThatThrownBy(() -> FetchedBatches.nextOffset(Unpooled.wrappedBuffer(new byte[100]), 40))
                .isInstanceOf(MalformedAnswerException.class);
    }

    private static ByteBuf batch(long baseOffset, int count) {
        RecordBatchBuilder builder = new RecordBatchBuilder(100).baseOffset(baseOffset);
        for (int i = 0; i < count; i++) {
            builder.append(1, new byte[0], new byte[10]);
        }
        return Unpooled.wrappedBuffer(builder.build().bytes().duplicate());
    }

    private static ByteBuf json(String text) {
        return Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8));
    }
}
