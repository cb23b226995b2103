package io.sluice.server.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Requests that have begun to come and hold memory that others wait for. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class SlowRequestTest {
    @TempDir
    private Path folder;

    @Test
    void aRequestThatStallsGivesItsMemoryBackAndOneThatMovesGoesOn() {
        Map<String, String> settings =
                Map.of("http.request.timeout.ms", "300", "http.min.body.bytes.per.second", "1024");
        try (RunningServer server = TestServers.on(folder, settings);
                KafkaWire stalling = new KafkaWire(server.kafkaPort());
                KafkaWire moving = new KafkaWire(server.kafkaPort())) {
            moving.call(ApiKeys.CREATE_TOPICS, 7, Requests.createTopics("t"));
            byte[] frame = KafkaWire.frame(
                    ApiKeys.PRODUCE,
                    9,
                    7,
                    new Requests("t", Uuid.ZERO_UUID, 0, "")
                            .produce(9, (short) -1, Requests.records("x".repeat(100_000))));
            // So much grants it a minute.
            moving.send(Arrays.copyOf(frame, 61_440));

            stalling.send(Arrays.copyOf(frame, 100));

            stalling.assertClosed();
            Await.until(
                    "one holds memory",
                    () -> server.metric("sluice_kafka_requests_memory_bytes") == frame.length - Integer.BYTES);
            moving.send(Arrays.copyOfRange(frame, 61_440, frame.length));
            ProduceResponseData produced = moving.receive(ApiKeys.PRODUCE, 9, 7);
            assertThat(produced.responses()
                            .iterator()
                            .next()
                            .partitionResponses()
                            .get(0)
                            .baseOffset())
                    .isZero();
        }
    }
}
