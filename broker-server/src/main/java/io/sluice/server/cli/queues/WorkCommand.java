package io.sluice.server.cli.queues;

import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Durations;
import io.sluice.server.cli.client.OwnName;
import io.sluice.server.cli.client.ServerOptions;
import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import io.sluice.server.cli.consume.InOrder;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice queues work}: runs a command for each message. */
@Command(
        name = "work",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Run a command for each message of a queue.",
            "",
            "The body is the command's standard input; SLUICE_MESSAGE_ID, SLUICE_DELIVERIES, SLUICE_KEY,"
                    + " SLUICE_HEADER_NAME, SLUICE_ENQUEUED_AT and SLUICE_QUEUE are in its environment. If it exits"
                    + " with 0 the message is done; else it comes again later, with the exit code and the last line of"
                    + " standard error as the reason. A message is kept from others for as long as its command runs and"
                    + " this worker is heard."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:ended by --max or --until-empty",
            "1:the broker refused",
            "2:the command line is wrong, or there is no such command",
            "143:ended by a signal, in order"
        })
final class WorkCommand implements Callable<Integer> {
    private static final int MAX_CONCURRENCY = 256;
    /** What it may take to end beyond the time that commands have for it. */
    private static final long SLACK_S = 30;

    private final Streams streams;

    @Mixin
    private ServerOptions server;

    @Parameters(index = "0", paramLabel = "QUEUE", description = "The queue.")
    private String queue;

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "COMMAND",
            description = "The command and its arguments, behind --.")
    private List<String> command;

    @Option(
            names = {"-c", "--concurrency"},
            paramLabel = "N",
            defaultValue = "1",
            description = "How many commands run at a time. Default: ${DEFAULT-VALUE}")
    private int concurrency;

    @Option(
            names = "--session-timeout",
            paramLabel = "TIME",
            defaultValue = "30s",
            description =
                    "How long after this worker was last heard others get its messages. Default: ${DEFAULT-VALUE}")
    private String sessionTimeout;

    @Option(names = "--timeout", paramLabel = "TIME", description = "End a command that runs longer than that.")
    private Optional<String> timeout = Optional.empty();

    @Option(
            names = "--grace",
            paramLabel = "TIME",
            defaultValue = "30s",
            description = "How long running commands are waited for when this worker is told to end."
                    + " Default: ${DEFAULT-VALUE}")
    private String grace;

    @Option(
            names = "--consumer",
            paramLabel = "NAME",
            description = "What this worker is called. Default: a name of its own")
    private Optional<String> consumer = Optional.empty();

    @Option(
            names = "--result",
            description = "What the command prints is kept with the message as its result, as JSON if it is some.")
    private boolean result;

    @Option(names = "--max", paramLabel = "N", description = "End after that many messages.")
    private Long max;

    @Option(names = "--until-empty", description = "End when there is nothing to take.")
    private boolean untilEmpty;

    WorkCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        if (concurrency < 1 || concurrency > MAX_CONCURRENCY) {
            throw CliException.usage(
                    "queues work: --concurrency " + concurrency + " is not between 1 and " + MAX_CONCURRENCY);
        }
        if (max != null && max < 1) {
            throw CliException.usage("queues work: --max " + max + " is not at least 1");
        }
        Duration session = Durations.parse("--session-timeout", sessionTimeout);
        if (session.toMillis() < 1_000 || session.toMillis() > 3_600_000) {
            throw CliException.usage("queues work: --session-timeout " + sessionTimeout + " is not between 1s and 1h");
        }
        requireExecutable(command.get(0));
        Worker.Settings settings = new Worker.Settings(
                queue,
                command,
                concurrency,
                session,
                timeout.map(text -> Durations.parse("--timeout", text)),
                Durations.parse("--grace", grace),
                max == null ? Long.MAX_VALUE : max,
                untilEmpty,
                result,
                server.json());
        QueueApi api = new QueueApi(server.connect(), queue);
        Worker worker = new Worker(api, consumer.orElseGet(OwnName::make), settings, streams);
        InOrder.run(worker::run, settings.grace().toSeconds() + SLACK_S);
        return CliException.OK;
    }

    /** Better told once than as the reason why every message failed. */
    private static void requireExecutable(String program) {
        boolean there = program.contains("/")
                ? isProgram(Path.of(program))
                : Arrays.stream(Optional.ofNullable(System.getenv("PATH"))
                                .orElse("/bin:/usr/bin")
                                .split(File.pathSeparator))
                        .anyMatch(folder -> isProgram(Path.of(folder, program)));
        if (!there) {
            throw CliException.usage("queues work: there is no command " + program);
        }
    }

    private static boolean isProgram(Path file) {
        return Files.isRegularFile(file) && Files.isExecutable(file);
    }
}
