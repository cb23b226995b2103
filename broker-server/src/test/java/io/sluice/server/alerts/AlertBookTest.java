package io.sluice.server.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class AlertBookTest {
    private static final Optional<String> WRONG = Optional.of("too much");
    private static final Optional<String> WELL = Optional.empty();

    private final AlertBook book = new AlertBook(2, 3);

    private Optional<Alert> see(Optional<String> what, long nowMs) {
        return book.observe(Rule.GROUP_LAG_RECORDS, "g", what, nowMs);
    }

    @Test
    void anAlertIsRaisedAndClearedAfterLooksInARow() {
        assertThat(see(WRONG, 1)).isEmpty();
        assertThat(book.raised()).isEmpty();
        assertThat(see(WRONG, 2)).contains(new Alert(Rule.GROUP_LAG_RECORDS, "g", "too much", 2, OptionalLong.empty()));
        assertThat(see(WRONG, 3)).isEmpty();
        assertThat(see(WELL, 4)).isEmpty();
        assertThat(see(WELL, 5)).isEmpty();
        assertThat(book.raised()).hasSize(1);
        assertThat(see(WELL, 6)).contains(new Alert(Rule.GROUP_LAG_RECORDS, "g", "too much", 2, OptionalLong.of(6)));

        assertThat(book.raised()).isEmpty();
        assertThat(book.lately()).hasSize(1);
        assertThat(book.subjects(Rule.GROUP_LAG_RECORDS)).isEmpty();
    }

    @Test
    void whatComesAndGoesMakesOneAlertAtMost() {
        for (int i = 0; i < 50; i++) {
            assertThat(see(i % 2 == 0 ? WRONG : WELL, i)).isEmpty();
        }
        see(WRONG, 100);
        assertThat(see(WRONG, 101)).isPresent();
        for (int i = 0; i < 50; i++) {
            assertThat(see(i % 3 == 0 ? WRONG : WELL, 200 + i)).isEmpty();
        }
        assertThat(book.raised()).hasSize(1);
    }

    @Test
    void whatIsRememberedHasABound() {
        for (int i = 0; i < AlertBook.MAX_TRACKED + 7; i++) {
            book.observe(Rule.TOPIC_IDLE, "t" + i, WRONG, 1);
        }
        assertThat(book.subjects(Rule.TOPIC_IDLE)).hasSize(AlertBook.MAX_TRACKED);
        assertThat(book.untracked()).isEqualTo(7);

        AlertBook quick = new AlertBook(1, 1);
        for (int i = 0; i < AlertBook.MAX_LATELY + 5; i++) {
            quick.observe(Rule.TOPIC_IDLE, "t" + i, WRONG, i);
            quick.observe(Rule.TOPIC_IDLE, "t" + i, WELL, i);
        }
        assertThat(quick.lately()).hasSize(AlertBook.MAX_LATELY);
        assertThat(quick.lately().get(0).subject()).isEqualTo("t" + (AlertBook.MAX_LATELY + 4));
    }

    @Test
    void pausesBetweenTriesGrowToABound() {
        assertThat(Webhook.pauseMs(1, 0)).isEqualTo(250);
        assertThat(Webhook.pauseMs(1, 1)).isEqualTo(500);
        assertThat(Webhook.pauseMs(2, 1)).isEqualTo(1_000);
        assertThat(Webhook.pauseMs(100, 1)).isEqualTo(60_000);
        assertThat(Webhook.pauseMs(100, 0)).isEqualTo(30_000);
    }
}
