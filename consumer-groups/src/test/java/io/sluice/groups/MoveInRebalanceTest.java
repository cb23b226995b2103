package io.sluice.groups;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.groups.classic.ConsumerProtocol;
import io.sluice.groups.classic.Join;
import io.sluice.groups.classic.Protocol;
import io.sluice.groups.classic.Sync;
import io.sluice.groups.consumer.Poll;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** The broker takes over from cooperative members in the middle of a rebalance, in which they go on reading what they had. */
class MoveInRebalanceTest {
    private final Machine machine = new Machine(Machine.limits());
    private int ids;

    MoveInRebalanceTest() {
        machine.topics.put("t", 4);
    }

    private List<Join.Answer> join(String memberId, Integer... owned) {
        List<Join.Answer> answers = new ArrayList<>();
        List<TopicPartition> keeps = List.of(owned).stream()
                .map(partition -> new TopicPartition("t", partition))
                .toList();
        ByteBuffer bytes = org.apache.kafka.clients.consumer.internals.ConsumerProtocol.serializeSubscription(
                new Subscription(List.of("t"), null, keeps, 1, Optional.empty()));
        byte[] metadata = new byte[bytes.remaining()];
        bytes.get(metadata);
        Join.Request request = new Join.Request(
                memberId,
                "m-" + ++ids,
                "",
                "client",
                "/127.0.0.1",
                10_000,
                10_000,
                "consumer",
                List.of(new Protocol("cooperative-sticky", metadata)),
                false,
                true);
        machine.turn(effects -> machine.shard().join("g", request, answers::add, effects));
        return answers;
    }

    private static byte[] partitions(Integer... some) {
        return ConsumerProtocol.assignment(some.length == 0 ? Map.of() : Map.of("t", List.of(some)), 1);
    }

    private void sync(Join.Answer member, Map<String, byte[]> assignments) {
        Sync.Request request =
                new Sync.Request(member.memberId(), "", member.generation(), "consumer", "", assignments);
        machine.turn(effects -> machine.shard().sync("g", request, answer -> {}, effects));
    }

    /** Alone, with everything. */
    private Join.Answer first() {
        Join.Answer first = join("").get(0);
        sync(first, Map.of(first.memberId(), partitions(0, 1, 2, 3)));
        return first;
    }

    private Poll.Answer poll() {
        AtomicReference<Poll.Answer> answer = new AtomicReference<>();
        Poll.Request request = new Poll.Request(
                "poller", List.of("t"), 10_000, "client", "host", Optional.empty(), Poll.NEW, why -> {});
        machine.turn(effects -> machine.shard().poll("g", request, answer::set, effects));
        assertThat(answer.get().error()).isEqualTo(GroupError.NONE);
        return answer.get();
    }

    private static Set<Integer> read(Poll.Answer answer) {
        Set<Integer> all = new HashSet<>();
        answer.partitions().forEach(one -> all.add(one.id().partition()));
        return all;
    }

    @Test
    void aRebalanceThatBeganAnewDoesNotTakePartitionsFromWhoReadsThem() {
        Join.Answer first = first();
        join("");
        assertThat(join(first.memberId(), 0, 1, 2, 3).get(0).generation()).isEqualTo(2);
        // Before anybody has an assignment of the second generation comes a third member.
        join("");

        Poll.Answer polled = poll();

        assertThat(read(polled)).as("the first member reads them all").isEmpty();
        assertThat(polled.waitingFor()).isPositive();
        join(first.memberId(), 0, 1, 2, 3);
        assertThat(read(poll())).as("it was only told to give back").isEmpty();
        join(first.memberId());
        assertThat(read(poll())).isNotEmpty();
    }

    @Test
    void whatAMemberWasToldToGiveBackIsItsOwnUntilItHas() {
        Join.Answer first = first();
        List<Join.Answer> second = join("");
        Join.Answer again = join(first.memberId(), 0, 1, 2, 3).get(0);
        sync(second.get(0), Map.of());
        sync(again, Map.of(first.memberId(), partitions(0), second.get(0).memberId(), partitions()));

        assertThat(read(poll())).as("nobody knows that it has given them back").isEmpty();

        join(first.memberId(), 0);
        assertThat(read(poll())).isNotEmpty().doesNotContain(0);
    }

    @Test
    void whatAnotherHasByNowIsNotTakenForItsOwn() {
        Join.Answer first = first();
        List<Join.Answer> second = join("");
        Join.Answer again = join(first.memberId()).get(0);
        sync(second.get(0), Map.of());
        sync(again, Map.of(first.memberId(), partitions(0, 1), second.get(0).memberId(), partitions(2, 3)));

        poll();
        machine.restart();

        AtomicReference<GroupView> view = new AtomicReference<>();
        machine.turn(effects -> machine.shard().describe("g", view::set, effects));
        assertThat(view.get().consumers())
                .filteredOn(member -> !member.state().id().equals("poller"))
                .allSatisfy(member -> assertThat(
                                member.state().standing().assigned().size()
                                        + member.state().standing().revoking().size())
                        .isEqualTo(2));
    }
}
