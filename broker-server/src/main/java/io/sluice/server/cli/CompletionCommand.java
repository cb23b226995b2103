package io.sluice.server.cli;

import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code sluice completion}: the script that makes a shell complete our commands and options. */
@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Print a script that completes commands and options.",
        footer = {
            "",
            "bash:  source <(sluice completion bash)",
            "zsh:   source <(sluice completion zsh), after compinit",
        })
final class CompletionCommand implements Callable<Integer> {
    private final Streams streams;

    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", defaultValue = "bash", description = "${COMPLETION-CANDIDATES}. Default: bash")
    private Shell shell;

    enum Shell {
        bash,
        zsh
    }

    CompletionCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        String script = AutoComplete.bash("sluice", spec.root().commandLine());
        // zsh runs bash's completions once it is asked to.
        streams.print(shell == Shell.zsh ? "autoload -U +X bashcompinit && bashcompinit\n" + script : script);
        return 0;
    }
}
