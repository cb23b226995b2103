package io.sluice.core.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.sluice.core.topic.TopicEntry.State;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

final class TopicCatalogTest {
    private static final UUID ID = new UUID(1, 1);
    private static final UUID OTHER_ID = new UUID(1, 2);
    private final TopicCatalog catalog = new TopicCatalog(TopicConfig.defaults(), 2, new TopicLimits(10, 6));

    @Test
    void aRequestChangesNothingUntilItsEventsAreReplayed() {
        TopicDecision decision = catalog.create(new NewTopic("a", 3, Map.of("retention.ms", "+5")), ID, 7);

        assertThat(catalog.all()).isEmpty();
        assertThat(decision.events())
                .containsExactly(
                        new TopicEvent.Put(new TopicEntry(ID, "a", 3, Map.of("retention.ms", "5"), 7, State.ACTIVE)));

        replay(decision);

        assertThat(catalog.all()).containsExactly(decision.answer());
        assertThat(catalog.byName("a")).contains(decision.answer());
        assertThat(catalog.byId(ID)).contains(decision.answer());
        assertThat(decision.answer().config().retentionMs()).isEqualTo(5);
        assertThat(catalog.partitionCount()).isEqualTo(3);
    }

    @Test
    void minusOneAsksForTheBrokersNumberOfPartitions() {
        assertThat(create("a", -1, ID).partitions()).isEqualTo(2);
    }

    @Test
    void anExistingTopicIsNotCreatedAgain() {
        create("a", 1, ID);

        assertRefused(
                () -> catalog.create(new NewTopic("a", 1, Map.of()), OTHER_ID, 8),
                ErrorCode.TOPIC_EXISTS,
                "topic a exists, with 1 partition");
    }

    @Test
    void oneIsNoPlural() {
        create("a", 1, ID);

        assertThatThrownBy(() -> catalog.create(new NewTopic("a", 1, Map.of()), OTHER_ID, 8))
                .hasMessage("topic a exists, with 1 partition");
        assertThatThrownBy(() -> catalog.addPartitions("a", 1)).hasMessage("topic a has 1 partition; 1 is not more");
        create("b", 3, OTHER_ID);
        assertThatThrownBy(() -> catalog.addPartitions("b", 3)).hasMessage("topic b has 3 partitions; 3 is not more");
    }

    @Test
    void dotAndUnderscoreCollide() {
        create("a.b_c", 1, ID);

        assertRefused(
                () -> catalog.create(new NewTopic("a_b.c", 1, Map.of()), OTHER_ID, 8),
                ErrorCode.INVALID_TOPIC,
                "topic name a_b.c collides with topic a.b_c: '.' and '_' count as the same");
        assertThat(catalog.byName("a_b.c")).isEmpty();
        assertRefused(() -> catalog.beginDelete("a_b.c"), ErrorCode.UNKNOWN_TOPIC, "there is no topic a_b.c");
    }

    @Test
    void onlyTheBrokerCreatesItsOwnTopics() {
        NewTopic request = new NewTopic("__topics", 1, Map.of());

        assertRefused(() -> catalog.create(request, ID, 7), ErrorCode.INVALID_TOPIC, "kept for the broker");
        assertThat(catalog.createInternal(request, ID, 7).answer().name()).isEqualTo("__topics");
        assertRefused(
                () -> catalog.createInternal(new NewTopic("__queues/", 1, Map.of()), ID, 7),
                ErrorCode.INVALID_TOPIC,
                "'/' at position 8");
        assertRefused(
                () -> catalog.createInternal(new NewTopic("mine", 1, Map.of()), ID, 7),
                ErrorCode.INVALID_TOPIC,
                "topic name mine is none of the broker's own");
    }

    @Test
    void partitionNumbersHaveLimits() {
        assertRefused(() -> create("a", 0, ID), ErrorCode.INVALID_PARTITIONS, "cannot have 0 partitions");
        assertRefused(() -> create("a", -2, ID), ErrorCode.INVALID_PARTITIONS, "cannot have -2 partitions");
        assertRefused(() -> create("a", 7, ID), ErrorCode.INVALID_PARTITIONS, "(max.partitions.per.topic)");
        create("a", 6, ID);
        assertRefused(
                () -> create("b", 5, OTHER_ID),
                ErrorCode.INVALID_PARTITIONS,
                "topic b cannot have 5 partitions more: there are 6 and at most 10 are allowed (max.partitions)");
        create("b", 4, OTHER_ID);
        assertRefused(() -> catalog.addPartitions("b", 5), ErrorCode.INVALID_PARTITIONS, "(max.partitions)");
    }

