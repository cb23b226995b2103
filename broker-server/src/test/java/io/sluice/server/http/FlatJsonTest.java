package io.sluice.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The shortcut for common bodies reads what the parser would read, or nothing. */
class FlatJsonTest {
    private static final ObjectMapper PARSER =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final String PIECES = "{}[]:,\"\\ \t\n\r.-+eE0129truefalsn\u0000\u001f\u007fé";

    private static byte[] bytes(String json) {
        return json.getBytes(StandardCharsets.UTF_8);
    }

    private static final List<String> COMMON = List.of(
            "{}",
            " { } ",
            "{\"max\":10,\"wait_ms\":0}",
            "{\"leases\":[\"0-17-1f\", \"1-0-a\"]}",
            "{ \"consumer\" : \"w 1\",\r\n\t\"ack\" : [ ] , \"dead\":true,\"b\":false}",
            "{\"at\":2147483647,\"then\":2147483648,\"last\":999999999999999999}");

    @Test
    void commonBodiesAreRead() throws IOException {
        for (String json : COMMON) {
            assertThat(FlatJson.read(bytes(json))).as(json).hasValue((ObjectNode) PARSER.readTree(json));
        }
    }

    @Test
    void allElseIsLeftToTheParser() {
        for (String json : List.of(
                "",
                " ",
                "[]",
                "{",
                "{\"a\":1",
                "{\"a\":1,}",
                "{\"a\":1}x",
                "{\"a\":1} {}",
                "{\"a\":1,\"a\":2}",
                "{\"a\":\"é\"}",
                "{\"a\":\"\\u0061\"}",
                "{\"a\":\"\t\"}",
                "{\"a\":01}",
                "{\"a\":-1}",
                "{\"a\":1.5}",
                "{\"a\":1e3}",
                "{\"a\":1000000000000000000}",
                "{\"a\":null}",
                "{\"a\":truex}",
                "{\"a\":{}}",
                "{\"a\":[1]}",
                "{\"a\":[\"b\",]}",
                "{\"a\":[\"b\"",
                "\uFEFF{}",
                "{\"" + "n".repeat(65) + "\":1}",
                "{\"a\":\"" + "b".repeat(65_536) + "\"}")) {
            assertThat(FlatJson.read(bytes(json))).as(json).isEmpty();
        }
    }

    @Test
    void whatIsReadIsWhatTheParserReads() throws IOException {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        int read = 0;
        for (int i = 0; i < 20_000; i++) {
            StringBuilder json = new StringBuilder(COMMON.get(random.nextInt(COMMON.size())));
            for (int changes = random.nextInt(3); changes > 0; changes--) {
                int at = random.nextInt(json.length());
                String piece = random.nextBoolean()
                        ? ""
                        : PIECES.substring(random.nextInt(PIECES.length())).substring(0, 1);
                json.replace(at, random.nextBoolean() ? at + 1 : at, piece);
                if (json.isEmpty()) {
                    json.append(' ');
                }
            }
            Optional<ObjectNode> flat = FlatJson.read(bytes(json.toString()));
            if (flat.isPresent()) {
                read++;
                JsonNode parsed = PARSER.readTree(json.toString());
                assertThat((JsonNode) flat.get()).as("seed %d: %s", seed, json).isEqualTo(parsed);
            }
        }
        assertThat(read).as("seed %d", seed).isBetween(1_000, 19_000);
    }
}
