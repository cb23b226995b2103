package io.sluice.loadtest.queues;

import io.sluice.loadtest.machine.Machine;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.HdrHistogram.Histogram;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Queues beside other queue systems that run already, on this machine: each round has every case, each case every system in
 * turn. Writes {@code runs.tsv}, a line a run, and {@code table.md}. By hand, and {@code load-test/results/queues/run.sh}
 * starts the systems and then this.
 */
@Command(name = "queue-comparison", mixinStandardHelpOptions = true)
final class QueueComparison implements Callable<Integer> {
    private static final long SEED = 20261121;
    /** So much higher is the rate while all warm up: at a low one, what is compiled as it runs would not be until the end. */
    private static final int WARM_UP_FACTOR = 6;

    @Option(names = "--sluice", description = "The URL of a broker with default settings.")
    private String sluice;

    @Option(names = "--sluice-relaxed", description = "The URL of a broker that leaves syncing to the page cache.")
    private String sluiceRelaxed;

    @Option(names = "--redis-always", description = "The port of a Redis with appendfsync always.")
    private Integer redisAlways;

    @Option(names = "--redis-everysec", description = "The port of a Redis with appendfsync everysec.")
    private Integer redisEverysec;

    @Option(names = "--rabbitmq", description = "The port of a RabbitMQ.")
    private Integer rabbit;

    @Option(names = "--nats", description = "The port of a NATS server with JetStream.")
    private Integer nats;

    @Option(names = "--sqlite", description = "A folder for files of SQLite.")
    private Path sqlite;

    @Option(names = "--out", required = true, description = "The folder for the results.")
    private Path out;

    @Option(names = "--rounds", defaultValue = "5", description = "Rounds that count.")
    private int rounds;

    @Option(
            names = "--warm-up-rounds",
            defaultValue = "2",
            description = "Rounds before them: a server that compiles itself while it runs needs some.")
    private int warmUpRounds;

    @Option(names = "--seconds", defaultValue = "2", description = "Measured time of a run without a rate.")
    private double seconds;

    @Option(names = "--rate-seconds", defaultValue = "4", description = "Measured time of a run at a rate.")
    private double rateSeconds;

    @Option(names = "--warm-up", defaultValue = "0.4", description = "Seconds of load before each measured time.")
    private double warmUp;

    @Option(names = "--rate", defaultValue = "500", description = "Messages a second where the rate is fixed.")
    private int rate;

    @Option(names = "--cases", split = ",", description = "Only these cases, by their numbers from 1.")
    private List<Integer> only = List.of(1, 2, 3, 4);

    /** Systems that promise the same with an answer. */
    private record Promise(String name, String file, List<QueueSystem> systems, ComparisonTable table) {}

