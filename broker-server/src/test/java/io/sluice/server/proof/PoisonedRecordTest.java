package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.fixture.Await;
import io.sluice.server.fixture.ChildServer;
import io.sluice.server.kafka.KafkaWire;
import io.sluice.server.kafka.clients.Installed;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * One record of a topic cannot be read, and the group's member is stuck there, however often it tries. An operator skips the record,
 * and later sends the group back to the beginning. The member's process goes on each time, whatever its library.
 */
class PoisonedRecordTest {
    private static final String TOPIC = "t";
    private static final String GROUP = "g";
    private static final String DEAD = "dead";
    private static final String POISON = "poison";
    private static final int RECORDS = 20;
    private static final int POISONED = 10;
    /** A position that no member commits. */
    private static final int STRAY = 3;

    private static final int COMMIT_VERSION = 9;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    /** Who is stuck. */
    private enum Library {
        JAVA_RANGE,
        JAVA_COOPERATIVE,
        JAVA_CONSUMER,
        LIBRDKAFKA,
        KAFKAJS,
        PLATFORMATIC_CLASSIC,
        PLATFORMATIC_CONSUMER,
        HTTP;

        private String last() {
            String[] words = name().toLowerCase(Locale.ROOT).split("_");
            return words[words.length - 1];
        }
    }

    /** What somebody needs to commit, as it was at some time. */
    private record Right(String member, int generation, String cursor) {}

    @ParameterizedTest
    @EnumSource
    void aStuckMemberGoesOnWhereItsGroupIsMoved(Library library) throws Exception {
        List<String> command = command(library);
        try (ChildServer broker =
                new ChildServer(folder.resolve("data"), "--set", "group.consumer.heartbeat.interval.ms=200")) {
            fill(broker);
            MemberProcess member = new MemberProcess("member", said(), command, arguments(library, broker));
            try (AutoCloseable ended = member::kill) {
                stuck(broker, member, 0);
                Right first = right(broker, library);

                JsonObject skipped = move(broker, "skip", poisoned());
                assertThat(skipped.getInteger("position")).isEqualTo(POISONED + 1);
                goesOn(broker, member, 0);
                refused(broker, first);

                int before = lines().size();
                move(broker, "seek", new JsonObject().put("to", "earliest"));
                stuck(broker, member, before);
                refused(broker, first);
                Right second = right(broker, library);

                move(broker, "skip", poisoned().put("dead_letter_topic", DEAD).put("reason", "unreadable"));
                goesOn(broker, member, before);
                refused(broker, second);
                assertThat(deadLetters(broker)).containsExactly(POISON);
                member.leave();
            }
            assertThat(broker.output()).noneMatch(line -> line.contains("ERROR") || line.contains("AssertionError"));
        }
    }

    private Path said() {
        return folder.resolve("said.txt");
    }

    private static List<String> command(Library library) {
        return switch (library) {
            case JAVA_RANGE, JAVA_COOPERATIVE, JAVA_CONSUMER -> MemberProcess.java(PoisonedConsumer.class);
            case HTTP -> MemberProcess.java(PoisonedPoller.class);
            case LIBRDKAFKA -> List.of(Installed.pythonWithConfluentKafka(), script("poisoned_member.py"));
            case KAFKAJS -> {
                Installed.nodeWithPackages();
                yield List.of("node", script("poisoned_kafkajs.js"));
            }
            case PLATFORMATIC_CLASSIC, PLATFORMATIC_CONSUMER -> {
                Installed.nodeWithPackages();
                yield List.of("node", script("poisoned_platformatic.mjs"));
            }
        };
    }

    private static String script(String name) {
        return Installed.SCRIPTS.resolve(name).toString();
    }

    private static List<String> arguments(Library library, ChildServer broker) {
        String where = library == Library.HTTP ? String.valueOf(broker.port()) : broker.bootstrap();
        return List.of(where, GROUP, TOPIC, POISON, library.last());
    }

    private static JsonObject poisoned() {
        return new JsonObject().put("topic", TOPIC).put("partition", 0).put("offset", POISONED);
    }

    private static void fill(ChildServer broker) {
        request(broker, "PUT", "/v1/topics/" + TOPIC, new JsonObject().put("partitions", 2));
        request(broker, "PUT", "/v1/topics/" + DEAD, new JsonObject().put("partitions", 1));
        JsonArray records = new JsonArray();
        for (int i = 0; i < RECORDS; i++) {
            records.add(new JsonObject().put("partition", 0).put("value", i == POISONED ? POISON : "a" + i));
            records.add(new JsonObject().put("partition", 1).put("value", "b" + i));
        }
        request(broker, "POST", "/v1/topics/" + TOPIC + "/records", new JsonObject().put("records", records));
    }

    /**
     * Waits until the member has tried in vain more than once, and the group stands at the record.
     *
     * @param from the first line that counts of what it says
     */
    private void stuck(ChildServer broker, MemberProcess member, int from) {
        await(
                member,
                "the member is stuck",
                () -> linesFrom(from).filter(("stuck 0 " + POISONED)::equals).count() > 1
                        && positions(broker).startsWith(POISONED + " "));
    }

