package io.sluice.groups.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopicPatternTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "orders",
                "orders-.*",
                "(?i)orders|payments",
                "[a-z]{3}-\\d{4}",
                "([0-9]{1,3}\\.){3}[0-9]{1,3}",
                "[a-z]{1,249}\\.[a-z]{1,249}",
                "(eu|us)(-[a-z]+){0,5}",
                "\\Qa.b\\E.{3}"
            })
    void whatPeopleWriteIsTaken(String regex) {
        assertThat(TopicPattern.fault(regex)).isEmpty();
    }

    /** A pattern is unrolled: each of these few characters would take more memory than there is. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "((a{1000}){1000}){1000}",
                "((a{1000}){0,1000}){1000,}",
                "((a{1000})(?i){1000})(?i){1000}",
                "((a{1000})\\Q\\E{1000})\\Q\\E{1000}",
                "((a{1000}){1000}|b){1000}",
                "((()|[)]{1000}){1000}){1000}"
            })
    void aShortPatternThatStandsForALongOneIsRefused(String regex) {
        assertThat(TopicPattern.fault(regex))
                .hasValueSatisfying(fault -> assertThat(fault).contains(regex));
    }
}
