package io.sluice.server.kafka.clients;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.utils.Exit;

/** Runs one of Kafka's command line tools, as its script does, but in this process: that is ten times as fast. */
final class KafkaTool {
    private static final int NOT_ENDED = -1;

    private KafkaTool() {}

    private static final class Exited extends Error {
        private static final long serialVersionUID = 1L;
    }

    /** Runs a tool, which must succeed, and returns what it printed. */
    static String succeed(String mainClass, String... arguments) {
        return succeedWith("", mainClass, arguments);
    }

    /** Runs a tool that reads something, which must succeed, and returns what it printed. */
    static String succeedWith(String stdin, String mainClass, String... arguments) {
        Ended ended = run(stdin, mainClass, arguments);
        assertThat(ended.exitCode())
                .as("%s %s%n%s", mainClass, List.of(arguments), ended.output())
                .isZero();
        return ended.output();
    }

    /**
     * How a tool ended.
     *
     * @param exitCode as of a process
     * @param output what it printed, to both streams
     */
    record Ended(int exitCode, String output) {}

    /** Runs a tool. */
    static Ended run(String stdin, String mainClass, String... arguments) {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        AtomicInteger exitCode = new AtomicInteger(NOT_ENDED);
        List<Runnable> hooks = new ArrayList<>();
        Exit.Procedure exit = (code, message) -> {
            // The first one counts: tools complain and exit once more when that is thrown at them.
            if (exitCode.compareAndSet(NOT_ENDED, code)) {
                hooks.forEach(Runnable::run);
                System.setOut(new PrintStream(OutputStream.nullOutputStream()));
                System.setErr(System.out);
            }
            throw new Exited();
        };
        InputStream in = System.in;
        PrintStream out = System.out;
        PrintStream err = System.err;
        PrintStream captured = new PrintStream(output, true, StandardCharsets.UTF_8);
        System.setIn(new ByteArrayInputStream(stdin.getBytes(StandardCharsets.UTF_8)));
        System.setOut(captured);
        System.setErr(captured);
        Exit.setExitProcedure(exit);
        Exit.setHaltProcedure(exit);
        Exit.setShutdownHookAdder((name, hook) -> hooks.add(hook));
        try {
            Class.forName(mainClass).getMethod("main", String[].class).invoke(null, (Object) arguments);
            hooks.forEach(Runnable::run);
        } catch (InvocationTargetException e) {
            if (!(e.getCause() instanceof Exited)) {
                throw new AssertionError(mainClass + " failed: " + output.toString(StandardCharsets.UTF_8), e);
            }
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        } finally {
            Exit.resetExitProcedure();
            Exit.resetHaltProcedure();
            Exit.resetShutdownHookAdder();
            System.setIn(in);
            System.setOut(out);
            System.setErr(err);
        }
        return new Ended(exitCode.get() == NOT_ENDED ? 0 : exitCode.get(), output.toString(StandardCharsets.UTF_8));
    }
}
