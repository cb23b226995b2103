package io.sluice.groups.queue;

import static io.sluice.groups.queue.RunningQueues.get;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerConfig;
import io.sluice.core.TopicPartition;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.LocalLogEngine;
import io.sluice.core.engine.LogRead;
import io.sluice.core.engine.Route;
import io.sluice.core.fixture.Await;
import io.sluice.core.record.Codecs;
import io.sluice.core.record.CompressionType;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Messages that lie in the log compressed. */
class ArrivalsTest {
    private static final Codecs JDK = Codecs.jdk();

    @TempDir
    private Path folder;

    private static RecordBatch batch(int records, int valueBytes) {
        RecordBatchBuilder batch = new RecordBatchBuilder(1_024);
        for (int i = 0; i < records; i++) {
            batch.append(1_700_000_000_000L, null, new byte[valueBytes]);
        }
        return batch.build(CompressionType.GZIP, JDK);
    }

    /** Batches of the same size, one after the other. */
    private static LogRead read(int batches, int records, int valueBytes) {
        List<ByteBuffer> all = new ArrayList<>();
        for (int i = 0; i < batches; i++) {
            RecordBatch batch = batch(records, valueBytes);
            batch.assign(i * (long) records, 0);
            all.add(batch.bytes());
        }
        long end = batches * (long) records;
        return new LogRead(all, Optional.empty(), end, end, 0);
    }

    @Test
    void aReadingThatBecomesLargeIsLookedThroughInParts() {
        Arrivals arrivals = new Arrivals(JDK, 64 * 1024 * 1024);
        int records = 10;
        LogRead all = read(8, records, Arrivals.MAX_BYTES / 20);

        List<Long> offsets = new ArrayList<>();
        int readings = 0;
        for (long from = 0; from < all.nextOffset(); readings++) {
            // A log gives the batches from there on.
            LogRead read = new LogRead(
                    all.batches().subList((int) (from / records), 8), Optional.empty(), all.nextOffset(), 0, 0);
            Arrivals.Found found = arrivals.in(read, from, 0);
            assertThat(found.messages()).hasSizeLessThanOrEqualTo(3 * records);
            assertThat(found.to()).isGreaterThan(from);
            found.messages().forEach(message -> offsets.add(message.offset()));
            from = found.to();
        }
        assertThat(readings).isGreaterThan(2);
        assertThat(offsets).hasSize(8 * records).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void ofABatchWithMoreMessagesThanOneReadingTakesTheRestIsReadLater() {
        Arrivals arrivals = new Arrivals(JDK, 64 * 1024 * 1024);
        LogRead read = read(1, Arrivals.MAX_MESSAGES + 10, 0);

        Arrivals.Found first = arrivals.in(read, 0, 0);
        assertThat(first.messages()).hasSize(Arrivals.MAX_MESSAGES);
        assertThat(first.to()).isEqualTo(Arrivals.MAX_MESSAGES);
        Arrivals.Found rest = arrivals.in(read, first.to(), 0);
        assertThat(rest.messages()).hasSize(10);
        assertThat(rest.to()).isEqualTo(read.nextOffset());
    }

    @Test
    void theThreadOfTheQueuesDecompressesNothing() {
        Set<String> threads = ConcurrentHashMap.newKeySet();
        Codecs watched = new Codecs() {
            @Override
            public boolean supports(CompressionType type) {
                return JDK.supports(type);
            }

            @Override
            public InputStream decompress(CompressionType type, InputStream compressed) throws IOException {
                threads.add(Thread.currentThread().getName());
                return JDK.decompress(type, compressed);
            }

            @Override
            public OutputStream compress(CompressionType type, OutputStream target) throws IOException {
                return JDK.compress(type, target);
            }
        };
        LocalLogEngine engine = LocalLogEngine.on(BrokerConfig.at(folder).with("log.min.free.bytes", "0"));
        engine.start();
        QueueCoordinator queues = new QueueCoordinator(engine, QueueSetup.defaults(), watched, InstantSource.system());
        queues.start();
        try {
            Await.until("they are read", () -> get(queues.list("", 1)).error() == QueueError.NONE);
            get(queues.create("q", QueueConfig.DEFAULTS, 1));
            Route.Local route = (Route.Local) engine.route(new TopicPartition("q", 0));
            get(route.log().append(batch(100, 10), Acks.COMMITTED));
            Receive.Request request = new Receive.Request(
                    "c", 100, Integer.MAX_VALUE, OptionalLong.empty(), 0, System.currentTimeMillis());
            assertThat(get(queues.receive("q", request).answer()).messages())
                    .extracting(one -> one.id().offset())
                    .hasSize(100)
                    .isSorted();
        } finally {
            queues.close();
            engine.close();
        }
        assertThat(threads).isNotEmpty().doesNotContain("sluice-queues");
    }
}