    @Test
    void badSettingsAreRefused() {
        assertRefused(
                () -> catalog.create(new NewTopic("a", 1, Map.of("retention.m", "1")), ID, 7),
                ErrorCode.INVALID_CONFIG,
                "did you mean retention.ms?");
    }

    @Test
    void settingsChangeAllOrNone() {
        create("a", 1, ID);
        Topic changed =
                replay(catalog.alter("a", Map.of("retention.ms", Optional.of("5"), "segment.ms", Optional.of("6"))));

        assertRefused(
                () -> catalog.alter("a", Map.of("retention.ms", Optional.of("9"), "flush.ms", Optional.of("-1"))),
                ErrorCode.INVALID_CONFIG,
                "flush.ms = -1");
        assertThat(catalog.byName("a")).contains(changed);

        Topic back = replay(catalog.alter("a", Map.of("retention.ms", Optional.empty())));

        assertThat(back.config().overrides()).isEqualTo(Map.of("segment.ms", "6"));
        assertThat(back.config().retentionMs()).isEqualTo(TopicConfig.defaults().retentionMs());
    }

    @Test
    void aChangeThatChangesNothingHasNoEvent() {
        create("a", 1, ID);
        Topic changed = replay(catalog.alter("a", Map.of("retention.ms", Optional.of("5"))));

        TopicDecision again = catalog.alter("a", Map.of("retention.ms", Optional.of(" 5 ")));

        assertThat(again.events()).isEmpty();
        assertThat(again.answer()).isEqualTo(changed);
    }

    @Test
    void anUnknownSettingCannotBeTakenBackEither() {
        create("a", 1, ID);

        assertRefused(
                () -> catalog.alter("a", Map.of("retention.m", Optional.empty())),
                ErrorCode.INVALID_CONFIG,
                "there is no setting retention.m; did you mean retention.ms?");
    }

    @Test
    void partitionsOnlyBecomeMore() {
        create("a", 2, ID);

        assertRefused(() -> catalog.addPartitions("a", 2), ErrorCode.INVALID_PARTITIONS, "2 is not more");
        assertRefused(() -> catalog.addPartitions("a", 1), ErrorCode.INVALID_PARTITIONS, "1 is not more");
        assertThat(replay(catalog.addPartitions("a", 4)).partitions()).isEqualTo(4);
        assertThat(catalog.partitionCount()).isEqualTo(4);
    }

    @Test
    void aTopicBeingDeletedIsHiddenButKeepsItsName() {
        Topic topic = create("a", 2, ID);

        TopicDecision deletion = catalog.beginDelete("a");
        assertThat(deletion.answer()).isEqualTo(topic);
        replay(deletion);

        assertThat(catalog.all()).isEmpty();
        assertThat(catalog.byName("a")).isEmpty();
        assertThat(catalog.byId(ID)).isEmpty();
        assertThat(catalog.deleting()).extracting(TopicEntry::id).containsExactly(ID);
        assertThat(catalog.partitionCount()).isEqualTo(2);
        assertRefused(() -> create("a", 1, OTHER_ID), ErrorCode.TOPIC_EXISTS, "topic a is still being deleted");
        assertRefused(() -> catalog.beginDelete("a"), ErrorCode.UNKNOWN_TOPIC, "there is no topic a");
        assertRefused(() -> catalog.alter("a", Map.of()), ErrorCode.UNKNOWN_TOPIC, "there is no topic a");
        assertRefused(() -> catalog.addPartitions("a", 5), ErrorCode.UNKNOWN_TOPIC, "there is no topic a");
    }

