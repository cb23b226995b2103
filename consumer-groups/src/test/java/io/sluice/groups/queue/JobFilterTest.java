package io.sluice.groups.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.groups.queue.QueueEvent.Outcome;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class JobFilterTest {
    private static JobFilter filter(Set<String> ids, Optional<String> key, long fromMs, Set<Outcome> outcomes) {
        return new JobFilter(
                ids, "", "", key, fromMs, Long.MAX_VALUE, Optional.empty(), Optional.empty(), Map.of(), outcomes);
    }

    @Test
    void onlyWhatIsAskedForIsToldToAPerson() {
        assertThat(filter(Set.of(), Optional.empty(), 0, Set.of())).hasToString("all");
        assertThat(filter(Set.of("0-2", "0-1"), Optional.of(""), 1_000, Set.of(Outcome.DEAD)))
                .hasToString("ids=[0-1, 0-2], key=, from=1970-01-01T00:00:01Z, outcomes=[DEAD]");
    }
}
