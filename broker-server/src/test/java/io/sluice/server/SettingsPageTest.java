package io.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.config.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Holds the table of settings in docs/operations.md against the settings that there are. */
class SettingsPageTest {
    private static final Path PAGE = Path.of("..", "docs", "operations.md");
    /** Their defaults depend on the cores and the memory of the machine. */
    private static final Set<String> BY_MACHINE = Set.of(
            "http.event.loops",
            "http.max.produce.bytes",
            "http.memory.bytes",
            "http.push.memory.bytes",
            "queues.memory.messages",
            "num.partition.workers",
            "max.queued.append.bytes",
            "tail.cache.bytes",
            "log.cleaner.dedupe.buffer.size",
            "queued.max.request.bytes",
            "kafka.responses.max.bytes");

    @Test
    void thePageListsEverySettingAsItIs() throws IOException {
        List<String> listed = Files.readAllLines(PAGE).stream()
                .filter(line -> line.matches("\\| `[a-z0-9.]+` \\|.*"))
                .toList();

        assertThat(listed)
                .containsExactlyElementsOf(ServerConfig.SETTINGS.all().stream()
                        .map(SettingsPageTest::row)
                        .toList());
    }

    private static String row(Setting<?> setting) {
        String defaultText = BY_MACHINE.contains(setting.name())
                ? "by machine"
                : setting.defaultText().map(text -> "`" + text + "`").orElse("none");
        return "| `" + setting.name() + "` | " + defaultText + " | " + setting.bounds() + " | "
                + setting.documentation() + " |";
    }
}
