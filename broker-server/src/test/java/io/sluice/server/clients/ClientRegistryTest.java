package io.sluice.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.clients.Client.Protocol;
import io.sluice.server.clients.ClientRegistry.Page;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ClientRegistryTest {
    private long nowMs = 1_000;
    private final ClientRegistry registry = new ClientRegistry(() -> Instant.ofEpochMilli(nowMs));

    private Client kafka() {
        return registry.connected(Protocol.KAFKA, "10.0.0.1:4711", "10.0.0.2:9092", () -> {});
    }

    private Client http() {
        return registry.connected(Protocol.HTTP, "10.0.0.1:4712", "10.0.0.2:8080", () -> {});
    }

    private static Subscription subscription(String group, String member, String... topics) {
        return new Subscription(group, member, List.of(topics), List.of());
    }

    private List<Long> ofGroup(String group) {
        return registry.page(group, 0, 1_000, client -> true).clients().stream()
                .map(Client::id)
                .toList();
    }

    @Test
    void aConnectionIsThereFromItsBeginningToItsEnd() {
        Client client = kafka();
        assertThat(registry.find(client.id())).containsSame(client);
        nowMs = 2_000;
        client.received(100);
        client.sent(10);
        client.inFlight(3);
        client.software("apache-kafka-java", "4.3.1");
        client.clientId("x".repeat(300));

        assertThat(client.connectedAtMs()).isEqualTo(1_000);
        assertThat(client.activeAtMs()).isEqualTo(2_000);
        assertThat(client.receivedBytes()).isEqualTo(100);
        assertThat(client.sentBytes()).isEqualTo(10);
        assertThat(client.inFlight()).isEqualTo(3);
        assertThat(client.clientId()).hasSize(Client.MAX_CHARS);

        client.closed();
        assertThat(registry.find(client.id())).isEmpty();
        assertThat(registry.page(0, 10, any -> true)).isEqualTo(new Page(List.of(), OptionalLong.empty(), 0));
    }

    @Test
    void pagesAreInOrderAndEndWithoutANextOne() {
        List<Client> all = new ArrayList<>();
        IntStream.range(0, 25).forEach(i -> all.add(i % 2 == 0 ? kafka() : http()));

        List<Client> seen = new ArrayList<>();
        long after = 0;
        int pages = 0;
        while (true) {
            Page page = registry.page(after, 5, client -> client.protocol() == Protocol.KAFKA);
            seen.addAll(page.clients());
            pages++;
            if (page.next().isEmpty()) {
                break;
            }
            after = page.next().getAsLong();
        }

        assertThat(seen)
                .containsExactlyElementsOf(all.stream()
                        .filter(client -> client.protocol() == Protocol.KAFKA)
                        .toList());
        assertThat(pages).isEqualTo(3);
    }

    @Test
    void aPageLooksAtItsOwnEntriesOnly() {
        IntStream.range(0, 10_000).forEach(i -> http());

        Page page = registry.page(5_000, 100, client -> true);

        assertThat(page.visited()).isEqualTo(100);
        assertThat(page.clients().get(0).id()).isEqualTo(5_001);
        assertThat(page.next()).hasValue(5_100);
    }

    @Test
    void aPageThatFindsNothingEndsAfterSoManyEntries() {
        IntStream.range(0, ClientRegistry.MAX_VISITED + 5).forEach(i -> http());
        Client last = kafka();

        Page page = registry.page(0, 100, client -> client.protocol() == Protocol.KAFKA);
        assertThat(page.clients()).isEmpty();
        assertThat(page.visited()).isEqualTo(ClientRegistry.MAX_VISITED);

        Page rest = registry.page(page.next().orElseThrow(), 100, client -> client.protocol() == Protocol.KAFKA);
        assertThat(rest.clients()).containsExactly(last);
        assertThat(rest.next()).isEmpty();
    }

    @Test
    void theMembersOfAGroupAreFoundWithoutLookingAtOthers() {
        IntStream.range(0, 1_000).forEach(i -> http().member("other-" + i, "m"));
        Client one = kafka();
        Client two = http();
        two.member("g", "b");
        two.member("g", "c");
        one.subscribed(subscription("g", "a", "t"));

        assertThat(registry.page("g", 0, 10, client -> true).visited()).isEqualTo(2);
        assertThat(ofGroup("g")).containsExactly(one.id(), two.id());
        assertThat(registry.members("g")).containsOnlyKeys("a", "b", "c");
        assertThat(registry.members("g").get("a").subscription().topics()).containsExactly("t");
        assertThat(registry.members("nobody")).isEmpty();

        two.closed();
        one.left("g", "a");
        assertThat(ofGroup("g")).isEmpty();
        assertThat(one.subscriptions()).isEmpty();
    }

    @Test
    void aMemberBelongsToTheConnectionByWhichItSpokeLast() {
        Client one = http();
        Client two = http();
        one.member("g", "m", List.of("t"));
        two.member("g", "m", List.of("t"));

        assertThat(ofGroup("g")).containsExactly(two.id());
        assertThat(one.subscriptions()).isEmpty();
        // What ends does not take away what has gone elsewhere.
        one.closed();
        assertThat(ofGroup("g")).containsExactly(two.id());

        Client three = http();
        three.member("g", "m", List.of("t"));
        two.member("g", "m", List.of("t"));
        assertThat(ofGroup("g")).containsExactly(two.id());
        // It has left, though another connection says so.
        three.left("g", "m");
        assertThat(two.subscriptions()).isEmpty();
        assertThat(ofGroup("g")).isEmpty();
    }

    @Test
    void theEndOfASubscriptionIsNotThatOfTheOneThatTookItsPlace() {
        Client client = http();
        Subscription before = subscription("g", "m", "t");
        Subscription after = subscription("g", "m", "t");
        client.subscribed(before);
        client.subscribed(after);

        client.unsubscribed(before);
        assertThat(client.subscriptions()).containsExactly(after);
        assertThat(ofGroup("g")).containsExactly(client.id());
        client.unsubscribed(after);
        assertThat(client.subscriptions()).isEmpty();
        assertThat(ofGroup("g")).isEmpty();
    }

    @Test
    void aConnectionOfKafkaIsOneMemberOfAGroupAtATime() {
        Client client = kafka();
        client.subscribed(subscription("g", "before", "t"));
        client.subscribed(subscription("g", "after", "t"));
        client.member("g", "after");

        assertThat(client.subscriptions()).containsExactly(subscription("g", "after", "t"));
        assertThat(registry.members("g")).containsOnlyKeys("after");
    }

    @Test
    void whoCommitsForAGroupWithoutBeingAMemberIsFoundByTheGroupToo() {
        Client one = kafka();
        Client two = kafka();
        one.member("g", "");
        two.member("g", "");

        assertThat(ofGroup("g")).containsExactly(one.id(), two.id());
        one.closed();
        assertThat(ofGroup("g")).containsExactly(two.id());
    }

    @Test
    void whatIsRememberedOfAConnectionIsBounded() {
        Client client = http();
        for (int i = 0; i < 1_000; i++) {
            client.member("g" + i, "m", List.of("t"));
            client.produced("p" + i);
            client.fetched("f" + i);
        }

        assertThat(client.subscriptions()).hasSize(Client.MAX_SUBSCRIPTIONS);
        assertThat(client.isForgetful()).isTrue();
        assertThat(client.producedTopics()).hasSize(16).contains("p999");
        assertThat(client.isAbout("f999")).isTrue();
        assertThat(client.isAbout("f1")).isFalse();
        // What is forgotten is not kept by the group either.
        assertThat(ofGroup("g0")).isEmpty();
        assertThat(ofGroup("g999")).containsExactly(client.id());
    }

    @Test
    void aConsumerOfAQueueThatLeavesIsNowhereAnyMore() {
        Client one = http();
        Client two = http();
        one.receives("q", "a");
        two.receives("q", "a");
        two.receives("q", "b");
        two.receives("p", "a");

        http().receivesNoMore("q", "a");

        assertThat(one.subscriptions()).isEmpty();
        assertThat(two.subscriptions()).containsExactly(Subscription.ofQueue("q", "b"), Subscription.ofQueue("p", "a"));
        one.receives("q", "a");
        assertThat(one.subscriptions()).containsExactly(Subscription.ofQueue("q", "a"));
    }

    @Test
    void consumersOfQueuesAreForgottenBeforeMembersOfGroups() {
        Client client = http();
        client.member("g", "m", List.of("t"));
        IntStream.range(0, 1_000).forEach(i -> client.receives("q", "c" + i));

        assertThat(client.subscriptions())
                .hasSize(Client.MAX_SUBSCRIPTIONS)
                .contains(subscription("g", "m", "t"), Subscription.ofQueue("q", "c999"));
        assertThat(client.isForgetful()).isTrue();
        assertThat(ofGroup("g")).containsExactly(client.id());

        IntStream.range(1, Client.MAX_SUBSCRIPTIONS).forEach(i -> client.member("g" + i, "m"));
        client.receives("q", "c");
        assertThat(client.subscriptions())
                .hasSize(Client.MAX_SUBSCRIPTIONS)
                .allMatch(one -> one.queue().isEmpty());
    }

    @Test
    void whatIsSaidAfterTheEndLeavesNothingBehind() {
        Client client = kafka();
        client.closed();
        client.member("g", "m");

        assertThat(registry.members("g")).isEmpty();
        assertThat(client.subscriptions()).isEmpty();
    }

    @Test
    void closingAConnectionIsUpToItsListener() {
        AtomicBoolean closed = new AtomicBoolean();
        Client client = registry.connected(Protocol.HTTP, "a", "b", () -> closed.set(true));

        client.close();

        assertThat(closed).isTrue();
    }

    @Test
    void threadsThatJoinLeaveAndEndAtOnceLeaveNothingBehind() throws InterruptedException {
        ClientRegistry shared = new ClientRegistry(InstantSource.system());
        CountDownLatch begin = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 8; t++) {
            threads.add(new Thread(() -> {
                try {
                    begin.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                for (int i = 0; i < 2_000; i++) {
                    Client client = shared.connected(Protocol.HTTP, "a", "b", () -> {});
                    client.member("g", "m" + i % 3);
                    client.left("g", "m" + (i + 1) % 3);
                    client.closed();
                }
            }));
        }
        threads.forEach(Thread::start);
        begin.countDown();
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(shared.page(0, 10, client -> true).visited()).isZero();
        assertThat(shared.members("g")).isEmpty();
    }
}
