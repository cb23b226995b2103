package io.sluice.core.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerConfig;
import io.sluice.core.TopicPartition;
import io.sluice.core.fixture.CrashingMachine;
import io.sluice.core.fixture.LoggedErrors;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.storage.LogDirectory;
import io.sluice.core.topic.NewTopic;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A partition that cannot be opened is a line of the log, not a page, and the rest serves. */
class OfflineAtStartTest {
    private final LogDirectory root = new CrashingMachine(new SplittableRandom(1)).root();
    private final BrokerConfig config = BrokerConfig.at(Path.of("unused")).with("log.min.free.bytes", "0");

    @BeforeEach
    void fill() throws Exception {
        try (LocalLogEngine engine = LocalLogEngine.on(config, root)) {
            engine.start();
            for (String topic : List.of("bad", "good")) {
                engine.createTopic(new NewTopic(topic, 1, Map.of("internal.segment.bytes", "200")))
                        .join();
                PartitionLog log = ((Route.Local) engine.route(new TopicPartition(topic, 0))).log();
                for (int i = 0; i < 5; i++) {
                    log.append(
                                    new RecordBatchBuilder(64)
                                            .append(1, new byte[1], new byte[100])
                                            .build(),
                                    Acks.COMMITTED)
                            .join();
                }
            }
        }
    }

    private List<String> start(LogDirectory on) {
        try (LoggedErrors logged = new LoggedErrors(LocalPartitions.class);
                LocalLogEngine engine = LocalLogEngine.on(config, on)) {
            engine.start();
            assertThat(engine.route(new TopicPartition("good", 0))).isInstanceOf(Route.Local.class);
            assertThat(engine.route(new TopicPartition("bad", 0)))
                    .isInstanceOfSatisfying(
                            Route.Unavailable.class,
                            bad -> assertThat(logged.lines())
                                    .singleElement()
                                    .asString()
                                    .startsWith(bad.why()));
            return logged.lines();
        }
    }

    @Test
    void damageIsOneLineWithTheCommandThatRepairsIt() throws Exception {
        String sealed = root.directory("bad-0").files().stream()
                .filter(name -> name.endsWith(".log"))
                .sorted()
                .findFirst()
                .orElseThrow();
        root.directory("bad-0").delete(sealed);
        root.directory("bad-0").open(sealed).close();

        assertThat(start(root))
                .singleElement()
                .asString()
                .startsWith("bad-0 is offline: ")
                .contains("sluice log repair ")
                .doesNotContain("\n")
                .doesNotEndWith("trace");
    }

    @Test
    void aFailureOfTheDiskIsOneLineThatNamesTheFolder() {
        assertThat(start(failing(new IOException("Input/output error"))))
                .singleElement()
                .asString()
                .startsWith("bad-0 is offline: ")
                .contains("Input/output error", root.path() + "/bad-0", "start the broker again")
                .doesNotContain("\n")
                .doesNotEndWith("trace");
    }

    @Test
    void aMistakeOfOursComesWithItsTraceAndTheRestServes() {
        assertThat(start(failing(new IllegalStateException("a mistake"))))
                .singleElement()
                .asString()
                .startsWith("bad-0 is offline: ")
                .contains("a mistake")
                .endsWith("trace");
    }

    /** The same files, but for the folder of one partition, which fails. */
    private LogDirectory failing(Exception failure) {
        return (LogDirectory) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {LogDirectory.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("directory") && arguments[0].equals("bad-0")) {
                        throw failure;
                    }
                    try {
                        return method.invoke(root, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
