package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.Seeds;
import io.sluice.server.fixture.ChildServer;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * The broker is killed at random moments, while it works and while it starts, under load from eight producers. What it
 * acknowledged, with {@code acks=1} or {@code acks=all}, must be there once, where the answer said, in each producer's
 * order. What readers saw must stay. {@code -Dproof.rounds=} sets how often it is killed.
 */
class CrashLedgerTest {
    private static final int PRODUCERS = 8;
    private static final int CI_ROUNDS = 40;
    private static final int LONG_ROUNDS = 1_000;
    /** About as many requests are answered between two kills, at most. */
    private static final int MAX_REQUESTS = 160;
    /** Every so many rounds the broker is killed once more, while it starts. */
    private static final int ROUNDS_PER_KILLED_START = 8;

    private static final long MAX_START_NS = TimeUnit.MILLISECONDS.toNanos(900);
    private static final long JOIN_MS = TimeUnit.SECONDS.toMillis(120);
    /** Small segments, so that many are sealed; large batches of several records fit all the same. */
    private static final String CONFIG = "\"segment.bytes\":1048576,\"max.message.bytes\":1048576";

    private static final List<List<Place>> TOPICS = List.of(
            List.of(new Place(0, "durable", 0), new Place(1, "durable", 1), new Place(2, "durable", 2)),
            List.of(new Place(3, "relaxed", 0), new Place(4, "relaxed", 1)));
    private static final List<Place> PLACES =
            TOPICS.stream().flatMap(List::stream).toList();

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final LedgerInspection inspection = new LedgerInspection(client);
    private final Serving serving = new Serving();
    private final Ledger ledger = new Ledger(PLACES, PRODUCERS);
    private final List<LedgerProducer> producers = new ArrayList<>();
    private final List<LedgerFollower> followers = new ArrayList<>();
    private final List<Thread> producerThreads = new ArrayList<>();
    private final List<Thread> followerThreads = new ArrayList<>();
    private int killedStarts;

    @Test
    void whatWasAcknowledgedIsThereOnceAndWhatWasSeenStays() {
        Seeds.runs(1, 1, seed -> {
            System.out.println("crash ledger: -Dseed=" + seed + ", data in " + folder);
            try (ChildServer broker = new ChildServer(folder, "--set", "log.flush.offset.checkpoint.interval.ms=50")) {
                try {
                    run(broker, new SplittableRandom(seed));
                } catch (Throwable e) {
                    throw new AssertionError(
                            e.getMessage() + "\nthe data is kept in " + folder + "; the broker said:\n"
                                    + String.join("\n", broker.output()),
                            e);
                }
            }
        });
    }

    private void run(ChildServer broker, SplittableRandom random) throws IOException, InterruptedException {
        long beganNs = System.nanoTime();
        int rounds = Integer.getInteger("proof.rounds", Seeds.longBudget() ? LONG_ROUNDS : CI_ROUNDS);
        create(broker, "durable", "{\"partitions\":3,\"config\":{" + CONFIG + "}}");
        // Here acks=all waits for the write only, and readers see what has not been synced.
        create(broker, "relaxed", "{\"partitions\":2,\"config\":{" + CONFIG + ",\"flush.messages\":100000}}");
        serving.up(broker.address());
        begin(random);
        long[] inspected = new long[PLACES.size()];
        for (int round = 1; round <= rounds; round++) {
            ledger.awaitRequests(ledger.requests() + 1 + random.nextInt(MAX_REQUESTS));
            // Not only right after an answer.
            LockSupport.parkNanos(random.nextInt(5_000_000));
            kill(broker);
            if (round % ROUNDS_PER_KILLED_START == 0) {
                killAStart(random);
            }
            List<Long> told = PLACES.stream().map(ledger::end).toList();
            broker.start();
            for (Place place : PLACES) {
                inspected[place.index()] = inspect(broker, place, inspected[place.index()], told.get(place.index()));
            }
            // Only now: the load is not to slow down what is no part of it.
            serving.up(broker.address());
            if (round % 50 == 0) {
                System.out.println("crash ledger: " + round + " rounds, " + ledger);
            }
        }
        end();
        audit(broker);
        System.out.println("crash ledger: " + rounds + " kills under load and " + killedStarts
                + " of a start, all held; " + ledger + "; "
                + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - beganNs) + " s");
    }

    private void create(ChildServer broker, String topic, String wish) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(broker.uri("/v1/topics/" + topic))
                .header("Content-Type", "application/json")
                .PUT(BodyPublishers.ofString(wish))
                .build();
        assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(201);
    }

    private void begin(SplittableRandom random) {
        for (int i = 0; i < PRODUCERS; i++) {
            String acks = i % 2 == 0 ? "1" : "all";
            LedgerProducer producer = new LedgerProducer(i, acks, TOPICS, serving, ledger, client, random.nextLong());
            producers.add(producer);
            producerThreads.add(new Thread(producer, "producer " + i));
        }
        for (Place place : PLACES) {
            LedgerFollower follower = new LedgerFollower(place, serving, ledger, client);
            followers.add(follower);
            followerThreads.add(new Thread(follower, "follower of " + place));
        }
        for (List<Thread> threads : List.of(producerThreads, followerThreads)) {
            for (Thread thread : threads) {
                thread.setDaemon(true);
                thread.start();
            }
        }
    }

    private void kill(ChildServer broker) {
        broker.kill();
        serving.down();
        assertThat(broker.output())
                .as("a kill of the process is no damage: nothing to complain of")
                .noneMatch(line -> line.contains("ERROR") || line.contains("AssertionError"));
    }

    /** A broker that does not live to see the end of its start. */
    private void killAStart(SplittableRandom random) throws IOException, InterruptedException {
        Process process = ChildServer.command(folder, List.of())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        LockSupport.parkNanos(random.nextLong(MAX_START_NS));
        process.destroyForcibly();
        assertThat(process.waitFor(JOIN_MS, TimeUnit.MILLISECONDS)).isTrue();
        killedStarts++;
    }

    /**
     * Reads again what came since the last but one start.
     *
     * @param told the end of what had been acknowledged or seen when the broker was dead
     * @return from where to read the next time
     */
    private long inspect(ChildServer broker, Place place, long from, long told)
            throws IOException, InterruptedException {
        ledger.check();
        long end = inspection.read(broker.address(), place, from, ledger::see);
        assertThat(end)
                .as("what is left of %s, of which offset %d was known", place, told)
                .isGreaterThanOrEqualTo(told);
        return told;
    }

    private void end() throws InterruptedException {
        producers.forEach(LedgerProducer::stop);
        join(producerThreads);
        followers.forEach(LedgerFollower::stop);
        join(followerThreads);
        ledger.check();
    }

    private static void join(List<Thread> threads) throws InterruptedException {
        for (Thread thread : threads) {
            thread.join(JOIN_MS);
            assertThat(thread.isAlive()).as(thread.getName()).isFalse();
        }
    }

    /** After one more kill, everything from the beginning: each record once, in order, and none besides. */
    private void audit(ChildServer broker) throws IOException, InterruptedException {
        broker.killAndRestart();
        for (Place place : PLACES) {
            ProducerOrder order = new ProducerOrder();
            long end = inspection.read(broker.address(), place, 0, (where, offset, record) -> {
                order.next(where, offset, record);
                ledger.audit(where, offset, record);
            });
            assertThat(end).isEqualTo(ledger.end(place));
        }
        ledger.close();
        assertThat(ledger.retries()).as("requests that a kill cut off").isPositive();
    }
}
