package io.sluice.core.topic;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Random requests against the catalog and against a model a page long; the seed is in every failure (-Dseed=). */
final class TopicCatalogModelTest {
    private static final int RUNS = 300;
    private static final int STEPS = 120;
    private static final List<String> NAMES = List.of("a", "a.b", "a_b", "b", "c-d", "a.b.c", "a_b.c");
    private static final TopicLimits LIMITS = new TopicLimits(40, 16);

    /** What the model knows of a topic. */
    private record Known(UUID id, int partitions, Map<String, String> overrides, boolean deleting) {}

    @Test
    void theCatalogIsWhatItsDurableEventsAddUpTo() {
        long seed = Optional.ofNullable(System.getProperty("seed"))
                .filter(text -> !text.isBlank())
                .map(Long::parseLong)
                .orElseGet(System::nanoTime);
        for (int run = 0; run < RUNS; run++) {
            long runSeed = seed + run;
            try {
                new Run(new Random(runSeed)).play();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("failed with -Dseed=" + runSeed, e);
            }
        }
    }

    private static TopicCatalog empty() {
        return new TopicCatalog(TopicConfig.defaults(), 3, LIMITS);
    }

    private static final class Run {
        private final Random random;
        private final TopicCatalog catalog = empty();
        private final Map<String, Known> model = new TreeMap<>();
        private final List<TopicEvent> log = new ArrayList<>();
        private long nextId = 1;

        Run(Random random) {
            this.random = random;
        }

        void play() {
            for (int step = 0; step < STEPS; step++) {
                step();
                assertSameAsModel(catalog);
            }
            assertSameAsModel(replayed(log));
            assertSameAsModel(replayed(compacted(log)));
            int cleanedTo = random.nextInt(log.size() + 1);
            List<TopicEvent> partly = new ArrayList<>(compacted(log.subList(0, cleanedTo)));
            partly.addAll(log.subList(cleanedTo, log.size()));
            assertSameAsModel(replayed(partly));
        }

        private void step() {
            String name = NAMES.get(random.nextInt(NAMES.size()));
            Optional<ErrorCode> expected;
            Optional<ErrorCode> actual;
            switch (random.nextInt(6)) {
                case 0, 1 -> {
                    int asked = random.nextInt(20) - 2;
                    int partitions = asked == -1 ? 3 : asked;
                    String retention = Integer.toString(random.nextInt(12) - 2);
                    Known wanted =
                            new Known(new UUID(0, nextId++), partitions, Map.of("retention.ms", retention), false);
                    expected = refusedCreate(name, wanted);
                    actual = attempt(
                            () -> catalog.create(new NewTopic(name, asked, wanted.overrides()), wanted.id(), nextId)
                                    .events());
                    if (expected.isEmpty()) {
                        model.put(name, wanted);
                    }
                }
                case 2 -> {
                    Known known = model.get(name);
                    Optional<String> value =
                            random.nextBoolean() ? Optional.empty() : Optional.of("" + (random.nextInt(9) - 1));
                    expected = active(name)
                            ? value.filter("-1"::equals).map(v -> ErrorCode.INVALID_CONFIG)
                            : Optional.of(ErrorCode.UNKNOWN_TOPIC);
                    actual = attempt(
                            () -> catalog.alter(name, Map.of("flush.ms", value)).events());
                    if (expected.isEmpty()) {
                        Map<String, String> overrides = new TreeMap<>(known.overrides());
                        overrides.remove("flush.ms");
                        value.ifPresent(text -> overrides.put("flush.ms", text));
                        model.put(name, new Known(known.id(), known.partitions(), overrides, false));
                    }
                }
                case 3 -> {
                    Known known = model.get(name);
                    int total = random.nextInt(20);
                    expected = !active(name)
                            ? Optional.of(ErrorCode.UNKNOWN_TOPIC)
                            : total <= known.partitions()
                                            || total > LIMITS.maxPartitionsPerTopic()
                                            || partitions() + total - known.partitions() > LIMITS.maxPartitions()
                                    ? Optional.of(ErrorCode.INVALID_PARTITIONS)
                                    : Optional.empty();
                    actual = attempt(() -> catalog.addPartitions(name, total).events());
                    if (expected.isEmpty()) {
                        model.put(name, new Known(known.id(), total, known.overrides(), false));
                    }
                }
                case 4 -> {
                    Known known = model.get(name);
                    expected = active(name) ? Optional.empty() : Optional.of(ErrorCode.UNKNOWN_TOPIC);
                    actual = attempt(() -> catalog.beginDelete(name).events());
                    if (expected.isEmpty()) {
                        model.put(name, new Known(known.id(), known.partitions(), known.overrides(), true));
                    }
                }
                default -> {
                    expected = Optional.empty();
                    Optional<TopicEntry> next = catalog.deleting().stream().findFirst();
                    actual = next.isEmpty()
                            ? Optional.empty()
                            : attempt(() -> catalog.finishDelete(next.get().id()));
                    next.ifPresent(entry -> model.remove(entry.name()));
                }
            }
            assertThat(actual).isEqualTo(expected);
        }

