package io.sluice.core.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TopicNameTest {
    @ParameterizedTest
    @ValueSource(strings = {"a", "A.b_c-9", "...", "_", "_schemas", "__debezium-heartbeat.a", "__groups2", "-", "2024"})
    void lettersDigitsDotsUnderscoresAndDashesMakeAName(String name) {
        assertThatCode(() -> TopicName.requireForUsers(name)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | must not be empty",
                "'.' | must not be \".\"",
                "'..' | must not be \"..\"",
                "'a b' | character U+0020 at position 1",
                "'a/b' | '/' at position 1",
                "'../x' | '/' at position 2",
                "'näme' | character U+00E4 at position 1",
            })
    void theMessageSaysWhatIsWrong(String name, String message) {
        assertThatThrownBy(() -> TopicName.requireValid(name))
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_TOPIC))
                .hasMessageContaining(message);
    }

    @Test
    void aNameHas249CharactersAtMost() {
        assertThatCode(() -> TopicName.requireValid("a".repeat(249))).doesNotThrowAnyException();
        assertThatThrownBy(() -> TopicName.requireValid("a".repeat(250)))
                .hasMessage("a topic name has 250 characters, at most 249 are allowed");
    }

    @Test
    void theBrokersOwnTopicsAndKafkasAreReserved() {
        for (String own : List.of(
                "__topics",
                "__groups",
                "__alerts",
                "__queues",
                "__queues-states",
                "__consumer_offsets",
                "__transaction_state",
                "__share_group_state",
                "__cluster_metadata")) {
            assertThat(TopicName.isInternal(own)).as(own).isTrue();
        }
        assertThat(TopicName.isInternal("_topics")).isFalse();
        assertThatCode(() -> TopicName.requireValid("__topics")).doesNotThrowAnyException();
        assertThatThrownBy(() -> TopicName.requireForUsers("__topics"))
                .hasMessage("topic name __topics is kept for the broker's own topics");
    }
}
