package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.ChildServer;
import io.sluice.server.proof.ExpectedAnswer.Form;
import io.sluice.server.proof.PlainClient.Answer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * 64 MB of heap, records of up to 20 MB, two hundred readers that hardly read, and producers that write as fast as they
 * can: memory is bounded by what the broker is willing to hold and not by what clients ask for.
 */
class SmallHeapTest {
    private static final boolean LONG = "long".equals(System.getProperty("proof.budget"));
    private static final long FILL_BYTES = LONG ? 5_000_000_000L : 300_000_000L;
    private static final long LOAD_NS = TimeUnit.SECONDS.toNanos(LONG ? 300 : 20);
    /** A reader that gets nothing for so long is stuck; how long all takes depends on the machine. */
    private static final long STUCK_NS = TimeUnit.SECONDS.toNanos(60);

    private static final int SLOW_READERS = 200;
    private static final int SLOW_BYTES = 4 * 1024;
    private static final long SLOW_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long MAX_RESIDENT_KB = 400_000;
    private static final String BYTES = "application/octet-stream";
    private static final int NOISE_BYTES = 8_000_000;
    /** Memory is given to who fits: a large record may never get in beside others that are sent again at once, so these wait for it then. */
    private static final int MAX_REFUSALS_IN_A_ROW = 50;

    private final long seed = Long.getLong("seed", System.nanoTime());
    private final SeededValues values = new SeededValues(seed);
    private final AtomicLong end = new AtomicLong();
    private final AtomicBoolean over = new AtomicBoolean();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong noise = new AtomicLong();
    private final AtomicLong refusedInARow = new AtomicLong();
    private final AtomicLong readNormally = new AtomicLong();

    @TempDir
    private Path folder;

    @Test
    void slowReadersAndAFastProducerLeaveASmallHeapWhole() throws Exception {
        System.out.println("seed " + seed);
        List<String> jvm =
                List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError");
        try (ChildServer server = new ChildServer(jvm, folder)) {
            String topic = "{\"config\":{\"max.message.bytes\":\"22020096\",\"segment.bytes\":\"67108864\"}}";
            try (PlainClient client = new PlainClient(server.port())) {
                for (String name : List.of("mixed", "noise")) {
                    assertThat(client.send("PUT", "/v1/topics/" + name, "application/json", AnswerDecoder.ascii(topic))
                                    .status())
                            .isEqualTo(201);
                }
                fill(server);
                load(server);
                healthy(server, client);
            } catch (Exception | AssertionError e) {
                throw new AssertionError(
                        "seed " + seed + "; the server " + (server.isAlive() ? "lives" : "has ended") + " and said:\n"
                                + String.join("\n", server.output()),
                        e);
            }
        }
    }

