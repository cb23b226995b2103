package io.sluice.server.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.sluice.server.TestServers;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsTopic;
import org.apache.kafka.common.message.CreatePartitionsResponseData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableReplicaAssignment;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocol;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageSizeAccumulator;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.utils.ImplicitLinkedHashCollection.Element;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Requests whose elements have keys that are equal or collide: nobody waits for them to be decoded. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class KeyTablesTest {
    private static final int MANY = 6_000;

    @TempDir
    private Path folder;

    private RunningServer server;
    private KafkaWire wire;

    @BeforeEach
    void start() {
        server = TestServers.on(folder, Map.of());
        wire = new KafkaWire(server.kafkaPort());
    }

    @AfterEach
    void stop() {
        wire.close();
        server.close();
    }

    /** The test has the same tables to fill as the broker: its elements find their place at once. */
    private static final class Topic extends CreatePartitionsTopic {
        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    private static final class Named extends CreatableTopic {
        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    private static final class Protocol extends JoinGroupRequestProtocol {
        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    private static final class Produced extends TopicProduceData {
        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /** Names of one hash code: the texts Aa and BB have the same. */
    private static String colliding(int i) {
        StringBuilder name = new StringBuilder();
        for (int bit = 0; bit < 14; bit++) {
            name.append((i >> bit & 1) == 0 ? "Aa" : "BB");
        }
        return name.toString();
    }

    private static CreatePartitionsRequestData partitionsOf(List<String> names) {
        CreatePartitionsRequestData request = new CreatePartitionsRequestData().setTimeoutMs(10_000);
        names.forEach(name ->
                request.topics().add(new Topic().setName(name).setCount(2).setAssignments(null)));
        return request;
    }

    @Test
    void manyEntriesOfOneKeyEndTheConnection() {
        CreatePartitionsRequestData same = partitionsOf(Collections.nCopies(MANY, "t"));
        for (int version : new int[] {0, 3}) {
            assertRefused(ApiKeys.CREATE_PARTITIONS, version, same);
        }
        assertRefused(
                ApiKeys.CREATE_PARTITIONS,
                3,
                partitionsOf(IntStream.range(0, MANY)
                        .mapToObj(KeyTablesTest::colliding)
                        .toList()));
        JoinGroupRequestData join = new JoinGroupRequestData().setGroupId("g").setProtocolType("consumer");
        ProduceRequestData produce = new ProduceRequestData().setAcks((short) -1);
        for (int i = 0; i < MANY; i++) {
            join.protocols().add(new Protocol().setName("p"));
            produce.topicData().add(new Produced().setName("t"));
        }
        assertRefused(ApiKeys.JOIN_GROUP, 9, join);
        assertRefused(ApiKeys.PRODUCE, 9, produce);
    }

    private void assertRefused(ApiKeys key, int version, ApiMessage request) {
        try (KafkaWire hostile = new KafkaWire(server.kafkaPort())) {
            hostile.trySend(KafkaWire.frame(key, version, 1, request));
            ApiVersionsResponseData other = wire.call(ApiKeys.API_VERSIONS, 3, named());
            assertThat(other.errorCode()).isEqualTo(Errors.NONE.code());
            hostile.assertClosed();
        }
    }

    private static ApiVersionsRequestData named() {
        return new ApiVersionsRequestData().setClientSoftwareName("test").setClientSoftwareVersion("1");
    }

    @Test
    void aLongArrayOfDifferentKeysIsAnswered() {
        CreatePartitionsResponseData answer = wire.call(
                ApiKeys.CREATE_PARTITIONS,
                3,
                partitionsOf(
                        IntStream.range(0, MANY).mapToObj(i -> "topic-" + i).toList()));
        assertThat(answer.results()).hasSize(MANY);

        CreateTopicsRequestData assigned =
                new CreateTopicsRequestData().setTimeoutMs(10_000).setValidateOnly(true);
        CreatableTopic topic =
                new CreatableTopic().setName("t").setNumPartitions(-1).setReplicationFactor((short) -1);
        for (int i = 0; i < 2_500; i++) {
            topic.assignments()
                    .add(new CreatableReplicaAssignment().setPartitionIndex(i).setBrokerIds(List.of(1)));
        }
        assigned.topics().add(topic);
        CreateTopicsResponseData created = wire.call(ApiKeys.CREATE_TOPICS, 7, assigned);
        assertThat(created.topics()).hasSize(1);
    }

    @Test
    void aFewEntriesOfOneKeyAreAnsweredByTheApi() {
        CreatePartitionsResponseData answer =
                wire.call(ApiKeys.CREATE_PARTITIONS, 3, partitionsOf(Collections.nCopies(200, "t")));

        assertThat(answer.results()).hasSize(200);
        assertThat(answer.results().get(199).errorMessage()).contains("Duplicate topic name");
    }

    @Test
    void answersToNamesThatCollideAreSentAtOnce() {
        List<MetadataRequestTopic> names = IntStream.range(0, MANY)
                .mapToObj(i -> new MetadataRequestTopic().setName(colliding(i)))
                .toList();

        wire.send(
                ApiKeys.METADATA, 9, new MetadataRequestData().setTopics(names).setAllowAutoTopicCreation(false));

        // The library would take minutes to read it: it has the same tables.
        assertThat(wire.receiveFrame().length).isGreaterThan(MANY * colliding(0).length());
    }

    @Test
    void everyElementWithAKeyIsKnownInEveryVersion() throws ReflectiveOperationException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        ApiVersionsResponseData served = wire.call(ApiKeys.API_VERSIONS, 3, named());
        List<String> found = new ArrayList<>();
        for (ApiVersionsResponseData.ApiVersion api : served.apiKeys()) {
            ApiKeys key = ApiKeys.forId(api.apiKey());
            for (Class<?> part : key.messageType.newRequest().getClass().getDeclaredClasses()) {
                if (Element.class.isAssignableFrom(part)) {
                    found.add(part.getSimpleName());
                    assertThat(KeyTables.has(key)).as(key.name).isTrue();
                    for (short version = key.oldestVersion(); version <= key.latestVersion(false); version++) {
                        assertSameHash(part, version, random, seed);
                    }
                }
            }
        }
        assertThat(found)
                .contains("CreatableTopic", "JoinGroupRequestProtocol", "TopicProduceData")
                .hasSize(13);
    }

    private static void assertSameHash(Class<?> type, short version, Random random, long seed)
            throws ReflectiveOperationException {
        Schema schema = ((Schema[]) type.getField("SCHEMAS").get(null))[version];
        assertThat(KeyTables.knows(schema)).as("%s version %d", type, version).isTrue();
        for (int i = 0; i < 20; i++) {
            Message element = (Message) type.getConstructor().newInstance();
            for (Method setter : type.getMethods()) {
                setAnyValue(element, setter, random);
            }
            ByteBuffer bytes = bytesOf(element, version);
            Message read = (Message) type.getConstructor().newInstance();
            read.read(new ByteBufferAccessor(bytes.duplicate()), version);

            int hash = KeyTables.hashOf(schema, new ByteBufReader(Unpooled.wrappedBuffer(bytes)));

            assertThat(hash).as("%s version %d, seed %d", read, version, seed).isEqualTo(read.hashCode());
        }
    }

    private static ByteBuffer bytesOf(Message element, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        MessageSizeAccumulator size = new MessageSizeAccumulator();
        element.addSize(size, cache, version);
        ByteBuffer bytes = ByteBuffer.allocate(size.totalSize());
        try {
            element.write(new ByteBufferAccessor(bytes), cache, version);
        } catch (UnsupportedVersionException e) {
            throw new AssertionError(element + " in version " + version, e);
        }
        return bytes.flip();
    }

    private static void setAnyValue(Message element, Method setter, Random random) throws ReflectiveOperationException {
        if (!setter.getName().startsWith("set")
                || setter.getParameterCount() != 1
                || List.of("setNext", "setPrev").contains(setter.getName())) {
            return;
        }
        Class<?> type = setter.getParameterTypes()[0];
        if (type == String.class) {
            setter.invoke(element, "n\u00e4me" + random.nextInt());
        } else if (type == int.class) {
            setter.invoke(element, random.nextInt());
        } else if (type == byte.class) {
            setter.invoke(element, (byte) random.nextInt());
        } else if (type == Uuid.class) {
            setter.invoke(element, new Uuid(random.nextLong(), random.nextLong()));
        }
    }
}
