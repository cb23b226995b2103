package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.server.proof.GroupAudit.Cause;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The audit finds what it is there to find. */
class GroupAuditTest {
    @TempDir
    private Path folder;

    private GroupAudit audit;

    @BeforeEach
    void begin() {
        audit = new GroupAudit(folder.resolve("journal"), 2);
        lines("1000 producer sent 0 0 7", "1010 producer sent 0 1 8", "1500 a did 0 0 7", "1600 a did 0 1 8");
    }

    private void lines(String... lines) {
        for (String line : lines) {
            audit.line(line);
        }
    }

    @Test
    void repeatsAreCountedUntilTheyAreCommitted() {
        lines("1700 b did 0 0 7", "1800 b committed 0 1", "1900 c did 0 1 8");

        assertThat(audit.repeats()).isEqualTo(2);
        assertThat(audit.done()).isEqualTo(2);
        assertThat(audit.isCommitted()).isFalse();
        assertThatThrownBy(() -> audit.line("2000 c did 0 0 7")).hasMessageContaining("committed up to 1");
    }

    @Test
    void aCommitOfWhatNobodyDidIsFound() {
        lines("1700 a committed 0 2");

        assertThatThrownBy(() -> audit.line("1800 a committed 0 3")).hasMessageContaining("at 2");
        assertThatThrownBy(() -> audit.line("1800 a committed 1 1")).hasMessageContaining("at 0");
    }

    @Test
    void oneNumberIsAtOnePlace() {
        assertThatThrownBy(() -> audit.line("1700 a did 1 0 7")).hasMessageContaining("elsewhere");
        assertThatThrownBy(() -> audit.line("1700 producer sent 0 1 9")).hasMessageContaining("number 8");
    }

    @Test
    void pausesCountWhileThereIsSomethingToDo() {
        lines("9000 producer sent 0 2 9", "9300 a did 0 2 9", "9400 a did 1 0 10", "9400 producer sent 1 0 10");

        assertThat(audit.longestPauseMs(Cause.NO_KILL)).isEqualTo(500);
        assertThat(audit.longestPartitionPauseMs(Cause.NO_KILL)).isEqualTo(500);
    }

    @Test
    void pausesHaveTheirCause() {
        lines(
                "20000 producer sent 0 2 9",
                "20001 producer sent 1 0 10",
                "20002 test kills a",
                "20500 b did 1 0 10",
                "26700 b did 0 2 9",
                "26701 producer sent 0 3 11",
                "26702 test kills broker",
                "28000 test has-again broker",
                "28500 b did 0 3 11",
                "40000 producer sent 0 4 12",
                "40900 b did 0 4 12");

        assertThat(audit.longestPauseMs(Cause.MEMBER_KILLED)).isEqualTo(6_200);
        assertThat(audit.longestPartitionPauseMs(Cause.MEMBER_KILLED)).isEqualTo(6_700);
        assertThat(audit.longestPauseMs(Cause.BROKER_KILLED)).isEqualTo(1_799);
        assertThat(audit.longestPartitionPauseMs(Cause.BROKER_KILLED)).isEqualTo(1_799);
        assertThat(audit.longestAwayMs()).isEqualTo(1_298);
        assertThat(audit.longestPauseBesideAwayMs()).isEqualTo(501);
        assertThat(audit.longestPauseMs(Cause.NO_KILL)).isEqualTo(900);
        assertThat(audit.longestPartitionPauseMs(Cause.NO_KILL)).isEqualTo(900);
    }

    @Test
    void whatOthersAppendIsReadOn() {
        Path path = folder.resolve("journal");
        GroupAudit reader = new GroupAudit(path, 1);
        try (GroupJournal one = new GroupJournal(path);
                GroupJournal two = new GroupJournal(path)) {
            one.add("producer", GroupJournal.sent(0, 0, 1));
            two.add("a", GroupJournal.did(0, 0, "1"));
            reader.read();
            one.add("a", GroupJournal.committed(0, 1));
            reader.read();
        }

        assertThat(reader.done()).isEqualTo(1);
        assertThat(reader.end(0)).isEqualTo(1);
        assertThat(reader.isCommitted()).isTrue();
    }
}
