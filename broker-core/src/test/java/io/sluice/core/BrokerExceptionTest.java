package io.sluice.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class BrokerExceptionTest {
    @Test
    void aNameIsRefusedWithoutATraceAndAMistakeOfOursWithOne() {
        assertThat(new BrokerException(ErrorCode.UNKNOWN_TOPIC, "why").getStackTrace())
                .isEmpty();
        assertThat(new BrokerException(ErrorCode.INTERNAL, "why").getStackTrace())
                .isNotEmpty();
    }
}
