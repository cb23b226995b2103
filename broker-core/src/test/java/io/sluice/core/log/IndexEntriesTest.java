package io.sluice.core.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.storage.DiskDirectory;
import io.sluice.core.storage.LogDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IndexEntriesTest {
    private static final IndexEntries.Key KEY = entry -> entry.getInt(0);

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 511, 512, 513, 1024, 3000})
    void aFileFindsWhatMemoryFinds(int count) throws IOException {
        LogDirectory directory = DiskDirectory.open(folder);
        IndexEntries.InMemory memory = new IndexEntries.InMemory(8);
        for (int i = 0; i < count; i++) {
            memory.append(ByteBuffer.allocate(8).putInt(0, i * 3 + 1).putInt(4, i));
        }
        memory.persist(directory, "index");

        try (IndexEntries.InFile file = new IndexEntries.InFile(8, directory, "index", count)) {
            for (int target = 0; target <= count * 3 + 3; target++) {
                int expected = Math.min(count, (target + 2) / 3) - 1;
                assertThat(memory.floor(target, KEY)).isEqualTo(expected);
                assertThat(file.floor(target, KEY)).isEqualTo(expected);
            }
        }
    }
}
