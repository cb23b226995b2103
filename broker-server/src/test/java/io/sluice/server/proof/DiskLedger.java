package io.sluice.server.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.proof.PlainClient.Answer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What one client wrote to its topic of one partition, and what became of it. For use by one thread at a time. */
final class DiskLedger {
    private static final long MAX_ANSWER_NS = TimeUnit.SECONDS.toNanos(2);
    private static final int MAX_VALUE_BYTES = 200_000;
    private static final int PAGE_BYTES = 4_000_000;

    private final String topic;
    /** The number of the write that is at each offset: everything that was acknowledged. */
    private final List<Long> acknowledged = new ArrayList<>();

    private long writes;
    private long logStart;

    DiskLedger(String topic) {
        this.topic = topic;
    }

    String topic() {
        return topic;
    }

    /** How many records have been acknowledged. */
    long size() {
        return acknowledged.size();
    }

    /** What lies before an offset has been deleted. */
    void deletedBefore(long offset) {
        logStart = offset;
    }

    /**
     * Writes the next record.
     *
     * @return false if the broker said that the disk is low; any other refusal is a failure
     */
    boolean write(PlainClient client) throws IOException {
        long number = writes++;
        boolean json = number % 3 == 0;
        String value = value(number);
        long beginNs = System.nanoTime();
        Answer answer = json
                ? client.send(
                        "POST",
                        "/v1/topics/" + topic + "/records",
                        "application/json",
                        AnswerDecoder.ascii("{\"records\":[{\"value\":\"" + value + "\"}]}"))
                : client.send("POST", "/v1/topics/" + topic + "/records", "text/plain", AnswerDecoder.ascii(value));
        assertThat(System.nanoTime() - beginNs)
                .as("time of the answer " + answer.head())
                .isLessThan(MAX_ANSWER_NS);
        if (answer.status() == 200) {
            assertThat(answer.body()).isEqualTo("{\"offsets\":[{\"partition\":0,\"offset\":" + size() + "}]}");
            acknowledged.add(number);
            return true;
        }
        assertTellsOfTheDisk(answer);
        return false;
    }

    static void assertTellsOfTheDisk(Answer answer) {
        assertThat(answer.status()).as(answer.head() + answer.body()).isEqualTo(507);
        assertThat(answer.body()).contains("\"code\":\"disk_low\"");
        assertThat(answer.header("Retry-After")).matches("\\d+");
    }

    private String value(long number) {
        // Sizes come round and round, from one byte to the largest.
        int length = (int) (number * 48_271 % MAX_VALUE_BYTES);
        return topic + "/" + number + "/" + "x".repeat(length);
    }

    /** Reads everything: all that was acknowledged is there, and nothing that was refused. */
    void verify(PlainClient client) throws IOException {
        long offset = logStart;
        while (offset < size()) {
            Answer answer = client.get(
                    "/v1/topics/" + topic + "/partitions/0/records?max_bytes=" + PAGE_BYTES + "&offset=" + offset);
            assertThat(answer.status()).as(answer.body()).isEqualTo(200);
            JsonObject page = new JsonObject(answer.body());
            assertThat(page.getLong("log_start_offset")).isEqualTo(logStart);
            assertThat(page.getLong("high_watermark")).as(topic).isEqualTo(size());
            JsonArray records = page.getJsonArray("records");
            for (int i = 0; i < records.size(); i++) {
                JsonObject read = records.getJsonObject(i);
                assertThat(read.getLong("offset")).isEqualTo(offset);
                assertThat(read.getString("value")).isEqualTo(value(acknowledged.get((int) offset)));
                offset++;
            }
            assertThat(page.getLong("next_offset")).isEqualTo(offset);
        }
    }
}