    /** Waits until all others are done, and committed. */
    private void goesOn(ChildServer broker, MemberProcess member, int from) {
        Set<String> all = new TreeSet<>();
        for (int offset = 0; offset < RECORDS; offset++) {
            all.add("did 0 " + offset);
            all.add("did 1 " + offset);
        }
        all.remove("did 0 " + POISONED);
        await(
                member,
                "the member goes on",
                () -> linesFrom(from)
                                .filter(line -> line.startsWith("did "))
                                .collect(Collectors.toSet())
                                .equals(all)
                        && positions(broker).equals(RECORDS + " " + RECORDS));
    }

    private void await(MemberProcess member, String what, BooleanSupplier condition) {
        try {
            Await.until(what, () -> {
                member.check();
                return condition.getAsBoolean();
            });
        } catch (AssertionError e) {
            throw new AssertionError(what + "; it said " + lines(), e);
        }
    }

    private Stream<String> linesFrom(int from) {
        return lines().stream().skip(from);
    }

    private List<String> lines() {
        try {
            return Files.readAllLines(said());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- the operator ----

    private static JsonObject request(ChildServer broker, String method, String path, JsonObject body) {
        try (PlainClient client = new PlainClient(broker.port())) {
            PlainClient.Answer answer = client.send(
                    method,
                    path,
                    body.isEmpty() ? "" : "application/json",
                    body.isEmpty() ? new byte[0] : body.toBuffer().getBytes());
            assertThat(answer.status()).as(path + ": " + answer.body()).isBetween(200, 299);
            return new JsonObject(answer.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonObject move(ChildServer broker, String how, JsonObject request) {
        return request(broker, "POST", "/v1/groups/" + GROUP + "/" + how, request);
    }

    private static JsonObject group(ChildServer broker) {
        return request(broker, "GET", "/v1/groups/" + GROUP, new JsonObject());
    }

    /** Where the group stands in each partition. */
    private static String positions(ChildServer broker) {
        return group(broker).getJsonArray("positions").stream()
                .map(position -> String.valueOf(((JsonObject) position).getValue("offset")))
                .collect(Collectors.joining(" "));
    }

    private static List<String> deadLetters(ChildServer broker) {
        List<String> all = new ArrayList<>();
        request(broker, "GET", "/v1/topics/" + DEAD + "/partitions/0/records?values=text", new JsonObject())
                .getJsonArray("records")
                .forEach(one -> all.add(((JsonObject) one).getString("value")));
        return all;
    }

    // ---- late commits ----

    /** What the member could commit with now. */
    private Right right(ChildServer broker, Library library) {
        AtomicReference<JsonObject> seen = new AtomicReference<>();
        Await.until("the group has its member", () -> {
            seen.set(group(broker));
            return seen.get().getJsonArray("members").size() == 1;
        });
        JsonObject member = seen.get().getJsonArray("members").getJsonObject(0);
        int generation = member.getInteger("epoch", seen.get().getInteger("generation"));
        String cursor = library == Library.HTTP ? cursorOfThePoison() : "";
        return new Right(member.getString("id"), generation, cursor);
    }

    /** Of the last poll that brought it. Those of other polls can stand for the other partition alone, where nothing is moved. */
    private String cursorOfThePoison() {
        String cursor = "";
        String ofThePoison = "";
        for (String line : lines()) {
            if (line.startsWith("cursor ")) {
                cursor = line.substring("cursor ".length());
            } else if (line.equals("stuck 0 " + POISONED)) {
                ofThePoison = cursor;
            }
        }
        assertThat(ofThePoison).isNotEmpty();
        return ofThePoison;
    }

    /** A commit with a right of before is not taken. */
    private static void refused(ChildServer broker, Right right) throws IOException {
        if (!right.cursor().isEmpty()) {
            JsonObject commit = new JsonObject().put("member", right.member()).put("cursor", right.cursor());
            PlainClient.Answer answer =
                    PlainClient.postOnce(broker.port(), "/v1/groups/" + GROUP + "/commit", commit.encode());
            assertThat(answer.status()).as(answer.body()).isEqualTo(409);
            return;
        }
        int port =
                Integer.parseInt(broker.bootstrap().substring(broker.bootstrap().indexOf(':') + 1));
        try (KafkaWire wire = new KafkaWire(port)) {
            OffsetCommitResponseData answer = wire.call(
                    ApiKeys.OFFSET_COMMIT,
                    COMMIT_VERSION,
                    new OffsetCommitRequestData()
                            .setGroupId(GROUP)
                            .setMemberId(right.member())
                            .setGenerationIdOrMemberEpoch(right.generation())
                            .setTopics(List.of(new OffsetCommitRequestTopic()
                                    .setName(TOPIC)
                                    .setPartitions(List.of(new OffsetCommitRequestPartition()
                                            .setPartitionIndex(0)
                                            .setCommittedOffset(STRAY)
                                            .setCommittedMetadata(""))))));
            short code = answer.topics().get(0).partitions().get(0).errorCode();
            assertThat(Errors.forCode(code))
                    .isIn(Errors.UNKNOWN_MEMBER_ID, Errors.ILLEGAL_GENERATION, Errors.STALE_MEMBER_EPOCH);
        }
    }
}