    private void fill(ChildServer server) throws Exception {
        long beginNs = System.nanoTime();
        try (PlainClient client = new PlainClient(server.port())) {
            for (long bytes = 0; bytes < FILL_BYTES; ) {
                bytes += values.size(end.get());
                // With acks=all: what acks=1 has answered may still be in the queue, to be synced, and be in the way.
                assertThat(produceNext(client, "all"))
                        .as("nobody else is there")
                        .isTrue();
            }
        }
        System.out.printf(
                "filled: %d records in %d ms, resident %d KB%n",
                end.get(), TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beginNs), server.residentKb());
    }

    private void load(ChildServer server) throws Exception {
        long filledTo = end.get();
        ExecutorService clients = Executors.newCachedThreadPool();
        List<SlowReader> slow = new ArrayList<>();
        try {
            SplittableRandom random = new SplittableRandom(seed);
            for (int i = 0; i < SLOW_READERS; i++) {
                // Some begin at the largest record of all.
                long from = i < 12 ? SeededValues.LARGEST_AT : random.nextLong(filledTo);
                slow.add(new SlowReader(values, server.port(), "mixed", Form.values()[i % 3], from));
            }
            List<Future<?>> running = new ArrayList<>();
            running.add(clients.submit(() -> produceOn(server)));
            running.add(clients.submit(() -> makeNoise(server)));
            running.add(clients.submit(() -> makeNoise(server)));
            Future<Long> normal = clients.submit(() -> readAll(server, filledTo));
            long maxResidentKb = readSlowly(server, slow, normal);
            over.set(true);
            for (Future<?> one : running) {
                one.get(60, TimeUnit.SECONDS);
            }
            long read = normal.get(1, TimeUnit.SECONDS);

            long checked = slow.stream().mapToLong(SlowReader::checkedBytes).sum();
            System.out.printf(
                    "loaded: %d records and %d noisy ones written beside, %d refused; slow readers took %d bytes, "
                            + "%d refused; a normal one %d bytes; resident at most %d KB%n",
                    end.get() - filledTo,
                    noise.get(),
                    refused.get(),
                    checked,
                    slow.stream().mapToLong(SlowReader::refusals).sum(),
                    read,
                    maxResidentKb);
            assertThat(end.get()).as("the producer goes on").isGreaterThan(filledTo + 10);
            assertThat(slow).allMatch(reader -> reader.checkedBytes() > 0);
            assertThat(maxResidentKb).isLessThan(MAX_RESIDENT_KB);
        } finally {
            over.set(true);
            clients.shutdownNow();
            for (SlowReader reader : slow) {
                reader.close();
            }
        }
    }

    /** Lets all slow readers take a little, again and again, until the time is over and the normal reader is through. */
    private long readSlowly(ChildServer server, List<SlowReader> slow, Future<?> normal) throws IOException {
        long beginNs = System.nanoTime();
        long maxResidentKb = 0;
        long seen = 0;
        long seenNs = beginNs;
        while (System.nanoTime() - beginNs < LOAD_NS || !normal.isDone()) {
            for (SlowReader reader : slow) {
                reader.take(SLOW_BYTES);
            }
            maxResidentKb = Math.max(maxResidentKb, server.residentKb());
            assertThat(server.isAlive()).as(String.join("\n", server.output())).isTrue();
            long read = readNormally.get();
            seenNs = read > seen || normal.isDone() ? System.nanoTime() : seenNs;
            seen = read;
            assertThat(System.nanoTime() - seenNs)
                    .as("a normal reader gets on, and has %d bytes", read)
                    .isLessThan(STUCK_NS);
            // The pace is what makes them slow.
            LockSupport.parkNanos(SLOW_PAUSE_NS);
        }
        return maxResidentKb;
    }

    private long produceOn(ChildServer server) throws Exception {
        try (PlainClient client = new PlainClient(server.port())) {
            while (!over.get()) {
                produceNext(client, "1");
            }
        }
        return end.get();
    }

    /** Large records to another topic: they fill the memory that requests may have, and get 503 for it. */
    private long makeNoise(ChildServer server) throws Exception {
        byte[] large = new byte[NOISE_BYTES];
        try (PlainClient client = new PlainClient(server.port())) {
            while (!over.get()) {
                if (refusedInARow.get() > MAX_REFUSALS_IN_A_ROW) {
                    LockSupport.parkNanos(SLOW_PAUSE_NS);
                    continue;
                }
                Answer answer = client.send("POST", "/v1/topics/noise/records?acks=1", BYTES, large);
                if (answer.status() == 200) {
                    noise.incrementAndGet();
                    client.send("DELETE", "/v1/topics/noise/partitions/0/records?before=high_watermark");
                } else {
                    truthful(answer);
                }
            }
        }
        return noise.get();
    }

    /** Appends the next value; false if it was refused. */
    private boolean produceNext(PlainClient client, String acks) throws IOException {
        long offset = end.get();
        Answer answer = client.send("POST", "/v1/topics/mixed/records?acks=" + acks, BYTES, values.value(offset));
        if (answer.status() != 200) {
            truthful(answer);
            refusedInARow.incrementAndGet();
            return false;
        }
        refusedInARow.set(0);
        assertThat(answer.body()).isEqualTo("{\"offsets\":[{\"partition\":0,\"offset\":" + offset + "}]}");
        end.incrementAndGet();
        return true;
    }

    private void truthful(Answer refusal) {
        assertThat(refusal.status()).as(refusal.body()).isIn(429, 503);
        assertThat(refusal.body()).contains("\"code\":\"overloaded\"");
        assertThat(refusal.header("Retry-After")).isNotEmpty();
        refused.incrementAndGet();
    }

    /** Reads everything once, as fast as it comes, in all forms by turns. */
    private long readAll(ChildServer server, long to) throws IOException {
        long bytes = 0;
        long offset = 0;
        try (PlainClient client = new PlainClient(server.port())) {
            for (int turn = 0; offset < to; turn++) {
                Form form = turn % 50 == 0 ? Form.JSON : turn % 50 == 25 ? Form.LINES : Form.BATCHES;
                ExpectedAnswer expected = new ExpectedAnswer(values, form, offset);
                client.stream(
                        "GET",
                        "/v1/topics/mixed/partitions/0/records?max_bytes=4000000&offset=" + offset,
                        "Accept: " + form.mediaType() + "\r\n",
                        new byte[0],
                        checking(expected));
                offset = expected.nextOffset();
                bytes += expected.checkedBytes();
            }
        }
        return bytes;
    }

    private AnswerDecoder.Sink checking(ExpectedAnswer expected) {
        return new AnswerDecoder.Sink() {
            @Override
            public void head(int status, String head) {
                assertThat(status).as(head).isEqualTo(200);
            }

            @Override
            public void body(byte[] source, int from, int to) {
                expected.feed(source, from, to);
                readNormally.addAndGet(to - from);
            }

            @Override
            public void end() {
                expected.end();
            }
        };
    }

    private void healthy(ChildServer server, PlainClient client) throws IOException {
        Await.until("memory of requests is given back", () -> metric(client, "sluice_http_requests_memory_bytes") == 0);
        assertThat(server.isAlive()).isTrue();
        assertThat(server.output())
                .noneMatch(line -> line.contains("OutOfMemory"))
                .noneMatch(line -> line.contains("BlockedThreadChecker"))
                .noneMatch(line -> line.contains(" ERROR ") || line.startsWith("\tat "));
        assertThat(client.get("/health/ready").status()).isEqualTo(200);
    }

    private static double metric(PlainClient client, String name) {
        try {
            return client.metric(name);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
