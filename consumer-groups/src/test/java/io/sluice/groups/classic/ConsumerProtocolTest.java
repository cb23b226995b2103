package io.sluice.groups.classic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.TopicPartition;
import io.sluice.groups.classic.ConsumerProtocol.Subscription;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against Kafka's own reader and writer of the same bytes. */
class ConsumerProtocolTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void aSubscriptionOfEveryVersionIsRead(int version) {
        byte[] metadata = subscription(version, "rack-1");

        assertThat(ConsumerProtocol.subscription(metadata))
                .isEqualTo(new Subscription(
                        List.of("a", "tête"),
                        version < 1
                                ? List.of()
                                : List.of(
                                        new TopicPartition("a", 0),
                                        new TopicPartition("a", 7),
                                        new TopicPartition("tête", 1)),
                        version < 2 ? -1 : 42,
                        version < 3 ? Optional.empty() : Optional.of("rack-1")));
    }

    @Test
    void aMemberWithoutRackOrUserDataSaysNothingOfThem() {
        byte[] metadata = bytes(org.apache.kafka.clients.consumer.internals.ConsumerProtocol.serializeSubscription(
                new ConsumerPartitionAssignor.Subscription(List.of("a")), (short) 3));

        assertThat(ConsumerProtocol.subscription(metadata))
                .isEqualTo(new Subscription(List.of("a"), List.of(), -1, Optional.empty()));
        assertThat(ConsumerProtocol.subscription(subscription(3, "")).rack()).isEmpty();
    }

    @Test
    void aLaterVersionIsReadAsTheLatestKnown() {
        byte[] metadata = subscription(3, "rack-1");
        Subscription expected = ConsumerProtocol.subscription(metadata);
        byte[] later = Arrays.copyOf(metadata, metadata.length + 5);
        ByteBuffer.wrap(later).putShort((short) 9);

        assertThat(ConsumerProtocol.subscription(later)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void whatIsWrittenIsReadByKafkaAndByUs(int version) {
        Map<String, List<Integer>> partitions = new LinkedHashMap<>();
        partitions.put("tête", List.of(3, 1));
        partitions.put("a", List.of(0));

        byte[] written = ConsumerProtocol.assignment(partitions, version);

        assertThat(ByteBuffer.wrap(written).getShort()).isEqualTo((short) version);
        assertThat(ConsumerProtocol.assignment(written)).isEqualTo(partitions);
        assertThat(org.apache.kafka.clients.consumer.internals.ConsumerProtocol.deserializeAssignment(
                                ByteBuffer.wrap(written))
                        .partitions())
                .containsExactly(kafkas("tête", 3), kafkas("tête", 1), kafkas("a", 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void whatKafkaWritesIsRead(int version) {
        byte[] written = assignment(version);

        assertThat(ConsumerProtocol.assignment(written)).isEqualTo(Map.of("a", List.of(0, 7), "tête", List.of(1)));
    }

    @Test
    void noBytesAreNoPartitions() {
        assertThat(ConsumerProtocol.assignment(new byte[0])).isEmpty();
        assertThat(ConsumerProtocol.assignment(ConsumerProtocol.assignment(Map.of(), 0)))
                .isEmpty();
    }

    @Test
    void whatCannotBeWrittenIsRefused() {
        assertThatThrownBy(() -> ConsumerProtocol.assignment(Map.of(), 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not 4");
        assertThatThrownBy(() -> ConsumerProtocol.assignment(Map.of(), -1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ConsumerProtocol.assignment(Map.of("a", List.of(-2)), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("partition -2 is negative");
        assertThatThrownBy(() -> ConsumerProtocol.assignment(Map.of("a".repeat(40_000), List.of()), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("40000 bytes");
    }

    @Test
    void whatIsWrongIsNamed() {
        refused(new byte[0], "ends in its version");
        refused(new byte[] {-1, -1}, "version -1 is negative");
        refused(new byte[] {0, 0, 0}, "ends in its count of topics");
        refused(new byte[] {0, 0, 127, -1, -1, -1, 0, 0}, "2147483647 topics in 2 bytes");
        refused(new byte[] {0, 0, -1, -1, -1, -1}, "-1 topics in 0 bytes");
        refused(new byte[] {0, 0, 0, 0, 0, 1, -1, -1}, "no topic");
        refused(new byte[] {0, 0, 0, 0, 0, 1, -1, -2}, "topic has a length of -2");
        refused(new byte[] {0, 0, 0, 0, 0, 1, 0, 5, 'a'}, "ends in its topic: 5 bytes are wanted, 1 are left");
        refused(new byte[] {0, 0, 0, 0, 0, 1, 0, 1, -1}, "topic is not UTF-8");
        refused(new byte[] {0, 0, 0, 0, 0, 0, 127, -1, -1, -1}, "ends in its user data");
        refused(new byte[] {0, 0, 0, 0, 0, 0, -1, -1, -1, -2}, "user data has a length of -2");
        byte[] owns = {0, 1, 0, 0, 0, 0, -1, -1, -1, -1, 0, 0, 0, 1, 0, 1, 'a', 0, 0, 0, 1, -1, -1, -1, -1};
        refused(owns, "owned partition -1 of a is negative");
    }

    @Test
    void everyCutIsRefused() {
        byte[] metadata = subscription(3, "rack-1");
        for (int length = 0; length < metadata.length; length++) {
            byte[] cut = Arrays.copyOf(metadata, length);
            assertThatThrownBy(() -> ConsumerProtocol.subscription(cut)).isInstanceOf(IllegalArgumentException.class);
        }
        byte[] assignment = assignment(3);
        for (int length = 1; length < assignment.length; length++) {
            byte[] cut = Arrays.copyOf(assignment, length);
            assertThatThrownBy(() -> ConsumerProtocol.assignment(cut)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void garbageIsReadOrRefusedAndNothingElse() {
        String given = System.getProperty("seed", "");
        long from = given.isEmpty() ? Long.getLong("seeds.from", 1) : Long.parseLong(given);
        long end = given.isEmpty() ? from + 50_000 : from + 1;
        for (long seed = from; seed < end; seed++) {
            Random random = new Random(seed);
            byte[] subscription = damaged(subscription(random.nextInt(4), "rack-1"), random);
            byte[] assignment = damaged(assignment(random.nextInt(4)), random);
            try {
                readOrRefuse(ConsumerProtocol::subscription, subscription);
                readOrRefuse(ConsumerProtocol::assignment, assignment);
            } catch (Throwable e) {
                throw new AssertionError("repeat with -Dseed=" + seed, e);
            }
        }
    }

    private static void readOrRefuse(Consumer<byte[]> reader, byte[] bytes) {
        try {
            reader.accept(bytes);
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining("malformed at byte");
        }
    }

    private static byte[] damaged(byte[] bytes, Random random) {
        if (random.nextInt(4) == 0) {
            byte[] garbage = new byte[random.nextInt(64)];
            random.nextBytes(garbage);
            return garbage;
        }
        for (int i = 0; i <= random.nextInt(4); i++) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        return Arrays.copyOf(bytes, random.nextInt(3) == 0 ? random.nextInt(bytes.length) : bytes.length);
    }

    private static void refused(byte[] metadata, String why) {
        assertThatThrownBy(() -> ConsumerProtocol.subscription(metadata))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why);
    }

    private static byte[] subscription(int version, String rack) {
        return bytes(org.apache.kafka.clients.consumer.internals.ConsumerProtocol.serializeSubscription(
                new ConsumerPartitionAssignor.Subscription(
                        List.of("a", "tête"), ByteBuffer.wrap(new byte[] {1, 2, 3}), owned(), 42, Optional.of(rack)),
                (short) version));
    }

    private static byte[] assignment(int version) {
        return bytes(org.apache.kafka.clients.consumer.internals.ConsumerProtocol.serializeAssignment(
                new ConsumerPartitionAssignor.Assignment(owned(), ByteBuffer.wrap(new byte[] {1, 2, 3})),
                (short) version));
    }

    private static List<org.apache.kafka.common.TopicPartition> owned() {
        return new ArrayList<>(List.of(kafkas("a", 0), kafkas("a", 7), kafkas("tête", 1)));
    }

    private static org.apache.kafka.common.TopicPartition kafkas(String topic, int partition) {
        return new org.apache.kafka.common.TopicPartition(topic, partition);
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
