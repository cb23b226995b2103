package io.sluice.server.kafka.compare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.sluice.server.kafka.KafkaWire;
import io.sluice.server.kafka.compare.RandomRequests.Request;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;

/**
 * Sends the same random requests to a Kafka and to a Sluice, both fresh, and prints where the answers differ. What must differ
 * is made the same first: addresses, ids that are made up, epochs, the wording of errors.
 *
 * <pre>CompareWithKafka KAFKA_PORT SLUICE_PORT SEED REQUESTS</pre>
 *
 * <p>Exit code 1 if anything differs.
 */
public final class CompareWithKafka {
    private static final Set<String> MADE_UP = Set.of(
            "host",
            "port",
            "clusterId",
            "topicId",
            "leaderEpoch",
            "currentLeader",
            "committedLeaderEpoch",
            "throttleTimeMs",
            "errorMessage",
            "topicAuthorizedOperations",
            "clusterAuthorizedOperations",
            "authorizedOperations",
            "rack",
            "documentation");
    private static final long SETTLE_MS = 10_000;

    private CompareWithKafka() {}

    public static void main(String[] args) throws Exception {
        int kafkaPort = Integer.parseInt(args[0]);
        int sluicePort = Integer.parseInt(args[1]);
        long seed = Long.parseLong(args[2]);
        int count = Integer.parseInt(args[3]);
        RandomRequests requests = new RandomRequests(seed);
        Map<String, List<String>> differences = new TreeMap<>();
        int different = 0;
        try (KafkaWire kafka = new KafkaWire(kafkaPort);
                KafkaWire sluice = new KafkaWire(sluicePort)) {
            awaitGroups(kafka);
            awaitGroups(sluice);
            for (int i = 0; i < count; i++) {
                Request request = requests.next();
                ApiMessage expected = kafka.call(request.key(), request.version(), request.message());
                ApiMessage actual = sluice.call(request.key(), request.version(), request.message());
                JsonNode one = shown(request, expected);
                JsonNode other = shown(request, actual);
                if (!one.equals(other)) {
                    different++;
                    differences
                            .computeIfAbsent(request.key().name, key -> new ArrayList<>())
                            .add("request " + i + ", version " + request.version() + "\n    asked  "
                                    + json(request.message(), request.version()) + "\n    Kafka  " + one
                                    + "\n    Sluice "
                                    + other);
                }
                settle(kafka, sluice, request.key());
            }
        }
        differences.forEach((api, all) -> {
            System.out.println(api + ": " + all.size());
            all.forEach(difference -> System.out.println("  " + difference));
        });
        System.out.println("seed " + seed + ": " + count + " requests, " + different + " answers differ");
        System.exit(different == 0 ? 0 : 1);
    }

    /** Kafka makes its internal topic when a coordinator is first looked for, and serves groups some time after. */
    private static void awaitGroups(KafkaWire wire) throws InterruptedException {
        long endNs = System.nanoTime() + SETTLE_MS * 1_000_000;
        while (System.nanoTime() < endNs) {
            wire.call(ApiKeys.FIND_COORDINATOR, 2, new FindCoordinatorRequestData().setKey("g1"));
            DeleteGroupsResponseData answer = wire.call(
                    ApiKeys.DELETE_GROUPS, 2, new DeleteGroupsRequestData().setGroupsNames(List.of("g1", "g2", "g3")));
            if (answer.results().stream().allMatch(group -> group.errorCode() == Errors.GROUP_ID_NOT_FOUND.code())) {
                return;
            }
            Thread.sleep(100);
        }
        throw new AssertionError("groups are not served");
    }

    /** Kafka tells of a change before all of it knows. */
    private static void settle(KafkaWire kafka, KafkaWire sluice, ApiKeys changed) throws InterruptedException {
        if (!Set.of(ApiKeys.CREATE_TOPICS, ApiKeys.DELETE_TOPICS, ApiKeys.CREATE_PARTITIONS)
                .contains(changed)) {
            return;
        }
        String goal = topics(sluice);
        long endNs = System.nanoTime() + SETTLE_MS * 1_000_000;
        while (!topics(kafka).equals(goal) && System.nanoTime() < endNs) {
            Thread.sleep(20);
        }
    }

    private static String topics(KafkaWire wire) {
        MetadataResponseData all = wire.call(ApiKeys.METADATA, 12, new MetadataRequestData().setTopics(null));
        TreeMap<String, String> topics = new TreeMap<>();
        all.topics().forEach(topic -> {
            boolean led = topic.partitions().stream().allMatch(partition -> partition.leaderId() >= 0);
            if (!topic.isInternal() && !topic.name().startsWith("__")) {
                topics.put(topic.name(), topic.partitions().size() + " " + led);
            }
        });
        return topics.toString();
    }

    private static JsonNode shown(Request request, ApiMessage response) throws Exception {
        if (response instanceof FetchResponseData fetch) {
            List<String> records = new ArrayList<>();
            fetch.responses()
                    .forEach(topic -> topic.partitions().forEach(partition -> {
                        if (partition.records() instanceof MemoryRecords memory) {
                            for (Record record : memory.records()) {
                                records.add(record.offset() + "@" + record.timestamp() + " " + text(record.key()) + "="
                                        + text(record.value()));
                            }
                        }
                        partition.setRecords(null);
                    }));
            ObjectNode shown = (ObjectNode) masked(json(response, request.version()));
            shown.set("read", TextNode.valueOf(records.toString()));
            return shown;
        }
        return masked(json(response, request.version()));
    }

    private static String text(ByteBuffer bytes) {
        return bytes == null
                ? "null"
                : StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }

    private static JsonNode json(ApiMessage message, int version) throws Exception {
        Class<?> converter = Class.forName(message.getClass().getName() + "JsonConverter");
        Method write = converter.getMethod("write", message.getClass(), short.class);
        return (JsonNode) write.invoke(null, message, (short) version);
    }

    private static JsonNode masked(JsonNode node) {
        if (node instanceof ObjectNode object) {
            for (Map.Entry<String, JsonNode> field : List.copyOf(object.properties())) {
                if (MADE_UP.contains(field.getKey())) {
                    object.remove(field.getKey());
                } else {
                    masked(field.getValue());
                }
            }
        } else if (node instanceof ArrayNode array) {
            List<JsonNode> sorted = new ArrayList<>();
            array.forEach(one -> sorted.add(masked(one)));
            // The order of topics and settings in an answer says nothing.
            sorted.sort((one, other) -> one.toString().compareTo(other.toString()));
            array.removeAll();
            sorted.forEach(array::add);
        }
        return node;
    }
}
