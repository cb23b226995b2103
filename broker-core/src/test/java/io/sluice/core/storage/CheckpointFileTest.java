package io.sluice.core.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.fixture.CrashingMachine;
import io.sluice.core.fixture.Seeds;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointFileTest {
    private static final String OLD = "old".repeat(700);
    private static final String NEW = "NEW!".repeat(900);

    @Test
    void whatWasWrittenIsRead() throws IOException {
        LogDirectory root = new CrashingMachine(new SplittableRandom(1)).root();
        assertThat(CheckpointFile.read(root, "c")).isEmpty();

        CheckpointFile.write(root, "c", OLD);
        CheckpointFile.write(root, "c", "");
        CheckpointFile.write(root, "c", NEW);

        assertThat(text(CheckpointFile.read(root, "c"))).contains(NEW);
        assertThat(root.files()).containsExactly("c");
    }

    @Test
    void whatIsTooLargeToBeReadIsNotWritten(@TempDir Path folder) throws IOException {
        LogDirectory root = DiskDirectory.open(folder);
        byte[] large = new byte[65 * 1024 * 1024];
        CheckpointFile.write(root, "c", large);
        assertThat(CheckpointFile.read(root, "c").orElseThrow()).hasSize(large.length);

        assertThatThrownBy(() -> CheckpointFile.write(root, "c", new byte[CheckpointFile.MAX_BYTES + 1]))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("limit");
        assertThat(root.files()).containsExactly("c");
    }

    @Test
    void aCrashAtAnyStepLeavesTheOldOrTheNew() {
        Seeds.runs(300, 20_000, seed -> {
            for (int step = 0; ; step++) {
                CrashingMachine machine = new CrashingMachine(new SplittableRandom(seed + step));
                CheckpointFile.write(machine.root(), "c", OLD);
                machine.goDownAfter(step);
                try {
                    CheckpointFile.write(machine.root(), "c", NEW);
                } catch (IOException expected) {
                    assertThat(machine.isDown()).isTrue();
                }
                boolean finished = !machine.isDown();
                machine.crash();

                String found = text(CheckpointFile.read(machine.root(), "c")).orElse("nothing");
                if (finished) {
                    assertThat(found).isEqualTo(NEW);
                    return;
                }
                assertThat(found).isIn(OLD, NEW);

                CheckpointFile.write(machine.root(), "c", "third");
                assertThat(text(CheckpointFile.read(machine.root(), "c"))).contains("third");
            }
        });
    }

    @Test
    void aFailedSyncLeavesTheOld() throws IOException {
        CrashingMachine machine = new CrashingMachine(new SplittableRandom(3));
        CheckpointFile.write(machine.root(), "c", OLD);
        machine.failSyncs(path -> path.endsWith(".tmp"));

        assertThatThrownBy(() -> CheckpointFile.write(machine.root(), "c", NEW)).isInstanceOf(IOException.class);

        assertThat(text(CheckpointFile.read(machine.root(), "c"))).contains(OLD);
    }

    @Test
    void aFullDiskLeavesTheOldAndTheNextTrySucceeds() throws IOException {
        CrashingMachine machine = new CrashingMachine(new SplittableRandom(3));
        CheckpointFile.write(machine.root(), "c", OLD);
        machine.capacity(OLD.length() + 100);

        assertThatThrownBy(() -> CheckpointFile.write(machine.root(), "c", NEW)).isInstanceOf(IOException.class);
        assertThat(text(CheckpointFile.read(machine.root(), "c"))).contains(OLD);

        machine.capacity(1 << 20);
        CheckpointFile.write(machine.root(), "c", NEW);
        assertThat(text(CheckpointFile.read(machine.root(), "c"))).contains(NEW);
    }

    private static Optional<String> text(Optional<byte[]> content) {
        return content.map(String::new);
    }
}
