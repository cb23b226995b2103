package io.sluice.server.why;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OverloadsTest {
    private final Overloads overloads = new Overloads();

    @Test
    void refusalsCountAsLatelyForAWhileAfterTheLast() {
        assertThat(overloads.look(0, 1_000)).isEmpty();
        assertThat(overloads.look(3, 2_000)).contains(new BrokerSnapshot.Overload(2_000, 2_000, 3, "", "", ""));
        assertThat(overloads.look(5, 3_000)).contains(new BrokerSnapshot.Overload(2_000, 3_000, 5, "", "", ""));
        assertThat(overloads.look(5, 3_000 + Overloads.LATELY_MS)).isPresent();
        assertThat(overloads.look(5, 3_001 + Overloads.LATELY_MS)).isEmpty();

        long laterMs = 10_000 + Overloads.LATELY_MS;
        assertThat(overloads.look(6, laterMs))
                .as("what was long ago does not count")
                .contains(new BrokerSnapshot.Overload(laterMs, laterMs, 1, "", "", ""));
    }
}
