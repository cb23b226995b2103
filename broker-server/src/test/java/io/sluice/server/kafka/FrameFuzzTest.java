package io.sluice.server.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.fixture.Seeds;
import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random bytes, and real requests of every API and version with bytes changed, cut, doubled, on many connections. Each is
 * answered or ends its connection. Nothing of it is a failure of the broker, nothing stays in memory, and a client beside
 * them writes and reads all the time. {@code -Dproof.budget=long} goes on for ten minutes.
 */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class FrameFuzzTest {
    private static final int CI_RUNS = 300;
    private static final Duration CI_TIME = Duration.ofSeconds(8);
    private static final Duration LONG_TIME = Duration.ofMinutes(10);
    private static final int FRAMES = 50;
    /** Long enough for most answers; what comes later comes before the next. */
    private static final int PATIENCE_MS = 4;
    /** Or a topic with many partitions, which is no fault, takes all the time there is. */
    private static final String MAX_PARTITIONS = "200";

    /** What the requests are about: not the topic of the client beside them. */
    private static final String VICTIM = "victim";

    @TempDir
    private Path folder;

    /** A request and of what it is one. */
    private record Sample(ApiKeys key, int version, byte[] frame) {}

    @Test
    void whatIsNoRequestDisturbsNobody() throws InterruptedException {
        try (RunningServer server = TestServers.on(
                folder,
                Map.of(
                        "max.partitions",
                        MAX_PARTITIONS,
                        "socket.request.max.bytes",
                        "2000000",
                        "queued.max.request.bytes",
                        "8000000"))) {
            List<Sample> samples = samples(server);
            AtomicReference<Throwable> disturbed = new AtomicReference<>();
            Thread neighbour = new Thread(() -> writeAndRead(server, disturbed), "neighbour");
            neighbour.start();
            int runs;
            try {
                runs = Seeds.during(CI_RUNS, CI_TIME, LONG_TIME, seed -> {
                    SplittableRandom random = new SplittableRandom(seed);
                    send(server, samples, random);
                    if (disturbed.get() != null) {
                        throw new AssertionError("the client beside it was disturbed", disturbed.get());
                    }
                });
            } finally {
                neighbour.interrupt();
                neighbour.join(30_000);
            }
            assertThat(disturbed.get()).isNull();
            Await.until("no connection is left", () -> server.metric("sluice_kafka_connections") == 0);
            Await.until("no request is in memory", () -> server.metric("sluice_kafka_requests_memory_bytes") == 0);
            Await.until("no answer is in memory", () -> server.metric("sluice_kafka_responses_memory_bytes") == 0);
            assertThat(server.metric("sluice_kafka_requests_failed_total")).isZero();
            double answered = server.metric("sluice_kafka_requests_total");
            double refused = server.metric("sluice_kafka_connections_refused_total");
            assertThat(answered).isGreaterThan(runs);
            assertThat(refused).isGreaterThan(runs / 2.0);
            System.out.println("frame fuzzing: " + runs + " runs, " + (long) answered + " requests answered, "
                    + (long) refused + " connections ended");
        }
    }

    private static List<Sample> samples(RunningServer server) {
        List<Sample> samples = new ArrayList<>();
        try (KafkaWire wire = new KafkaWire(server.kafkaPort())) {
            CreateTopicsResponseData created = wire.call(ApiKeys.CREATE_TOPICS, 7, Requests.createTopics(VICTIM));
            Requests requests =
                    new Requests(VICTIM, created.topics().find(VICTIM).topicId(), 0, "another");
            wire.call(ApiKeys.CREATE_TOPICS, 7, Requests.createTopics("t"));
            ApiVersionsResponseData versions = wire.call(ApiKeys.API_VERSIONS, 0, new ApiVersionsRequestData());
            for (ApiVersion api : versions.apiKeys()) {
                ApiKeys key = ApiKeys.forId(api.apiKey());
                for (int version = Math.max(api.minVersion(), key.oldestVersion());
                        version <= api.maxVersion();
                        version++) {
                    ApiMessage request = requests.of(key, version).orElseGet(key.messageType::newRequest);
                    samples.add(new Sample(key, version, KafkaWire.frame(key, version, 1, request)));
                }
            }
        }
        return samples;
    }

    private static void send(RunningServer server, List<Sample> samples, SplittableRandom random) {
        KafkaWire wire = new KafkaWire(server.kafkaPort());
        for (int i = 0; i < FRAMES; i++) {
            Sample sample = samples.get(random.nextInt(samples.size()));
            wire.trySend(random.nextInt(6) == 0 ? sample.frame() : mutate(sample, samples, random));
            KafkaWire.Outcome outcome = wire.tryReceive(PATIENCE_MS);
            boolean leaves = random.nextInt(10) == 0;
            if (outcome == KafkaWire.Outcome.ENDED || leaves) {
                end(wire, random);
                wire = new KafkaWire(server.kafkaPort());
            }
        }
        end(wire, random);
    }

    private static void end(KafkaWire wire, SplittableRandom random) {
        if (random.nextInt(3) == 0) {
            wire.reset();
        } else {
            wire.close();
        }
    }

    private static byte[] mutate(Sample sample, List<Sample> samples, SplittableRandom random) {
        byte[] frame = sample.frame().clone();
        int header = Integer.BYTES;
        int kind = random.nextInt(20);
        if (kind < 9) {
            // A few bytes of the message, mostly behind its key and version.
            int from = random.nextInt(8) == 0 ? header : header + 2 * Short.BYTES;
            for (int i = 1 + random.nextInt(4); i > 0; i--) {
                frame[from + random.nextInt(frame.length - from)] = interesting(random);
            }
        } else if (kind < 12) {
            // A number of two, four or eight bytes.
            int size = 1 << 1 + random.nextInt(3);
            int at = header + 2 * Short.BYTES + random.nextInt(Math.max(1, frame.length - header - 4 - size));
            long number = interestingNumber(random);
            for (int i = size - 1; i >= 0 && at + i < frame.length; i--) {
                frame[at + i] = (byte) number;
                number >>= 8;
            }
        } else if (kind < 14) {
            // As a message of another version.
            ByteBuffer.wrap(frame).putShort(header + Short.BYTES, (short) random.nextInt(-1, 20));
        } else if (kind < 15) {
            // As a message of another API.
            ByteBuffer.wrap(frame)
                    .putShort(
                            header, samples.get(random.nextInt(samples.size())).key().id);
        } else if (kind < 17) {
            // Cut, or longer, with a length that fits.
            frame = Arrays.copyOf(frame, header + random.nextInt(frame.length + 16 - header));
            ByteBuffer.wrap(frame).putInt(0, frame.length - header);
        } else if (kind < 18) {
            // A piece of it twice.
            int from = header + 4 + random.nextInt(frame.length - header - 4);
            int length = random.nextInt(frame.length - from + 1);
            byte[] longer = Arrays.copyOf(frame, frame.length + length);
            System.arraycopy(frame, from, longer, from + length, frame.length - from);
            frame = longer;
            ByteBuffer.wrap(frame).putInt(0, frame.length - header);
        } else if (kind < 19) {
            // A length that does not fit.
            ByteBuffer.wrap(frame).putInt(0, (int) interestingNumber(random));
        } else {
            byte[] noise = new byte[random.nextInt(200)];
            random.nextBytes(noise);
            return noise;
        }
        return frame;
    }

    private static byte interesting(SplittableRandom random) {
        return switch (random.nextInt(6)) {
            case 0 -> 0;
            case 1 -> -1;
            case 2 -> 1;
            case 3 -> (byte) 0x80;
            case 4 -> 0x7f;
            default -> (byte) random.nextInt();
        };
    }

    private static long interestingNumber(SplittableRandom random) {
        long[] numbers = {
            0,
            -1,
            1,
            -2,
            2,
            127,
            128,
            255,
            256,
            1_000,
            65_535,
            1_000_000,
            Integer.MAX_VALUE,
            Integer.MIN_VALUE,
            Long.MAX_VALUE,
            Long.MIN_VALUE
        };
        return numbers[random.nextInt(numbers.length)];
    }

    /** A client that does nothing wrong. */
    private static void writeAndRead(RunningServer server, AtomicReference<Throwable> disturbed) {
        try (KafkaWire wire = new KafkaWire(server.kafkaPort())) {
            Requests requests = new Requests("t", Uuid.ZERO_UUID, 0, "");
            long offset = 0;
            while (!Thread.currentThread().isInterrupted()) {
                ProduceRequestData request = requests.produce(9, (short) 1, Requests.records("v" + offset));
                ProduceResponseData produced = wire.call(ApiKeys.PRODUCE, 9, request);
                ProduceResponseData.PartitionProduceResponse answer = produced.responses()
                        .find("t", Uuid.ZERO_UUID)
                        .partitionResponses()
                        .get(0);
                assertThat(answer.errorCode())
                        .as("offset %d: %s", offset, answer)
                        .isZero();
                assertThat(answer.baseOffset()).isEqualTo(offset);
                offset++;
            }
        } catch (Throwable e) {
            disturbed.set(e);
        }
    }
}
