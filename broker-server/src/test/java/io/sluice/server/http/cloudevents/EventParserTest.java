package io.sluice.server.http.cloudevents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.sluice.core.record.Headers;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.record.RecordCursor;
import io.sluice.server.http.HttpProblem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventParserTest {
    private static final String HEAD = "\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\"";
    private static final List<String> REQUIRED = List.of("ce_specversion=1.0", "ce_id=1", "ce_source=/s", "ce_type=t");

    /** What became of one event. */
    private record Parsed(Optional<String> key, Optional<String> value, List<String> headers) {}

    private static List<Parsed> parse(String json, boolean batch) {
        Headers headers = new Headers();
        List<Parsed> parsed = new ArrayList<>();
        EventParser.Sink sink = (index, key, value, from, length) -> {
            assertThat(index).isEqualTo(parsed.size());
            parsed.add(new Parsed(
                    key.map(bytes -> new String(bytes, StandardCharsets.UTF_8)),
                    length < 0
                            ? Optional.empty()
                            : Optional.of(new String(value, from, length, StandardCharsets.ISO_8859_1)),
                    texts(headers)));
        };
        // Somewhere in a larger array, as bodies are.
        byte[] bytes = ("??" + json + "??").getBytes(StandardCharsets.UTF_8);
        EventParser parser = new EventParser(headers);
        if (batch) {
            parser.parseBatch(bytes, 2, bytes.length - 2, sink);
        } else {
            parser.parseOne(bytes, 2, bytes.length - 2, sink);
        }
        return parsed;
    }

    private static List<String> texts(Headers headers) {
        RecordCursor record = RecordCursor.over(
                new RecordBatchBuilder(64).append(0, null, null, headers).build());
        assertThat(record.next()).isTrue();
        List<String> texts = new ArrayList<>();
        record.forEachHeader((name, hasValue, value) -> texts.add(text(name) + "=" + text(value)));
        return texts;
    }

    private static String text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }

    private static Parsed one(String members) {
        return parse("{" + HEAD + members + "}", false).get(0);
    }

    private static List<String> and(String... more) {
        List<String> all = new ArrayList<>(REQUIRED);
        all.addAll(Arrays.asList(more));
        return all;
    }

    @Test
    void attributesBecomeHeadersInTheirCanonicalForm() {
        Parsed event = one(",\"subject\":\"a \\u20ac\",\"n\":-5,\"yes\":true,\"no\":false,\"unset\":null,\"time\":"
                + "\"2018-04-05T17:31:00.123456789Z\",\"partitionkey\":\"k\\u00fc\"");

        assertThat(event.headers())
                .isEqualTo(and(
                        "ce_subject=a €",
                        "ce_n=-5",
                        "ce_yes=true",
                        "ce_no=false",
                        "ce_time=2018-04-05T17:31:00.123456789Z",
                        "ce_partitionkey=kü"));
        assertThat(event.key()).contains("kü");
        assertThat(event.value()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"a\" : [1.50, 2]}",
                "\"a \\u0041 string\"",
                "17",
                "-1.5e3",
                "null",
                "true",
                "[ ]",
                "\"\\\\\"",
            })
    void dataThatIsJsonStaysAsItCame(String data) {
        for (String members :
                List.of(",\"data\":" + data, ",\"data\": " + data + " ,\"x\":1", ",\"data\":\t" + data + "\n")) {
            Parsed event = one(members);
            assertThat(event.value()).as(members).contains(data);
            assertThat(event.headers()).contains("content-type=application/json");
        }
        Parsed typed = one(",\"data\":" + data + ",\"datacontenttype\":\"application/vnd.x+json; charset=utf-8\"");
        assertThat(typed.value()).contains(data);
        assertThat(typed.headers()).isEqualTo(and("content-type=application/vnd.x+json; charset=utf-8"));
    }

    @Test
    void otherDataIsTextOrBytes() {
        assertThat(one(",\"data\":\"<a b=\\\"c\\\"/>\",\"datacontenttype\":\"application/xml\"")
                        .value())
                .contains("<a b=\"c\"/>");
        Parsed bytes = one(",\"data_base64\":\"gIE=\"");
        assertThat(bytes.value()).contains("\u0080\u0081");
        assertThat(bytes.headers()).isEqualTo(REQUIRED);
        assertThat(one(",\"data_base64\":null").value()).isEmpty();
        assertThat(one(",\"data_base64\":\"e30=\",\"datacontenttype\":\"application/json\"")
                        .value())
                .contains("{}");
    }

    @Test
    void aBatchHoldsAnyNumber() {
        assertThat(parse("[]", true)).isEmpty();
        List<Parsed> both =
                parse("[{" + HEAD + ",\"data\":1,\"a\":\"x\"}, {" + HEAD + ",\"partitionkey\":\"p\"}]", true);
        assertThat(both).hasSize(2);
        assertThat(both.get(0).headers()).isEqualTo(and("ce_a=x", "content-type=application/json"));
        assertThat(both.get(1).headers()).isEqualTo(and("ce_partitionkey=p"));
        assertThat(both.get(1).value()).isEmpty();
        assertThat(both.get(1).key()).contains("p");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"id\":\"1\"}|invalid_event|specversion|specversion is missing",
                "{\"specversion\":\"0.3\"}|invalid_event|specversion|only 1.0 is taken",
                "{\"specversion\":\"1.0\",\"id\":\"\"}|invalid_event|id|must not be empty",
                "{\"specversion\":\"1.0\",\"id\":\"1\",\"type\":\"t\"}|invalid_event|source|source is missing",
                "{\"source\":\"a b\"}|invalid_event|source|not a URI-reference",
                "{\"source\":\"\"}|invalid_event|source|must not be empty",
                "{\"time\":\"yesterday\"}|invalid_event|time|not a time",
                "{\"time\":\"2018-02-30T17:31:00Z\"}|invalid_event|time|not a time",
                "{\"dataschema\":\"relative\"}|invalid_event|dataschema|absolute URI",
                "{\"datacontenttype\":\"json\"}|invalid_event|datacontenttype|not a media type",
                "{\"subject\":\"\\u0007\"}|invalid_event|subject|U+0007",
                "{\"subject\":\"\\ud800\"}|invalid_event|subject|surrogate",
                "{\"my-ext\":1}|invalid_event|my-ext|not the name of an attribute",
                "{\"Type\":null}|invalid_event|Type|not the name of an attribute",
                "{\"ext\":1.5}|invalid_event|ext|must be a string",
                "{\"ext\":{}}|invalid_event|ext|must be a string",
                "{\"ext\":2147483648}|invalid_event|ext|beyond 32 bits",
                "{\"id\":\"1\",\"id\":\"2\"}|duplicate_field|id|twice",
                "{\"data\":1,\"data_base64\":\"\"}|duplicate_field|data_base64|twice",
                "{\"data_base64\":1}|invalid_event|data_base64|must be a string of base64",
                "[]|invalid_json||an object",
                "{\"id\":\"1\"|invalid_json||line 1, column 10",
                "{\"data\":\"\\x\"}|invalid_json||column 11",
                "{\"data\":nul}|invalid_json||column 12",
                "|invalid_json||the text ends",
            })
    void whatIsWrongIsNamed(String json, String code, String field, String detail) {
        HttpProblem problem = catchThrowableOfType(HttpProblem.class, () -> parse(json == null ? "" : json, false));

        assertThat(problem.status()).isEqualTo(400);
        assertThat(problem.code()).isEqualTo(code);
        assertThat(problem.detail()).contains(detail);
        assertThat(problem.members().get("field")).isEqualTo(field);
    }

    @Test
    void faultsOfDataAndOfBatchesAreNamedToo() {
        String typed = "{" + HEAD + ",\"datacontenttype\":\"%s\",\"data%s\":%s}";
        assertThat(fault("[" + typed.formatted("text/plain", "", "1") + "]", true))
                .startsWith("events[0].data must be a string");
        assertThat(fault(typed.formatted("text/plain; charset=iso-8859-1", "", "\"x\""), false))
                .startsWith("data is taken as text in UTF-8 only");
        assertThat(fault(typed.formatted("text/plain", "_base64", "\"*\""), false))
                .isEqualTo("data_base64 is not base64");
        assertThat(fault("[{" + HEAD + "},{}]", true)).startsWith("events[1].specversion is missing");
        assertThat(fault("[{" + HEAD + "},1]", true)).isEqualTo("events[1] must be a JSON object");
        assertThat(fault("{}", true)).contains("a list of events");
        assertThat(fault("[{" + HEAD + "}] x", true)).contains("'x' stands where the end is expected");
    }

    private static String fault(String json, boolean batch) {
        return catchThrowableOfType(HttpProblem.class, () -> parse(json, batch)).detail();
    }

    /** Whatever comes is refused with a 400, or read as a parser of another kind reads it. */
    @Test
    void damagedEventsAreRefusedOrReadAsTheyAre() throws IOException {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        ObjectMapper mapper = JsonMapper.builder()
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .build();
        String[] whole = {
            "{" + HEAD + ",\"data\":{\"a\":[1.50, \"x\\\"y\"], \"b\":null} ,\"n\":-12,\"yes\":true}",
            "{\"data\": \"a \\\\ \\u00fc \u20ac\"," + HEAD + ",\"subject\":null}",
            "{" + HEAD + ",\"datacontenttype\":\"text/plain\",\"data\":\"a \\n b\"}",
            "{\"data\":-1.5e3," + HEAD + ",\"time\":\"2018-04-05T17:31:00Z\"}",
        };
        int read = 0;
        for (int i = 0; i < 20_000; i++) {
            String json = damaged(whole[random.nextInt(whole.length)], random);
            Parsed event;
            try {
                event = parse(json, false).get(0);
            } catch (HttpProblem refused) {
                assertThat(refused.status()).as("seed %d: %s", seed, json).isEqualTo(400);
                continue;
            }
            read++;
            JsonNode tree = mapper.readTree(json);
            String type = tree.path("datacontenttype").asText("application/json");
            JsonNode data = tree.get("data");
            assertThat(event.value().isPresent())
                    .as("seed %d: %s", seed, json)
                    .isEqualTo(data != null || tree.hasNonNull("data_base64"));
            if (data != null) {
                String value = new String(
                        event.value().orElseThrow().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
                boolean same =
                        Attributes.isJson(type) ? mapper.readTree(value).equals(data) : value.equals(data.asText());
                assertThat(same).as("seed %d: %s", seed, json).isTrue();
            }
            for (String name : List.of("specversion", "id", "source", "type", "subject", "time", "n", "yes")) {
                if (tree.hasNonNull(name)) {
                    assertThat(event.headers())
                            .as("seed %d: %s", seed, json)
                            .contains("ce_" + name + "=" + tree.get(name).asText());
                }
            }
        }
        assertThat(read).as("seed %d", seed).isGreaterThan(1_000);
    }

    private static String damaged(String json, Random random) {
        StringBuilder text = new StringBuilder(json);
        for (int changes = random.nextInt(3); changes >= 0 && text.length() > 1; changes--) {
            int at = random.nextInt(text.length());
            char any = "\"\\{}[]:, 0e.-tnau\u20ac\n".charAt(random.nextInt(19));
            switch (random.nextInt(4)) {
                case 0 -> text.setCharAt(at, any);
                case 1 -> text.insert(at, any);
                case 2 -> text.deleteCharAt(at);
                default -> text.setLength(random.nextInt(8) == 0 ? Math.max(1, at) : text.length());
            }
        }
        return text.toString();
    }
}
