package io.sluice.core.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NoSpaceTest {
    @TempDir
    Path folder;

    @Test
    void theSystemsOwnWordsAreKnownInAnyLanguage() {
        Optional<String> german = Optional.of("Auf dem Gerät ist kein Speicherplatz mehr verfügbar");

        assertThat(NoSpace.isWhy(new IOException("/data/t-0/0.log: " + german.get()), german))
                .isTrue();
        assertThat(NoSpace.isWhy(new IOException(german.get()), german)).isTrue();
        assertThat(NoSpace.isWhy(new IOException("Eingabe-/Ausgabefehler"), german))
                .isFalse();
        assertThat(NoSpace.isWhy(new IOException(), german)).isFalse();
    }

    @Test
    void englishIsKnownWithoutAsking() {
        assertThat(NoSpace.isWhy(new IOException("x: No space left on device"), Optional.empty()))
                .isTrue();
        assertThat(NoSpace.isWhy(new IOException("x: Disk quota exceeded"), Optional.empty()))
                .isTrue();
        assertThat(NoSpace.isWhy(new IOException("x: Input/output error"), Optional.empty()))
                .isFalse();
    }

    @Test
    void theSystemTellsItsWords() throws IOException {
        Path full = Path.of("/dev/full");
        Assumptions.assumeTrue(Files.exists(full));

        String words = NoSpace.wordsOf(full).orElseThrow();

        try (LogFile file = DiskFile.open(full)) {
            file.write(0, ByteBuffer.allocate(10));
            throw new AssertionError("there was space");
        } catch (IOException e) {
            assertThat(e.getMessage()).contains(words);
        }
    }

    @Test
    void anythingElseIsNotWrittenTo() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));

        assertThat(NoSpace.wordsOf(file)).isEmpty();
        assertThat(NoSpace.wordsOf(folder)).isEmpty();
        assertThat(NoSpace.wordsOf(folder.resolve("nothing"))).isEmpty();
        assertThat(Files.size(file)).isZero();
    }
}
