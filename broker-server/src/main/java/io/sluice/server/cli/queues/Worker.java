package io.sluice.server.cli.queues;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.server.cli.client.CliException;
import io.sluice.server.cli.client.Json;
import io.sluice.server.cli.client.Problem;
import io.sluice.server.cli.client.Streams;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Takes messages, runs a command for each, and settles them.
 *
 * <p>The thread that runs it takes messages, never more than commands may run. Each command has a thread of its own, which settles its
 * message. One more thread says that the worker is there, and asks whether it still has what its commands work on.
 */
final class Worker {
    private static final long WAIT_MS = 20_000;
    private static final long FIRST_PAUSE_MS = 100;
    private static final long MAX_PAUSE_MS = 5_000;
    private static final Duration TIME_TO_DIE = Duration.ofSeconds(5);
    /** How long settling is tried again after it is clear that the worker ends. */
    private static final Duration TIME_TO_SETTLE = Duration.ofSeconds(10);

    private final QueueApi api;
    private final String name;
    private final Settings settings;
    private final Streams streams;
    private final Semaphore free;
    private final ExecutorService executor = Executors.newCachedThreadPool(task -> daemon(task, "command"));
    private final ScheduledExecutorService clock =
            Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "heartbeat"));
    private final Set<WorkSession> sessions = ConcurrentHashMap.newKeySet();
    /** The time after which nothing is tried again; none while it works. */
    private volatile long giveUpNs;

    private volatile boolean stopping;
    private WorkSession session;
    private int sessionCount;

    /**
     * How a worker works.
     *
     * @param session how long after it was last heard its messages go to others
     * @param timeout after which a command is ended
     * @param grace how long commands are waited for at the end
     * @param max how many messages it takes
     * @param untilEmpty whether it ends when there is nothing to take
     * @param result whether what commands print is their messages' result
     * @param json whether it tells what becomes of messages on the output
     */
    record Settings(
            String queue,
            List<String> command,
            int concurrency,
            Duration session,
            Optional<Duration> timeout,
            Duration grace,
            long max,
            boolean untilEmpty,
            boolean result,
            boolean json) {}

    Worker(QueueApi api, String name, Settings settings, Streams streams) {
        this.api = api;
        this.name = name;
        this.settings = settings;
        this.streams = streams;
        this.free = new Semaphore(settings.concurrency());
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Works until there is an end to it. Commands that run then are waited for.
     *
     * @throws CliException REFUSED if the broker refuses for good
     * @throws InterruptedException if it was told to end, after it has come to its end
     */
    void run() throws InterruptedException {
        long beatMs = settings.session().toMillis() / 3;
        newSession();
        clock.scheduleWithFixedDelay(this::beat, beatMs, beatMs, TimeUnit.MILLISECONDS);
        boolean interrupted = false;
        try {
            take();
            awaitCommands(Long.MAX_VALUE);
        } catch (InterruptedException e) {
            interrupted = true;
        } finally {
            end();
        }
        if (interrupted) {
            throw new InterruptedException();
        }
    }

    // ---- taking ----

    private void take() throws InterruptedException {
        long left = settings.max();
        while (left > 0) {
            free.acquire();
            int slots = 1 + free.drainPermits();
            boolean nothingRuns = slots == settings.concurrency();
            int wanted = (int) Math.min(slots, left);
            List<Delivered> taken = List.of();
            try {
                taken = receive(wanted);
            } finally {
                // Those of commands are released by them; whoever waits for the end waits for all.
                free.release(slots - taken.size());
            }
            left -= taken.size();
            taken.forEach(this::start);
            if (taken.isEmpty() && settings.untilEmpty()) {
                if (nothingRuns) {
                    return;
                }
                // What fails comes again.
                awaitCommands(Long.MAX_VALUE);
            }
        }
    }

    private List<Delivered> receive(int wanted) throws InterruptedException {
        Pauses pauses = new Pauses();
        while (true) {
            ObjectNode request = Json.object()
                    .put("max", wanted)
                    .put("consumer", session.consumer())
                    .put("session_timeout_ms", settings.session().toMillis())
                    .put("values", Delivered.VALUES);
            try {
                List<Delivered> taken = new ArrayList<>();
                api.receive(request, settings.untilEmpty() ? 0 : WAIT_MS)
                        .path("messages")
                        .forEach(message -> taken.add(Delivered.of(message)));
                return taken;
            } catch (IOException e) {
                // What the lost answer gave us would be ours for as long as we are heard by this name.
                newSession();
                pauses.pause(api.broker().notConnected(e));
            } catch (CliException e) {
                refused(e, pauses);
            }
        }
    }

    /** Does what can be done so that the broker does not refuse again; throws the refusal if that is nothing. */
    private void refused(CliException failure, Pauses pauses) throws InterruptedException {
        boolean isDefaultMissing = settings.queue().equals(QueueApi.DEFAULT)
                && failure.problem()
                        .filter(problem -> problem.code().equals("unknown_queue"))
                        .isPresent();
        if (!isDefaultMissing) {
            pauses.pauseIfItMayHelp(failure);
            return;
        }
        try {
            api.createDefault();
        } catch (IOException e) {
            pauses.pause(api.broker().notConnected(e));
        } catch (CliException e) {
            pauses.pauseIfItMayHelp(e);
        }
    }

    private void newSession() {
        sessionCount++;
        session = new WorkSession(sessionCount == 1 ? name : name + "." + sessionCount);
        sessions.add(session);
    }

    private void start(Delivered message) {
        WorkSession its = session;
        RunningCommand command = new RunningCommand(message, settings, streams, clock);
        its.add(command);
        executor.execute(() -> {
            try {
                settle(command, command.run());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                its.remove(command);
                free.release();
            }
        });
    }

    // ---- settling ----

    private void settle(RunningCommand command, RunningCommand.End end) throws InterruptedException {
        Delivered message = command.message();
        ObjectNode request = QueueApi.leases(List.of(message.lease()));
        switch (end.outcome()) {
            case DONE -> {
                end.result().ifPresent(result -> request.set("result", result));
                end = require("ack", request, message, end);
            }
            case FAILED -> end = require("nack", request.put("reason", end.reason()), message, end);
            case LOST, CUT_OFF -> {
                // Others have it, or get it when we leave.
            }
        }
        tell(message, end);
    }

    /** Settles, as long as that takes; nobody else gets the message meanwhile. */
    private RunningCommand.End require(String what, ObjectNode request, Delivered message, RunningCommand.End end)
            throws InterruptedException {
        Pauses pauses = new Pauses();
        for (boolean again = false; ; again = true) {
            try {
                JsonNode error = api.settle(what, request).path(0).path("error");
                // The first try may have been heard, and only its answer lost.
                return error.isMissingNode() || again && isDone(end, message)
                        ? end
                        : end.butLost(error.path("detail").asText("it is not ours any more"));
            } catch (IOException e) {
                CliException failure = api.broker().notConnected(e);
                if (isTooLate()) {
                    return end.butLost(failure.getMessage());
                }
                pauses.pause(failure);
            } catch (CliException e) {
                if (isTooLate()) {
                    return end.butLost(e.getMessage());
                }
                if (mayHelp(e)) {
                    pauses.pause(e);
                } else if (withoutExtra(request)) {
                    streams.say("sluice: message " + message.id() + ": " + e.getMessage()
                            + "; trying again without the " + (what.equals("ack") ? "result" : "reason"));
                } else {
                    return end.butLost(e.getMessage());
                }
            }
        }
    }

    /** What a command printed must not keep its message from being settled: else we had it for as long as we are heard. */
    private static boolean withoutExtra(ObjectNode request) {
        boolean hadResult = request.remove("result") != null;
        boolean hadReason = request.remove("reason") != null;
        return hadResult || hadReason;
    }

    private boolean isDone(RunningCommand.End end, Delivered message) throws IOException, InterruptedException {
        return end.outcome() == RunningCommand.Outcome.DONE
                && api.stateOf(message.id()).equals("acknowledged");
    }

    private void tell(Delivered message, RunningCommand.End end) {
        if (settings.json()) {
            ObjectNode line = Json.object()
                    .put("id", message.id())
                    .put("deliveries", message.deliveries())
                    .put("outcome", end.outcome().word())
                    .put("exit_code", end.exitCode())
                    .put("duration_ms", end.durationMs());
            if (!end.reason().isEmpty()) {
                line.put("reason", end.reason());
            }
            streams.print(line);
        } else if (end.outcome() != RunningCommand.Outcome.DONE) {
            streams.say("sluice: message " + message.id() + ", delivery " + message.deliveries() + ", "
                    + end.outcome().word() + ": " + end.reason());
        }
    }

    // ---- being heard ----

    private void beat() {
        for (WorkSession one : sessions) {
            List<RunningCommand> commands = one.commands();
            try {
                Duration timeout =
                        Duration.ofMillis(Math.max(1_000, settings.session().toMillis() / 3));
                api.heartbeat(one.consumer(), timeout);
                if (!commands.isEmpty()) {
                    verify(commands);
                } else if (one != session) {
                    sessions.remove(one);
                    api.leave(one.consumer());
                }
            } catch (IOException | CliException e) {
                // The next one may be heard. What is lost meanwhile is found out then.
                continue;
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** A session that began anew has not what the old one had: what counts is each lease. */
    private void verify(List<RunningCommand> commands) throws IOException, InterruptedException {
        List<String> leases =
                commands.stream().map(command -> command.message().lease()).toList();
        JsonNode results = api.settle("extend", QueueApi.leases(leases));
        for (int i = 0; i < commands.size(); i++) {
            JsonNode error = results.path(i).path("error");
            if (!error.isMissingNode()) {
                commands.get(i).lost(error.path("detail").asText("the session ended"));
            }
        }
    }

    // ---- the end ----

    /** No command is left behind: those that do not end in time are ended, and their messages given back. */
    private void end() {
        stopping = true;
        giveUpNs = System.nanoTime() + settings.grace().plus(TIME_TO_SETTLE).toNanos();
        awaitUninterrupted(settings.grace());
        running().forEach(RunningCommand::cutOff);
        awaitUninterrupted(TIME_TO_DIE);
        running().forEach(RunningCommand::kill);
        awaitUninterrupted(TIME_TO_DIE);
        clock.shutdownNow();
        executor.shutdownNow();
        sessions.forEach(this::leave);
    }

    private void leave(WorkSession one) {
        try {
            api.leave(one.consumer());
        } catch (IOException | CliException e) {
            // Then the others get them when the session is over.
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private List<RunningCommand> running() {
        return sessions.stream().flatMap(one -> one.commands().stream()).toList();
    }

    private void awaitUninterrupted(Duration atMost) {
        long untilNs = System.nanoTime() + atMost.toNanos();
        boolean interrupted = false;
        while (true) {
            try {
                awaitCommands(untilNs);
                break;
            } catch (InterruptedException again) {
                // It has been told to end already.
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** @param untilNs a time of {@link System#nanoTime}, or the largest number for no limit */
    private void awaitCommands(long untilNs) throws InterruptedException {
        boolean ended = untilNs == Long.MAX_VALUE
                ? acquireAll()
                : free.tryAcquire(settings.concurrency(), untilNs - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (ended) {
            free.release(settings.concurrency());
        }
    }

    private boolean acquireAll() throws InterruptedException {
        free.acquire(settings.concurrency());
        return true;
    }

    private boolean isTooLate() {
        return stopping && System.nanoTime() - giveUpNs > 0;
    }

    // ---- trying again ----

    private static boolean mayHelp(CliException failure) {
        return failure.problem().filter(Problem::retriable).isPresent();
    }

    /** Pauses between tries, longer and longer. */
    private final class Pauses {
        private long pauseMs = FIRST_PAUSE_MS;
        private boolean said;

        void pauseIfItMayHelp(CliException failure) throws InterruptedException {
            if (!mayHelp(failure)) {
                throw failure;
            }
            pause(failure);
        }

        void pause(CliException failure) throws InterruptedException {
            if (!said) {
                said = true;
                streams.say("sluice: " + failure.getMessage() + "; trying again");
            }
            long wantedMs = failure.problem()
                    .map(problem -> problem.retryAfter().toMillis())
                    .orElse(0L);
            Thread.sleep(Math.max(wantedMs, ThreadLocalRandom.current().nextLong(pauseMs / 2, pauseMs + 1)));
            pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2);
        }
    }
}
