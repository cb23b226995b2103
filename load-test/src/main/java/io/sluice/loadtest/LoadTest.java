package io.sluice.loadtest;

import io.sluice.loadtest.target.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The command {@code bench}: runs workloads against a server and reports. Exit codes: 0 done, 1 could not be run,
 * 2 wrong usage, 3 done but with errors or not kept up (only with {@code --fail-on-error}).
 */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        versionProvider = LoadTest.Version.class,
        sortOptions = false,
        description = "Measures throughput and latency of a server over the wire.",
        footer =
                "%nExit codes: 0 done, 1 could not be run, 2 wrong usage, 3 errors or not kept up with --fail-on-error.")
public final class LoadTest implements Callable<Integer> {
    private static final int FAILED = 1;
    private static final int USAGE = 2;
    private static final int NOT_CLEAN = 3;

    @Option(names = "--server", paramLabel = "URL", description = "The broker. Default: ${DEFAULT-VALUE}")
    private String server = "http://127.0.0.1:8080";

    @Option(
            names = "--workload",
            paramLabel = "FILE|NAME",
            description = "A workload file, or the name of one that comes with the tool. Repeatable. Without any, the"
                    + " settings below make one.")
    private List<String> workloadNames = new ArrayList<>();

    @Option(names = "--list-workloads", description = "Show the workloads that come with the tool.")
    private boolean list;

    @Option(names = "--repeats", paramLabel = "N", description = "How often to run each. Default: ${DEFAULT-VALUE}")
    private int repeats = 3;

    @Option(
            names = "--broker-pid",
            paramLabel = "PID",
            description = "The server's process. Default: found by its port.")
    private Long brokerPid;

    @Option(names = "--header", paramLabel = "NAME: VALUE", description = "Sent with every request. Repeatable.")
    private List<String> headerLines = new ArrayList<>();

    @Option(names = "--out", paramLabel = "DIR", description = "Write result.json, report.md and latency.svg there.")
    private Path out;

    @Option(names = "--json", description = "Print the result as JSON instead of the table.")
    private boolean json;

    @Option(names = "--fail-on-error", description = "Exit with 3 if a run had errors or did not keep up.")
    private boolean failOnError;

    @Option(
            names = "--config",
            paramLabel = "KEY=VALUE",
            description = "A setting of the topic, such as flush.messages=9223372036854775807. Repeatable.")
    private Map<String, String> topicConfig = new TreeMap<>();

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (list) {
            WorkloadFiles.carried().forEach((name, about) -> System.out.printf("%-32s %s%n", name, about));
            return 0;
        }
        List<Workload> workloads;
        Target target;
        List<Map.Entry<String, String>> headers;
        try {
            workloads = workloads();
            target = Target.of(server);
            headers = headerLines.stream().map(LoadTest::header).toList();
            if (repeats < 1 || repeats > 1_000) {
                throw new IllegalArgumentException("--repeats = " + repeats + ", but it must be from 1 to 1000");
            }
        } catch (InvalidWorkloadException | IllegalArgumentException e) {
            System.err.println("bench: " + e.getMessage());
            return USAGE;
        }
        OptionalLong pid = brokerPid == null ? OptionalLong.empty() : OptionalLong.of(brokerPid);
        try {
            BenchResult result = new Bench(target, headers, pid, repeats, System.err::println).run(workloads);
            System.out.print(json ? ResultJson.write(result) : Report.table(result));
            if (out != null) {
                write(result);
            }
            return failOnError && !result.isClean() ? NOT_CLEAN : 0;
        } catch (IOException e) {
            System.err.println("bench: " + e.getMessage());
            return FAILED;
        }
    }

    private List<Workload> workloads() {
        Map<String, String> overrides = new TreeMap<>();
        for (String key : WorkloadSettings.keys()) {
            String value = spec.commandLine().getParseResult().matchedOptionValue("--" + key, (String) null);
            if (value != null) {
                overrides.put(key, value);
            }
        }
        topicConfig.forEach((key, value) -> overrides.put(WorkloadSettings.TOPIC_CONFIG_PREFIX + key, value));
        if (overrides.containsKey("url")) {
            overrides.putIfAbsent("kind", Workload.Kind.POST.toString());
        }
        if (workloadNames.isEmpty()) {
            String kind = overrides.getOrDefault("kind", Workload.Kind.PRODUCE.toString());
            return List.of(Workload.of(kind, "command line", overrides));
        }
        return workloadNames.stream()
                .map(name -> WorkloadFiles.load(name, overrides))
                .toList();
    }

    private static Map.Entry<String, String> header(String line) {
        int colon = line.indexOf(':');
        if (colon < 1 || line.chars().anyMatch(c -> c < ' ')) {
            throw new IllegalArgumentException("--header = " + line + ", but it must be NAME: VALUE on one line");
        }
        return Map.entry(
                line.substring(0, colon).strip(), line.substring(colon + 1).strip());
    }

    private void write(BenchResult result) throws IOException {
        Files.createDirectories(out);
        Files.writeString(out.resolve("result.json"), ResultJson.write(result));
        Files.writeString(out.resolve("report.md"), Report.table(result));
        Files.writeString(out.resolve("latency.svg"), PercentilePlot.svg(result.workloads()));
    }

    public static void main(String[] args) {
        System.exit(run(args));
    }

    /** Parses and runs, and returns the exit code. */
    static int run(String... args) {
        CommandLine command = new CommandLine(new LoadTest());
        // The settings of a workload are options too; the one table of them makes both.
        for (String key : WorkloadSettings.keys()) {
            command.getCommandSpec()
                    .addOption(OptionSpec.builder("--" + key)
                            .paramLabel("VALUE")
                            .type(String.class)
                            .description(WorkloadSettings.describe(key))
                            .build());
        }
        return command.execute(args);
    }

    /** The version that the build wrote into the jar. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"sluice load-test " + current()};
        }

        static String current() {
            String version = LoadTest.class.getPackage().getImplementationVersion();
            return version == null ? "unpackaged" : version;
        }
    }
}
