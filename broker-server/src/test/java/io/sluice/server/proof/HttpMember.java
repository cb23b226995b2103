package io.sluice.server.proof;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A member of a group over HTTP: it polls, says in the journal what it got, and commits with its next poll. Each request has a
 * connection of its own. It asks again where there was no answer, or 503, and takes no other refusal. A thread of its own.
 */
final class HttpMember implements GroupWorker, Runnable {
    private static final long AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long JOIN_MS = TimeUnit.SECONDS.toMillis(60);

    private final int port;
    private final String group;
    private final String name;
    private final GroupJournal journal;
    private final JsonObject wish;
    private final Thread thread;
    private String cursor = "";
    private Map<Integer, Long> inHand = Map.of();
    private volatile int retries;
    private volatile int refused;
    private volatile boolean stopping;
    private volatile boolean killed;
    private volatile Throwable failure;

    /**
     * Begins to poll.
     *
     * @param wish what its polls say besides the member and its commit
     */
    HttpMember(int port, String group, String name, GroupJournal journal, JsonObject wish) {
        this.port = port;
        this.group = group;
        this.name = name;
        this.journal = journal;
        this.wish = wish;
        this.thread = new Thread(this, name);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void run() {
        try {
            while (!stopping) {
                poll();
            }
        } catch (RuntimeException | Error e) {
            failure = e;
        }
    }

    private void poll() {
        JsonObject request = wish.copy().put("member", name);
        if (!cursor.isEmpty()) {
            request.put("commit", cursor);
        }
        JsonObject answer = ask("poll", request);
        if (killed) {
            return;
        }
        committed(answer.getJsonArray("refused", new JsonArray()));
        List<String> did = new ArrayList<>();
        Map<Integer, Long> got = new HashMap<>();
        for (Object each : answer.getJsonArray("records")) {
            JsonObject record = (JsonObject) each;
            int partition = record.getInteger("partition");
            long offset = record.getLong("offset");
            did.add(GroupJournal.did(partition, offset, record.getValue("value").toString()));
            got.put(partition, offset + 1);
        }
        if (!did.isEmpty()) {
            journal.add(name, did);
        }
        inHand = got;
        cursor = answer.getString("cursor");
    }

    /** What was in hand has been committed now, but for what was refused. */
    private void committed(JsonArray refusals) {
        Set<Integer> not = new HashSet<>();
        refusals.forEach(one -> not.add(((JsonObject) one).getInteger("partition")));
        if (!not.isEmpty()) {
            refused += not.size();
            journal.add(name, "may not commit " + refusals.encode());
        }
        List<String> lines = new ArrayList<>();
        inHand.forEach((partition, next) -> {
            if (!not.contains(partition)) {
                lines.add(GroupJournal.committed(partition, next));
            }
        });
        if (!lines.isEmpty()) {
            journal.add(name, lines);
        }
        inHand = Map.of();
    }

    /** Asks until there is an answer. */
    private JsonObject ask(String what, JsonObject request) {
        while (!killed) {
            try {
                PlainClient.Answer answer =
                        PlainClient.postOnce(port, "/v1/groups/" + group + "/" + what, request.encode());
                if (answer.status() == 200) {
                    return new JsonObject(answer.body());
                }
                if (answer.status() == 204) {
                    return new JsonObject();
                }
                if (answer.status() != 503) {
                    throw new AssertionError(name + " was answered " + answer.status() + ": " + answer.body());
                }
            } catch (IOException e) {
                // The broker died before it answered: whether it has committed is not known.
            }
            retries++;
            LockSupport.parkNanos(AGAIN_NS);
        }
        return new JsonObject();
    }

    @Override
    public String name() {
        return name;
    }

    /** How often it had to ask again. */
    int retries() {
        return retries;
    }

    /** How many partitions it might not commit any more. */
    int refused() {
        return refused;
    }

    @Override
    public void check() {
        if (failure != null) {
            throw new AssertionError(name + " failed", failure);
        }
    }

    @Override
    public void kill() {
        killed = true;
        stopping = true;
        join();
    }

    @Override
    public void leave() {
        stopping = true;
        join();
        ask("leave", new JsonObject().put("member", name));
    }

    private void join() {
        try {
            thread.join(JOIN_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
        if (thread.isAlive()) {
            throw new AssertionError(name + " does not end");
        }
        check();
    }
}
