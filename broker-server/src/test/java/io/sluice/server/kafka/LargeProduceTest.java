package io.sluice.server.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerConfig;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.LocalLogEngine;
import io.sluice.core.engine.LogEngine;
import io.sluice.core.engine.PartitionLog;
import io.sluice.core.engine.Route;
import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import io.vertx.core.Context;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Produces that are looked through on a worker, beside those that are not. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class LargeProduceTest {
    private static final int MANY = 200_000;

    @TempDir
    private Path folder;

    private final List<Boolean> begunOnLoop = new CopyOnWriteArrayList<>();
    private final Requests t = new Requests("t", Uuid.ZERO_UUID, 0, "");
    private RunningServer server;
    private KafkaWire wire;

    @BeforeEach
    void start() {
        LocalLogEngine engine = LocalLogEngine.on(BrokerConfig.at(folder));
        engine.start();
        server = TestServers.over(watched(engine), Map.of());
        wire = new KafkaWire(server.kafkaPort());
        CreateTopicsRequestData wish = Requests.createTopics("t");
        wish.topics()
                .find("t")
                .configs()
                .find("retention.ms")
                .setName("max.message.bytes")
                .setValue("30000000");
        wire.call(ApiKeys.CREATE_TOPICS, 7, wish);
    }

    @AfterEach
    void nothingIsLeft() {
        wire.close();
        try (RunningServer ended = server) {
            Await.until("the memory is given back", () -> ended.metric("sluice_kafka_requests_memory_bytes") == 0);
            assertThat(ended.metric("sluice_kafka_requests_failed_total")).isZero();
        }
    }

    /** The engine, whose logs note which threads append to them. */
    private LogEngine watched(LocalLogEngine engine) {
        return proxy(
                LogEngine.class,
                engine,
                (ignored, result) ->
                        result instanceof Route.Local local ? new Route.Local(watched(local.log())) : result);
    }

    private PartitionLog watched(PartitionLog log) {
        return proxy(PartitionLog.class, log, (method, result) -> {
            if (method.equals("append") && log.partition().equals(new TopicPartition("t", 0))) {
                begunOnLoop.add(Context.isOnEventLoopThread());
            }
            return result;
        });
    }

    private interface Afterwards {
        Object of(String method, Object result);
    }

    private static <T> T proxy(Class<T> type, T target, Afterwards afterwards) {
        InvocationHandler handler = (proxy, method, arguments) -> {
            try {
                return afterwards.of(method.getName(), method.invoke(target, arguments));
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        };
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static MemoryRecords records(int count) {
        SimpleRecord[] records = new SimpleRecord[count];
        Arrays.fill(records, new SimpleRecord(1, new byte[10]));
        return MemoryRecords.withRecords(Compression.NONE, records);
    }

    private int send(int acks, MemoryRecords records) {
        return wire.send(ApiKeys.PRODUCE, 9, t.produce(9, (short) acks, records));
    }

    private PartitionProduceResponse receive(int id) {
        ProduceResponseData answer = wire.receive(ApiKeys.PRODUCE, 9, id);
        return answer.responses().iterator().next().partitionResponses().get(0);
    }

    @Test
    void producesAreWrittenInTheirOrderWhateverTheirSize() {
        MemoryRecords large = records(MANY);
        int[] ids = new int[12];
        long[] offsets = new long[ids.length];
        long next = 0;

        for (int i = 0; i < ids.length; i++) {
            offsets[i] = next;
            boolean isLarge = i % 4 == 1;
            ids[i] = send(-1, isLarge ? large : records(1));
            next += isLarge ? MANY : 1;
        }

        for (int i = 0; i < ids.length; i++) {
            assertThat(receive(ids[i]).baseOffset()).as("produce %d", i).isEqualTo(offsets[i]);
        }
        assertThat(begunOnLoop).hasSize(ids.length);
        assertThat(begunOnLoop.stream().filter(onLoop -> !onLoop)).hasSize(3);
        assertThat(begunOnLoop.get(1))
                .as("the large one was begun by the event loop")
                .isFalse();
    }

    @Test
    void aLargeOneIsRefusedLikeAnyOtherAndTheNextIsWritten() {
        MemoryRecords damaged = records(MANY);
        damaged.buffer().put(damaged.sizeInBytes() - 1, (byte) 99);

        int first = send(-1, damaged);
        int second = send(-1, records(1));

        assertThat(Errors.forCode(receive(first).errorCode())).isEqualTo(Errors.CORRUPT_MESSAGE);
        assertThat(receive(second).baseOffset()).isZero();
        send(0, damaged);
        wire.assertClosed();
    }

    @Test
    void aClientMayLeaveWhileItsBatchesAreLookedThrough() {
        MemoryRecords large = records(MANY);
        for (int round = 0; round < 5; round++) {
            send(-1, large);
            send(-1, large);
            send(-1, records(1));
            wire.reset();
            wire = new KafkaWire(server.kafkaPort());
        }

        int last = send(-1, records(1));
        assertThat(receive(last).errorCode()).isZero();
    }
}