    @Test
    void aFinishedDeletionFreesTheName() {
        create("a", 2, ID);
        replay(catalog.beginDelete("a"));

        List<TopicEvent> events = catalog.finishDelete(ID);
        events.forEach(catalog::replay);

        assertThat(events).containsExactly(new TopicEvent.Removed(ID));
        assertThat(catalog.deleting()).isEmpty();
        assertThat(catalog.partitionCount()).isZero();
        assertThat(catalog.finishDelete(ID)).isEmpty();
        assertThat(create("a", 1, OTHER_ID).id()).isEqualTo(OTHER_ID);
    }

    @Test
    void anActiveTopicsDeletionCannotBeFinished() {
        create("a", 1, ID);

        assertThatThrownBy(() -> catalog.finishDelete(ID)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aListNeverChanges() {
        create("b", 1, ID);
        List<Topic> before = catalog.all();
        assertThat(catalog.all()).isSameAs(before);

        create("a", 1, OTHER_ID);

        assertThat(before).extracting(Topic::name).containsExactly("b");
        assertThat(catalog.all()).extracting(Topic::name).containsExactly("a", "b");
    }

    @Test
    void otherThreadsListWhileTheOwnerChanges() throws Exception {
        TopicCatalog shared = new TopicCatalog(TopicConfig.defaults(), 1, new TopicLimits(2_000, 1));
        CountDownLatch listing = new CountDownLatch(1);
        AtomicBoolean done = new AtomicBoolean();
        CompletableFuture<List<Topic>> reader = CompletableFuture.supplyAsync(() -> {
            List<Topic> last = shared.all();
            listing.countDown();
            while (!done.get()) {
                List<Topic> now = shared.all();
                assertThat(now.size()).isGreaterThanOrEqualTo(last.size());
                now.forEach(topic -> assertThat(shared.byName(topic.name())).contains(topic));
                last = now;
            }
            return shared.all();
        });
        assertThat(listing.await(10, TimeUnit.SECONDS)).isTrue();

        for (int i = 0; i < 2_000; i++) {
            shared.create(new NewTopic("t" + i, 1, Map.of()), new UUID(2, i), 7)
                    .events()
                    .forEach(shared::replay);
        }
        done.set(true);

        assertThat(reader.get(30, TimeUnit.SECONDS)).hasSize(2_000);
    }

    @Test
    void eventsThatContradictEachOtherAreRefusedAndChangeNothing() {
        create("a", 2, ID);
        List<Topic> before = catalog.all();

        assertCorrupt(new TopicEntry(OTHER_ID, "a", 2, Map.of(), 7, State.ACTIVE), "its name belongs to topic a");
        assertCorrupt(new TopicEntry(ID, "b", 2, Map.of(), 7, State.ACTIVE), "it was called a");
        assertCorrupt(new TopicEntry(ID, "a", 1, Map.of(), 7, State.ACTIVE), "it had 2 partitions and has 1 now");
        assertRefused(
                () -> catalog.replay(
                        new TopicEvent.Put(new TopicEntry(ID, "a", 2, Map.of("no.such", "1"), 7, State.ACTIVE))),
                ErrorCode.INVALID_CONFIG,
                "topic a: there is no setting no.such");
        assertThat(catalog.all()).isEqualTo(before);
        assertThat(catalog.partitionCount()).isEqualTo(2);
        replay(catalog.beginDelete("a"));
        assertCorrupt(new TopicEntry(ID, "a", 2, Map.of(), 7, State.ACTIVE), "it was being deleted and is active now");
    }

    @Test
    void aTombstoneOfATopicNobodyKnowsIsFine() {
        catalog.replay(new TopicEvent.Removed(ID));

        assertThat(catalog.all()).isEmpty();
    }

    private Topic create(String name, int partitions, UUID id) {
        return replay(catalog.create(new NewTopic(name, partitions, Map.of()), id, 7));
    }

    private Topic replay(TopicDecision decision) {
        decision.events().forEach(catalog::replay);
        return decision.answer();
    }

    private void assertCorrupt(TopicEntry entry, String message) {
        assertRefused(() -> catalog.replay(new TopicEvent.Put(entry)), ErrorCode.DATA_CORRUPT, message);
    }

    private static void assertRefused(ThrowingCallable call, ErrorCode code, String message) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(message);
    }
}
