package io.sluice.core.storage;

import io.sluice.core.fixture.LogDirectoryContract;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class DiskDirectoryTest extends LogDirectoryContract {
    @TempDir
    Path folder;

    @Override
    protected LogDirectory directory() throws IOException {
        return DiskDirectory.open(folder.resolve("data"));
    }
}
