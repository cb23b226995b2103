package io.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.cli.client.Streams;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class HelpTest {
    private final Streams streams = new Streams(
            new ByteArrayInputStream(new byte[0]),
            new ByteArrayOutputStream(),
            new PrintStream(new ByteArrayOutputStream()),
            false);

    @Test
    void everyCommandHasAHelpThatNamesAllItsOptions() {
        for (CommandLine command : commands()) {
            String[] words = words(command, "--help");

            Shell.Result result = Shell.run(words);

            assertThat(result.exitCode()).as(String.join(" ", words)).isZero();
            assertThat(result.text())
                    .contains("Usage: " + command.getCommandSpec().qualifiedName());
            for (OptionSpec option : command.getCommandSpec().options()) {
                assertThat(option.description()).as(option.longestName()).isNotEmpty();
                assertThat(result.text()).contains(option.longestName());
            }
        }
    }

    @Test
    void noLineOfAHelpBreaksInAWord() {
        for (CommandLine command : commands()) {
            String help = command.getUsageMessage(CommandLine.Help.Ansi.OFF);
            List<String> texts = new ArrayList<>(
                    List.of(command.getCommandSpec().usageMessage().description()));
            command.getCommandSpec().args().forEach(arg -> texts.addAll(List.of(arg.description())));
            for (String word : String.join(" ", texts).split("\\s+")) {
                if (!word.contains("%") && !word.contains("${")) {
                    assertThat(help)
                            .as(command.getCommandSpec().qualifiedName())
                            .contains(word);
                }
            }
        }
    }

    @Test
    void everyCommandTellsItsVersion() {
        for (CommandLine command : commands()) {
            Shell.Result result = Shell.run(words(command, "--version"));

            assertThat(result.exitCode()).isZero();
            assertThat(result.text()).startsWith("sluice ").contains("Java " + System.getProperty("java.version"));
        }
    }

    @Test
    void theCompletionScriptIsValidBashAndKnowsTheCommands() throws IOException, InterruptedException {
        Shell.Result result = Shell.run("completion", "bash");

        assertThat(result.exitCode()).isZero();
        assertThat(result.text())
                .contains(
                        "produce",
                        "consume",
                        "topics",
                        "groups",
                        "clients",
                        "queues",
                        "why",
                        "--session-timeout",
                        "--key-separator",
                        "repair");
        Process bash =
                new ProcessBuilder("bash", "-n").redirectErrorStream(true).start();
        try (OutputStream script = bash.getOutputStream()) {
            script.write(result.out());
        }
        assertThat(bash.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(bash.exitValue())
                .as(new String(bash.getInputStream().readAllBytes()))
                .isZero();
    }

    @Test
    void zshIsToldToRunBashCompletions() {
        assertThat(Shell.run("completion", "zsh").text()).startsWith("autoload -U +X bashcompinit");
    }

    private List<CommandLine> commands() {
        List<CommandLine> all = new ArrayList<>();
        CliCommands.addTo(new CommandLine(new Shell.Root()), streams)
                .getSubcommands()
                .values()
                .forEach(command -> addWithBelow(command, all));
        assertThat(all).hasSizeGreaterThan(10);
        return all;
    }

    private static void addWithBelow(CommandLine command, List<CommandLine> all) {
        all.add(command);
        command.getSubcommands().values().forEach(below -> addWithBelow(below, all));
    }

    private static String[] words(CommandLine command, String option) {
        List<String> words = new ArrayList<>(
                List.of(command.getCommandSpec().qualifiedName(" ").split(" ")));
        words.remove(0);
        words.add(option);
        return words.toArray(String[]::new);
    }
}
