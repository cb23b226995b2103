package io.sluice.server.alerts;

import io.sluice.core.TopicPartition;
import io.sluice.core.engine.Acks;
import io.sluice.core.engine.LogEngine;
import io.sluice.core.engine.Route;
import io.sluice.core.record.Headers;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.topic.NewTopic;
import io.sluice.core.topic.Topic;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Appends events to an internal topic, which is created with the first. For one event loop. */
final class AlertTopic {
    /** The topic. */
    static final String NAME = "__alerts";

    private static final Logger LOG = LoggerFactory.getLogger(AlertTopic.class);
    private static final int MAX_WAITING = 1_000;
    private static final Map<String, String> SETTINGS =
            Map.of("retention.ms", "2592000000", "retention.bytes", "16777216", "segment.bytes", "1048576");

    private final LogEngine engine;
    private final AtomicInteger waiting = new AtomicInteger();

    AlertTopic(LogEngine engine) {
        this.engine = engine;
    }

    void add(AlertEvent event) {
        if (waiting.incrementAndGet() > MAX_WAITING) {
            waiting.decrementAndGet();
            LOG.warn("{} alerts wait for {}; {} is not written there", MAX_WAITING, NAME, event.id());
            return;
        }
        topic().thenCompose(topic -> append(event)).whenComplete((nothing, failure) -> {
            waiting.decrementAndGet();
            if (failure != null) {
                LOG.warn("alert {} was not written to {}: {}", event.id(), NAME, failure.getMessage());
            }
        });
    }

    private CompletableFuture<Topic> topic() {
        return engine.topic(NAME)
                .map(CompletableFuture::completedFuture)
                .orElseGet(() -> engine.createInternalTopic(new NewTopic(NAME, 1, SETTINGS))
                        // Two events may have wanted it at once.
                        .exceptionallyCompose(failure -> engine.topic(NAME)
                                .map(CompletableFuture::completedFuture)
                                .orElseGet(() -> CompletableFuture.failedFuture(failure))));
    }

    private CompletableFuture<?> append(AlertEvent event) {
        Route route = engine.route(new TopicPartition(NAME, 0));
        if (route instanceof Route.Local local) {
            byte[] key =
                    (event.alert().rule().title() + "/" + event.alert().subject()).getBytes(StandardCharsets.UTF_8);
            RecordBatchBuilder batch = new RecordBatchBuilder(event.body().length() + 512);
            batch.append(event.atMs(), key, event.body().getBytes(), headers(event));
            return local.log().append(batch.build(), Acks.COMMITTED);
        }
        String why = route instanceof Route.Unavailable unavailable ? unavailable.why() : "it lives elsewhere";
        return CompletableFuture.failedFuture(new IllegalStateException(why));
    }

    private static Headers headers(AlertEvent event) {
        // The type as well, though it stands in the body: that is what filters go by.
        return new Headers()
                .add("content-type", AlertEvent.MEDIA_TYPE.getBytes(StandardCharsets.UTF_8))
                .add("ce_type", event.type().getBytes(StandardCharsets.UTF_8));
    }
}