        private Optional<ErrorCode> refusedCreate(String name, Known wanted) {
            if (model.containsKey(name)) {
                return Optional.of(ErrorCode.TOPIC_EXISTS);
            }
            if (model.keySet().stream()
                    .anyMatch(other -> other.replace('.', '_').equals(name.replace('.', '_')))) {
                return Optional.of(ErrorCode.INVALID_TOPIC);
            }
            if (wanted.partitions() < 1
                    || wanted.partitions() > LIMITS.maxPartitionsPerTopic()
                    || partitions() + wanted.partitions() > LIMITS.maxPartitions()) {
                return Optional.of(ErrorCode.INVALID_PARTITIONS);
            }
            return wanted.overrides().get("retention.ms").equals("-2")
                    ? Optional.of(ErrorCode.INVALID_CONFIG)
                    : Optional.empty();
        }

        private boolean active(String name) {
            return model.containsKey(name) && !model.get(name).deleting();
        }

        private int partitions() {
            return model.values().stream().mapToInt(Known::partitions).sum();
        }

        /** Decides, sends the events through their bytes into the log and the catalog, or says why it was refused. */
        private Optional<ErrorCode> attempt(Supplier<List<TopicEvent>> request) {
            try {
                for (TopicEvent event : request.get()) {
                    TopicEvent durable = TopicEvents.decode(
                            ByteBuffer.wrap(TopicEvents.key(event)),
                            TopicEvents.value(event).map(ByteBuffer::wrap));
                    log.add(durable);
                    catalog.replay(durable);
                }
                return Optional.empty();
            } catch (BrokerException e) {
                return Optional.of(e.code());
            }
        }

        private void assertSameAsModel(TopicCatalog other) {
            Map<String, Known> found = new TreeMap<>();
            for (Topic topic : other.all()) {
                assertThat(other.byName(topic.name())).contains(topic);
                assertThat(other.byId(topic.id())).contains(topic);
                assertThat(topic.config())
                        .isEqualTo(TopicConfig.parse(topic.config().overrides(), TopicConfig.defaults()));
                found.put(
                        topic.name(),
                        new Known(
                                topic.id(),
                                topic.partitions(),
                                new TreeMap<>(topic.config().overrides()),
                                false));
            }
            for (TopicEntry entry : other.deleting()) {
                assertThat(other.byName(entry.name())).isEmpty();
                assertThat(other.byId(entry.id())).isEmpty();
                found.put(entry.name(), new Known(entry.id(), entry.partitions(), entry.overrides(), true));
            }
            assertThat(found).isEqualTo(model);
            assertThat(other.partitionCount()).isEqualTo(partitions());
        }

        private static TopicCatalog replayed(List<TopicEvent> events) {
            TopicCatalog fresh = empty();
            events.forEach(fresh::replay);
            return fresh;
        }

        /** The last event of each topic, in their order. */
        private static List<TopicEvent> compacted(List<TopicEvent> events) {
            List<TopicEvent> kept = new ArrayList<>();
            Set<UUID> seen = new HashSet<>();
            for (int i = events.size() - 1; i >= 0; i--) {
                if (seen.add(events.get(i).id())) {
                    kept.add(0, events.get(i));
                }
            }
            return kept;
        }
    }
}
