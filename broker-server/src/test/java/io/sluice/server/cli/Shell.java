package io.sluice.server.cli;

import io.sluice.server.cli.client.Streams;
import io.sluice.server.cli.client.Version;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Runs a command in this process, with its own streams, and keeps what came out. */
public final class Shell {
    private Shell() {}

    @Command(name = "sluice", mixinStandardHelpOptions = true, versionProvider = Version.class)
    static final class Root implements Runnable {
        @Override
        public void run() {}
    }

    /**
     * How a command ended.
     *
     * @param exitCode what the process would end with
     * @param out the bytes of its output
     * @param err the text of its error stream
     */
    public record Result(int exitCode, byte[] out, String err) {
        /** The output as text. */
        public String text() {
            return new String(out, StandardCharsets.UTF_8);
        }
    }

    /** Runs a command with nothing to read. */
    public static Result run(String... args) {
        return run(new byte[0], args);
    }

    /** Runs a command that reads these bytes. */
    public static Result run(byte[] in, String... args) {
        return run(new ByteArrayInputStream(in), args);
    }

    /** Runs a command that reads this stream. */
    public static Result run(InputStream in, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int exitCode = run(in, out, err, args);
        return new Result(exitCode, out.toByteArray(), err.toString(StandardCharsets.UTF_8));
    }

    /** Runs a command with these streams and returns its exit code. */
    public static int run(InputStream in, OutputStream out, OutputStream err, String... args) {
        PrintStream errPrint = new PrintStream(err, true, StandardCharsets.UTF_8);
        Streams streams = new Streams(in, out, errPrint, false);
        CommandLine line = CliCommands.addTo(new CommandLine(new Root()), streams, args)
                .setOut(new PrintWriter(new PrintStream(out, true, StandardCharsets.UTF_8), true))
                .setErr(new PrintWriter(errPrint, true));
        return line.execute(args);
    }

    /**
     * Runs something that blocks in a thread of its own. The common pool may have one thread only, which the HTTP client
     * of the JDK needs too.
     */
    static <T> CompletableFuture<T> inAThread(Supplier<T> work) {
        return CompletableFuture.supplyAsync(work, task -> {
            Thread thread = new Thread(task, "command");
            thread.setDaemon(true);
            thread.start();
        });
    }
}
