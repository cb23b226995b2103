package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The audit of workers finds what it is there to find. */
class WorkAuditTest {
    private static final List<String> DONE =
            List.of("100 a got q/0-0 1 2000", "150 a ends q/0-0 1 ack", "160 a ok q/0-0 1");

    @TempDir
    private Path folder;

    private WorkAudit audit(String... more) throws IOException {
        Path journal = folder.resolve("journal");
        Files.write(journal, DONE);
        Files.write(journal, List.of(more), StandardOpenOption.APPEND);
        return new WorkAudit(journal);
    }

    @Test
    void whatIsInOrderPasses() throws IOException {
        WorkAudit audit = audit("170 b got q/0-1 1 2100");
        audit.check();
        audit.checkOrder(List.of("q/0-0", "q/0-1"));
        audit.checkDue("q/0-1", 170);
        assertThat(audit.acknowledged()).containsExactly("q/0-0");
        assertThat(audit.perhapsAcknowledged()).isEmpty();
    }

    @Test
    void whatWasAcknowledgedIsNotGivenOutAgain() throws IOException {
        WorkAudit audit = audit("3000 b got q/0-0 2 5000");
        assertThatThrownBy(audit::check).hasMessageContaining("given out again");
    }

    @Test
    void nobodyHasWhatAnotherHas() throws IOException {
        WorkAudit audit = audit("170 b got q/0-1 1 2100", "2099 c got q/0-1 2 4000");
        assertThatThrownBy(audit::check).hasMessageContaining("q/0-1 is with c");
    }

    @Test
    void nothingComesBeforeItsTurn() throws IOException {
        WorkAudit audit = audit("90 b got q/0-1 1 2100");
        assertThatThrownBy(() -> audit.checkOrder(List.of("q/0-0", "q/0-1"))).hasMessageContaining("q/0-1 came before");
        // Who wrote it down too late says nothing of when.
        WorkAudit stopped = audit("170 b got q/0-1 1 2100", "9000 b got q/0-0 2 2050");
        stopped.checkOrder(List.of("q/0-0", "q/0-1"));
    }

    @Test
    void nothingComesBeforeItsTime() throws IOException {
        assertThatThrownBy(() -> audit().checkDue("q/0-0", 101)).hasMessageContaining("before its time");
    }

    @Test
    void onlyTheLastDeliveryMayHaveBeenTheEnd() throws IOException {
        assertThat(audit("170 b got q/0-1 1 2100", "180 b ends q/0-1 1 ack", "190 b lost q/0-1 1")
                        .perhapsAcknowledged())
                .containsExactly("q/0-1");
        assertThat(audit(
                                "170 b got q/0-1 1 2100",
                                "180 b ends q/0-1 1 ack",
                                "190 b lost q/0-1 1",
                                "2200 c got q/0-1 2 4000",
                                "2210 c ends q/0-1 2 nack-r",
                                "2220 c ok q/0-1 2")
                        .perhapsAcknowledged())
                .isEmpty();
    }
}
