package io.sluice.server.kafka.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.BlockedThreadsFail;
import io.sluice.server.fixture.NoErrorsLogged;
import io.sluice.server.fixture.RunningServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Groups whose partitions the broker assigns, with Kafka's own consumers of both protocols. */
@ExtendWith({NoErrorsLogged.class, BlockedThreadsFail.class})
class ConsumerGroupsTest {
    private static final String GROUP = "workers";
    private static final Map<String, Object> CONSUMER = Map.of("group.protocol", "consumer");
    private static final Map<String, Object> RANGE = Map.of(
            "group.protocol",
            "classic",
            "partition.assignment.strategy",
            RangeAssignor.class.getName(),
            "heartbeat.interval.ms",
            "100");
    private static final Map<String, Object> COOPERATIVE = Map.of(
            "group.protocol",
            "classic",
            "partition.assignment.strategy",
            CooperativeStickyAssignor.class.getName(),
            "heartbeat.interval.ms",
            "100");

    @TempDir
    private Path folder;

    private RunningServer server;
    private Admin admin;
    private Producer<String, String> producer;
    private final Queue<ConsumerRecord<String, String>> records = GroupMember.records();
    private final List<GroupMember> members = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        server = TestServers.on(folder, Map.of("group.consumer.heartbeat.interval.ms", "100"));
        admin = Admin.create(Map.of("bootstrap.servers", server.bootstrap()));
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", server.bootstrap()), new StringSerializer(), new StringSerializer());
        admin.createTopics(List.of(new NewTopic("t", 6, (short) 1))).all().get(30, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() {
        members.forEach(GroupMember::close);
        producer.close();
        admin.close();
        try (RunningServer ended = server) {
            assertThat(ended.metric("sluice_kafka_requests_failed_total")).isZero();
        }
    }

    private GroupMember member(Map<String, Object> settings) {
        GroupMember member = new GroupMember(
                server.bootstrap(), GROUP, settings, consumer -> consumer.subscribe(List.of("t")), records);
        members.add(member);
        return member;
    }

    private void leave(GroupMember member) {
        members.remove(member);
        member.close();
    }

    private void produce(String topic, int partitions, int each) {
        for (int i = 0; i < partitions * each; i++) {
            producer.send(new ProducerRecord<>(topic, i % partitions, null, "v" + i));
        }
        producer.flush();
    }

    private static Set<String> all(String topic, int partitions) {
        Set<String> all = new TreeSet<>();
        for (int i = 0; i < partitions; i++) {
            all.add(topic + "-" + i);
        }
        return all;
    }

    /** Waits until the members have all partitions between them, each one of them, and none nothing. */
    private static void shared(Set<String> partitions, GroupMember... members) {
        Await.until(partitions + " are shared by " + members.length, () -> {
            Set<String> union = new TreeSet<>();
            int sum = 0;
            for (GroupMember member : members) {
                Set<String> one = member.assignment();
                union.addAll(one);
                sum += one.size();
                if (one.isEmpty()) {
                    return false;
                }
            }
            return sum == partitions.size() && union.equals(partitions);
        });
    }

    private ConsumerGroupDescription described() {
        try {
            return admin.describeConsumerGroups(List.of(GROUP))
                    .all()
                    .get(30, TimeUnit.SECONDS)
                    .get(GROUP);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private void readAll(int expected) {
        Await.until(expected + " records are read", () -> records.size() >= expected);
        assertThat(records.stream().map(record -> record.topic() + record.partition() + ":" + record.offset()))
                .doesNotHaveDuplicates()
                .hasSize(expected);
    }

    @Test
    void membersShareThePartitionsAndTakeOverFromEachOther() {
        GroupMember one = member(CONSUMER);
        shared(all("t", 6), one);
        produce("t", 6, 50);
        readAll(300);
        GroupMember two = member(CONSUMER);
        GroupMember three = member(CONSUMER);
        shared(all("t", 6), one, two, three);
        assertThat(one.assignment()).hasSize(2);
        Await.until("stable", () -> described().groupState() == GroupState.STABLE);
        ConsumerGroupDescription group = described();
        assertThat(group.type()).isEqualTo(GroupType.CONSUMER);
        assertThat(group.partitionAssignor()).isEqualTo("uniform");
        assertThat(group.members()).hasSize(3).allSatisfy(member -> {
            assertThat(member.assignment().topicPartitions()).hasSize(2);
            assertThat(member.targetAssignment()).contains(member.assignment());
        });
        produce("t", 6, 50);
        readAll(600);
        leave(one);
        leave(three);
        shared(all("t", 6), two);
        produce("t", 6, 50);
        readAll(900);
    }

    @Test
    void aGroupMovesBetweenTheProtocolsWhileItRuns() {
        GroupMember range = member(RANGE);
        shared(all("t", 6), range);
        produce("t", 6, 20);
        Await.until("120 records are read", () -> records.size() >= 120);
        assertThat(described().type()).isEqualTo(GroupType.CLASSIC);

        GroupMember modern = member(CONSUMER);
        shared(all("t", 6), range, modern);
        assertThat(described().type()).isEqualTo(GroupType.CONSUMER);
        GroupMember cooperative = member(COOPERATIVE);
        shared(all("t", 6), range, modern, cooperative);
        Set<String> kept = cooperative.assignment();
        leave(range);
        shared(all("t", 6), modern, cooperative);
        assertThat(cooperative.assignment()).containsAll(kept);

        leave(modern);
        shared(all("t", 6), cooperative);
        assertThat(described().type()).isEqualTo(GroupType.CLASSIC);
        produce("t", 6, 20);
        Await.until("all records are read", () -> distinct() == 240);
    }

    private long distinct() {
        return records.stream()
                .map(record -> record.partition() + ":" + record.offset())
                .distinct()
                .count();
    }

    @Test
    void aPatternTakesInTopicsThatComeLater() throws Exception {
        GroupMember member = new GroupMember(
                server.bootstrap(),
                GROUP,
                CONSUMER,
                consumer -> consumer.subscribe(new SubscriptionPattern("t|logs-.*")),
                records);
        members.add(member);
        shared(all("t", 6), member);
        admin.createTopics(List.of(new NewTopic("logs-a", 2, (short) 1), new NewTopic("other", 2, (short) 1)))
                .all()
                .get(30, TimeUnit.SECONDS);
        Set<String> wanted = all("t", 6);
        wanted.addAll(all("logs-a", 2));
        shared(wanted, member);
        admin.createPartitions(Map.of("logs-a", NewPartitions.increaseTo(3)))
                .all()
                .get(30, TimeUnit.SECONDS);
        wanted.add("logs-a-2");
        shared(wanted, member);
        produce("logs-a", 3, 10);
        readAll(30);
        admin.deleteTopics(List.of("logs-a")).all().get(30, TimeUnit.SECONDS);
        shared(all("t", 6), member);
    }

    @Test
    void aStaticMemberThatComesBackGetsWhatItHad() {
        Map<String, Object> alpha =
                Map.of("group.protocol", "consumer", "group.instance.id", "alpha", "group.remote.assignor", "range");
        GroupMember one = member(alpha);
        GroupMember two = member(CONSUMER);
        shared(all("t", 6), one, two);
        Set<String> before = one.assignment();
        Set<String> others = two.assignment();
        leave(one);
        GroupMember again = member(alpha);
        Await.until("it has the same again", () -> again.assignment().equals(before));
        assertThat(two.assignment()).isEqualTo(others);
        assertThat(described().members())
                .anySatisfy(member -> assertThat(member.groupInstanceId()).contains("alpha"));
    }
}
