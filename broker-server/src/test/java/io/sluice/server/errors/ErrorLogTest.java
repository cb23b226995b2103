package io.sluice.server.errors;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class ErrorLogTest {
    private final AtomicLong nowMs = new AtomicLong(1_000);
    private final ErrorLog errors = new ErrorLog(() -> Instant.ofEpochMilli(nowMs.get()));

    @Test
    void errorsThatAreAlikeAreOneWithACount() {
        errors.add("overloaded", "POST /a", "10.0.0.1", "first");
        nowMs.set(2_000);
        errors.add("disk_low", "POST /a", "10.0.0.1", "other");
        nowMs.set(3_000);
        errors.add("overloaded", "POST /a", "10.0.0.1", "second");

        assertThat(errors.latest(10))
                .containsExactly(
                        new ErrorLog.Entry("overloaded", "POST /a", "10.0.0.1", "second", 1_000, 3_000, 2),
                        new ErrorLog.Entry("disk_low", "POST /a", "10.0.0.1", "other", 2_000, 2_000, 1));
        assertThat(errors.latest(1)).hasSize(1);
        assertThat(errors.since("overloaded", 3_000)).isPresent();
        assertThat(errors.since("overloaded", 3_001)).isEmpty();
    }

    @Test
    void noMoreAreKeptThanTheBoundAndTheOldestGoes() {
        for (int i = 0; i < ErrorLog.MAX_KEPT + 5; i++) {
            errors.add("internal_error", "GET /" + i, "", "x".repeat(5_000));
        }

        assertThat(errors.latest(Integer.MAX_VALUE))
                .hasSize(ErrorLog.MAX_KEPT)
                .allSatisfy(one -> assertThat(one.message()).hasSize(ErrorLog.MAX_CHARS));
        assertThat(errors.latest(1).get(0).where()).isEqualTo("GET /" + (ErrorLog.MAX_KEPT + 4));
        assertThat(errors.forgotten()).isEqualTo(5);
    }

    @Test
    void warningsOfTheProcessAreKeptUntilItIsClosed() {
        LoggedErrors logged = LoggedErrors.listen(errors);
        LoggerFactory.getLogger("io.sluice.Some").warn("it is {}", "late", new IllegalStateException("why"));
        LoggerFactory.getLogger("io.sluice.Some").info("nothing");
        logged.close();
        LoggerFactory.getLogger("io.sluice.Some").warn("after");

        assertThat(errors.latest(10)).singleElement().satisfies(one -> {
            assertThat(one.code()).isEqualTo("logged_warning");
            assertThat(one.where()).isEqualTo("Some");
            assertThat(one.message()).isEqualTo("it is late: java.lang.IllegalStateException: why");
        });
    }
}
