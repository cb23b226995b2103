package io.sluice.server.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.MessageSizeAccumulator;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.requests.AbstractResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Every API in every version that ApiVersions promises, asked for something that is there, and for what cannot be. */
@ExtendWith(NoErrorsLogged.class)
class EveryVersionTest {
    private static final String NAME = "versions";

    /** What these answer depends on what a group has been through. */
    private static final Set<ApiKeys> OF_GROUPS = EnumSet.of(
            ApiKeys.JOIN_GROUP,
            ApiKeys.SYNC_GROUP,
            ApiKeys.HEARTBEAT,
            ApiKeys.LEAVE_GROUP,
            ApiKeys.OFFSET_COMMIT,
            ApiKeys.OFFSET_FETCH,
            ApiKeys.OFFSET_DELETE,
            ApiKeys.DESCRIBE_GROUPS,
            ApiKeys.CONSUMER_GROUP_DESCRIBE,
            ApiKeys.DELETE_GROUPS);

    @TempDir
    private Path folder;

    private RunningServer server;
    private KafkaWire wire;
    private Uuid id;

    @BeforeEach
    void start() {
        server = TestServers.on(folder, Map.of());
        wire = new KafkaWire(server.kafkaPort());
        CreateTopicsResponseData created = wire.call(ApiKeys.CREATE_TOPICS, 7, Requests.createTopics(NAME));
        id = created.topics().find(NAME).topicId();
    }

    @AfterEach
    void nothingFailed() {
        wire.close();
        try (RunningServer ended = server) {
            assertThat(ended.metric("sluice_kafka_requests_failed_total")).isZero();
            assertThat(ended.metric("sluice_kafka_connections_refused_total")).isZero();
        }
    }

    /** An API and a version of it. */
    private record Served(ApiKeys key, short version) {}

    private List<Served> served() {
        ApiVersionsResponseData versions = wire.call(ApiKeys.API_VERSIONS, 0, new ApiVersionsRequestData());
        List<Served> served = new ArrayList<>();
        for (ApiVersion api : versions.apiKeys()) {
            ApiKeys key = ApiKeys.forId(api.apiKey());
            // The first versions of Produce are named for old clients' sake and not served.
            int oldest = Math.max(api.minVersion(), key.oldestVersion());
            for (int version = oldest; version <= api.maxVersion(); version++) {
                served.add(new Served(key, (short) version));
            }
        }
        return served;
    }

    @Test
    void whatIsThereIsAnsweredWithoutError() {
        Requests requests = new Requests(NAME, id, 0, "other");
        for (Served one : served()) {
            if (one.key() == ApiKeys.CREATE_TOPICS) {
                wire.call(ApiKeys.DELETE_TOPICS, 5, Requests.deleteTopics(5, "other"));
            } else if (one.key() == ApiKeys.DELETE_TOPICS) {
                wire.call(ApiKeys.CREATE_TOPICS, 7, Requests.createTopics("other"));
            }
            AbstractResponse answer = ask(one, requests);
            if (!OF_GROUPS.contains(one.key())) {
                assertThat(answer.errorCounts().keySet())
                        .as("%s: %s", one, answer)
                        .containsOnly(one.key() == ApiKeys.DESCRIBE_ACLS ? Errors.SECURITY_DISABLED : Errors.NONE);
            }
        }
        assertThat(server.metric("sluice_kafka_requests_total")).isGreaterThan(80);
    }

    @Test
    void aTopicThatIsNotThereIsAnError() {
        Requests requests = new Requests("nowhere", new Uuid(1, 2), 0, NAME);
        served().forEach(one -> ask(one, requests));
    }

    @Test
    void aPartitionThatIsNotThereIsAnError() {
        for (int partition : new int[] {-1, 1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            Requests requests = new Requests(NAME, id, partition, "other");
            served().forEach(one -> ask(one, requests));
        }
    }

    @Test
    void aNameThatNoTopicCanHaveIsAnError() {
        wire.call(ApiKeys.DELETE_TOPICS, 5, Requests.deleteTopics(5, NAME));
        for (String name : List.of("", ".", "..", "a/b", "x".repeat(250), "\u00e4")) {
            Requests requests = new Requests(name, Uuid.ZERO_UUID, 0, name);
            served().forEach(one -> ask(one, requests));
        }
        assertThat(server.get("/v1/topics").body()).doesNotContain("\"name\"");
    }

    @Test
    void anEmptyRequestIsAnswered() {
        for (Served one : served()) {
            ApiMessage empty = one.key().messageType.newRequest();
            if (empty instanceof ProduceRequestData produce) {
                // One that wants an answer.
                produce.setAcks((short) 1);
            }
            ask(one, empty);
        }
    }

    private AbstractResponse ask(Served one, Requests requests) {
        return ask(
                one,
                requests.of(one.key(), one.version())
                        .orElseGet(() -> one.key().messageType.newRequest()));
    }

    private AbstractResponse ask(Served one, ApiMessage request) {
        ApiMessage response;
        try {
            response = wire.call(one.key(), one.version(), request);
        } catch (AssertionError e) {
            throw new AssertionError(one + ", asked " + request, e);
        }
        return AbstractResponse.parseResponse(one.key(), new ByteBufferAccessor(bytes(one, response)), one.version());
    }

    private static ByteBuffer bytes(Served one, ApiMessage response) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        MessageSizeAccumulator size = new MessageSizeAccumulator();
        response.addSize(size, cache, one.version());
        ByteBuffer bytes = ByteBuffer.allocate(size.totalSize());
        response.write(new ByteBufferAccessor(bytes), cache, one.version());
        return bytes.flip();
    }
}