    public static void main(String[] args) {
        System.exit(new CommandLine(new QueueComparison()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        List<Promise> promises = List.of(
                new Promise("Synced before the answer", "synced", synced(), new ComparisonTable()),
                new Promise("Written before the answer", "written", written(), new ComparisonTable()));
        Files.createDirectories(out);
        int failures = 0;
        try (PrintStream runs =
                new PrintStream(Files.newOutputStream(out.resolve("runs.tsv")), true, StandardCharsets.UTF_8)) {
            runs.println(
                    "round\tpromise\tcase\tsystem\tmessages\tseconds\tper_second\ttimes_p50_ms\ttimes_p99_ms"
                            + "\ttimes_p99.9_ms\tarrivals_p50_ms\tarrivals_p99_ms\tarrivals_p99.9_ms\tabandoned\tserver_us\tclient_us");
            for (int round = 1 - warmUpRounds; round <= rounds; round++) {
                for (Case load : cases()) {
                    for (Promise promise : promises) {
                        for (QueueSystem system : promise.systems) {
                            failures += run(round, load, promise, system, runs) ? 0 : 1;
                        }
                    }
                }
            }
        }
        writeTable(promises);
        for (Promise promise : promises) {
            for (QueueSystem system : promise.systems) {
                system.close();
            }
        }
        return failures == 0 ? 0 : 3;
    }

    private List<Case> cases() {
        List<Case> all = List.of(
                new Case("1 in flight", 1, 1, 0),
                new Case("32 in flight", 32, 1, 0),
                new Case("batches of 100, 1 in flight", 1, 100, 0),
                new Case(rate + " messages/s, 16 workers", 16, 1, rate));
        return only.stream().map(number -> all.get(number - 1)).toList();
    }

    private List<QueueSystem> synced() throws Exception {
        List<QueueSystem> systems = new ArrayList<>();
        if (sluice != null) {
            systems.add(new SluiceQueues("Sluice", sluice));
            systems.add(new SluiceSocketQueues("Sluice, WebSocket", sluice));
        }
        if (redisAlways != null) {
            systems.add(new RedisStreamQueues("Redis Streams", redisAlways));
            systems.add(new RsmqQueues("Redis, RSMQ", redisAlways));
        }
        if (rabbit != null) {
            systems.add(new RabbitQueues("classic", rabbit));
            systems.add(new RabbitQueues("quorum", rabbit));
        }
        if (sqlite != null) {
            systems.add(new SqliteQueues("WAL", "FULL", sqlite));
            systems.add(new SqliteQueues("DELETE", "FULL", sqlite));
        }
        return systems;
    }

    private List<QueueSystem> written() throws Exception {
        List<QueueSystem> systems = new ArrayList<>();
        if (sluiceRelaxed != null) {
            systems.add(new SluiceQueues("Sluice", sluiceRelaxed));
            systems.add(new SluiceSocketQueues("Sluice, WebSocket", sluiceRelaxed));
        }
        if (redisEverysec != null) {
            systems.add(new RedisStreamQueues("Redis Streams", redisEverysec));
            systems.add(new RsmqQueues("Redis, RSMQ", redisEverysec));
        }
        if (nats != null) {
            systems.add(new NatsQueues(nats));
        }
        if (sqlite != null) {
            systems.add(new SqliteQueues("WAL", "NORMAL", sqlite));
        }
        return systems;
    }

    /** Whether it went well. */
    private boolean run(int round, Case load, Promise promise, QueueSystem system, PrintStream runs) {
        String name = "q" + (round + warmUpRounds) + "-" + promise.file + "-" + load.callers() + "-" + load.batch()
                + "-" + Integer.toHexString(system.name().hashCode());
        double measured = load.isAtRate() ? rateSeconds : seconds;
        try (TestQueue queue = system.create(name, load.callers(), load.batch())) {
            QueueRun run = new QueueRun(queue, system.server(), new Bodies(SEED), seconds(warmUp), seconds(measured));
            Measured result = load.isAtRate()
                    ? run.atRate(round > 0 ? load.perSecond() : WARM_UP_FACTOR * load.perSecond())
                    : run.turns(load.callers(), load.batch());
            runs.println(line(round, load, promise, system, result));
            System.out.printf(
                    Locale.ROOT,
                    "%d %s, %s, %s: %,.0f/s, p99 %.2f ms, server %.1f us, client %.1f us%n",
                    round,
                    promise.file,
                    load.name(),
                    system.name(),
                    result.perSecond(),
                    result.times().getValueAtPercentile(99) / 1e6,
                    result.serverMicrosPerMessage(),
                    result.clientMicrosPerMessage());
            if (round > 0) {
                promise.table.add(load, system.name(), result);
            }
            return true;
        } catch (Exception e) {
            runs.println(String.join(
                    "\t", Integer.toString(round), promise.file, load.name(), system.name(), "failed: " + e));
            System.out.println(round + " " + promise.file + ", " + load.name() + ", " + system.name() + ": " + e);
            return false;
        }
    }

    private static Duration seconds(double seconds) {
        return Duration.ofNanos((long) (seconds * 1e9));
    }

    private static String line(int round, Case load, Promise promise, QueueSystem system, Measured run) {
        return String.format(
                Locale.ROOT,
                "%d\t%s\t%s\t%s\t%d\t%.1f\t%.1f\t%s\t%s\t%d\t%.2f\t%.2f",
                round,
                promise.file,
                load.name(),
                system.name(),
                run.messages(),
                run.seconds(),
                run.perSecond(),
                percentiles(run.times()),
                percentiles(run.arrivals()),
                run.abandoned(),
                run.serverMicrosPerMessage(),
                run.clientMicrosPerMessage());
    }

    private static String percentiles(Histogram times) {
        return String.format(
                Locale.ROOT,
                "%.3f\t%.3f\t%.3f",
                times.getValueAtPercentile(50) / 1e6,
                times.getValueAtPercentile(99) / 1e6,
                times.getValueAtPercentile(99.9) / 1e6);
    }

    private void writeTable(List<Promise> promises) throws IOException {
        Machine machine = Machine.current();
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%s, %d cores, %s, Java %s; %d rounds; messages of %d bytes%n",
                machine.cpuModel(),
                machine.cores(),
                machine.kernel(),
                System.getProperty("java.version"),
                rounds,
                Bodies.BYTES));
        for (Promise promise : promises) {
            text.append("\n## ").append(promise.name).append("\n").append(promise.table.text("Sluice"));
        }
        Files.writeString(out.resolve("table.md"), text);
        System.out.print(text);
    }
}
