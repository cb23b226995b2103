package io.sluice.server.http.records;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.record.RecordCursor;
import io.sluice.server.http.HttpProblem;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordParserTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String SAMPLE = """
            { "records" : [
              {"key":"k\\u00e9y","value":{"a": [1, 2.50, "x\\"y"] , "b":null},"partition":3,"timestamp":1700000000000},
              {"value_base64":"AAH\\/","key_base64":null,"headers":{"h":"text","n":1.0 ,"o":{"p":[ ]},"z":null}},
              {"value":null,"headers_base64":{"raw":"gA=="}},{"value":"üñ€😀"}
            ] }
            """;

    /** A record as it would be stored. */
    private record Read(String key, String value, int partition, long timestampMs, String headers) {}

    private final RecordParser parser = new RecordParser();

    private List<Read> parse(byte[] body) {
        List<Read> read = new ArrayList<>();
        parser.parseList(body, 0, body.length, (index, draft) -> {
            assertThat(index).isEqualTo(read.size());
            read.add(toRead(draft));
        });
        return read;
    }

    private static Read toRead(RecordDraft draft) {
        StringBuilder headers = new StringBuilder();
        RecordCursor cursor = RecordCursor.over(
                new RecordBatchBuilder(64).append(0, null, null, draft.headers).build());
        cursor.next();
        cursor.forEachHeader((name, hasValue, value) -> headers.append(text(name))
                .append('=')
                .append(hasValue ? text(value) : null)
                .append(';'));
        return new Read(
                draft.keyLength < 0 ? null : latin(draft.key, draft.keyFrom, draft.keyLength),
                draft.valueLength < 0 ? null : latin(draft.value, draft.valueFrom, draft.valueLength),
                draft.partition,
                draft.timestampMs,
                headers.toString());
    }

    private static String text(ByteBuffer bytes) {
        return StandardCharsets.ISO_8859_1.decode(bytes.duplicate()).toString();
    }

    private static String latin(byte[] bytes, int from, int length) {
        return new String(bytes, from, length, StandardCharsets.ISO_8859_1);
    }

    /** The UTF-8 bytes of a text, one character each. */
    private static String bytesOf(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void everyKindOfValueIsStoredAsTheBytesItStandsFor() {
        List<Read> records = parse(utf8(SAMPLE));

        assertThat(records)
                .containsExactly(
                        new Read(bytesOf("kéy"), "{\"a\": [1, 2.50, \"x\\\"y\"] , \"b\":null}", 3, 1700000000000L, ""),
                        new Read(null, "\0\1\u00ff", -1, -1, "h=text;n=1.0;o={\"p\":[ ]};z=null;"),
                        new Read(null, null, -1, -1, "raw=\u0080;"),
                        new Read(null, bytesOf("üñ€😀"), -1, -1, ""));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0|0",
                "-12.50e+3|-12.50e+3",
                "true|true",
                "false|false",
                "\"\"|''",
                "[ ]|[ ]",
                "{ }|{ }",
                "123456789012345678901234567890|123456789012345678901234567890",
                "\"a\\tb\"|a\tb",
                "\"\\\\\\/\\u0041\"|\\/A",
                "[[[\"]\"]]]|[[[\"]\"]]]",
            })
    void valuesKeepTheirBytesWhateverStandsAroundThem(String json, String stored) {
        for (String body : List.of(
                "{\"records\":[{\"value\":" + json + "}]}",
                "{\"records\":[{\"value\": \n" + json + "\t ,\"partition\":1}]}",
                "{\"records\":[{\"partition\":1,\"value\":" + json + " } ] } ")) {
            assertThat(parse(utf8(body)).get(0).value()).isEqualTo(stored);
        }
    }

    @Test
    void aRecordMayBeginAnywhereInItsArray() {
        byte[] around = utf8("garbage" + SAMPLE + "garbage");
        List<String> values = new ArrayList<>();

        parser.parseList(
                around,
                7,
                around.length - 7,
                (index, draft) -> values.add(toRead(draft).value()));

        assertThat(values).hasSize(4).contains("\0\1\u00ff");
    }

    @Test
    void theSampleCutAtAnyByteIsRefusedWithAPlace() {
        byte[] sample = utf8(SAMPLE.strip());
        for (int cut = 0; cut < sample.length; cut++) {
            byte[] body = Arrays.copyOf(sample, cut);
            Throwable refusal = catchThrowable(() -> parse(body));

            assertThat(refusal).as("cut at %d", cut).isInstanceOf(HttpProblem.class);
            HttpProblem problem = (HttpProblem) refusal;
            assertThat(problem.status()).isEqualTo(400);
            assertThat(problem.members()).containsKey("byte_offset");
        }
    }

    @Test
    void anyByteReplacedIsEitherReadAsJacksonReadsItOrRefused() throws Exception {
        byte[] sample = utf8(SAMPLE);
        byte[] replacements = {
            0,
            1,
            '"',
            '\\',
            '{',
            '}',
            '[',
            ']',
            ',',
            ':',
            '0',
            '-',
            'e',
            ' ',
            '\n',
            (byte) 0x80,
            (byte) 0xc3,
            (byte) 0xff
        };
        for (int at = 0; at < sample.length; at++) {
            for (byte replacement : replacements) {
                byte[] body = sample.clone();
                body[at] = replacement;
                checkAgainstJackson(body);
            }
        }
    }

    @Property(tries = 3_000)
    void severalBytesReplacedAreEitherReadAsJacksonReadsThemOrRefused(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        byte[] body = utf8(SAMPLE);
        for (int i = 0; i < 1 + random.nextInt(4); i++) {
            int from = random.nextInt(body.length);
            switch (random.nextInt(3)) {
                case 0 -> body[from] = (byte) random.nextInt(256);
                case 1 -> body[from] = body[random.nextInt(body.length)];
                default -> System.arraycopy(body, from, body, random.nextInt(from + 1), body.length - from);
            }
        }
        checkAgainstJackson(body);
    }

    @Property(tries = 1_000)
    void noiseIsRefused(@ForAll byte[] noise) {
        assertThatThrownBy(() -> parse(noise)).isInstanceOf(HttpProblem.class);
    }

    /** What we take, Jackson's tree must say too. */
    private void checkAgainstJackson(byte[] body) throws Exception {
        List<Read> read;
        try {
            read = parse(body);
        } catch (HttpProblem refused) {
            assertThat(refused.status()).isEqualTo(400);
            return;
        }
        JsonNode tree =
                MAPPER.readTree(new String(body, StandardCharsets.UTF_8)).get("records");
        assertThat(tree).hasSize(read.size());
        for (int i = 0; i < read.size(); i++) {
            JsonNode value = tree.get(i).get("value");
            String stored = read.get(i).value();
            if (value == null) {
                // Padding may be missing, which Jackson does not take.
                String text = tree.get(i).get("value_base64").textValue();
                byte[] base64 = text == null ? null : Base64.getDecoder().decode(text);
                assertThat(stored).isEqualTo(base64 == null ? null : new String(base64, StandardCharsets.ISO_8859_1));
            } else if (value.isNull()) {
                assertThat(stored).isNull();
            } else if (value.isTextual()) {
                assertThat(stored).isEqualTo(bytesOf(value.textValue()));
            } else {
                byte[] bytes = stored.getBytes(StandardCharsets.ISO_8859_1);
                assertThat(MAPPER.readTree(new String(bytes, StandardCharsets.UTF_8)))
                        .isEqualTo(value);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "[]|invalid_json||an object",
                "7|invalid_json||an object",
                "{}|invalid_argument|records|is missing",
                "{\"records\":[]}|invalid_argument|records|must not be empty",
                "{\"records\":{}}|invalid_argument|records|must be a list",
                "{\"records\":[{\"value\":1}],\"records\":[]}|duplicate_field|records|twice",
                "{\"record\":[]}|unknown_field|record|unknown field \"record\"",
                "{\"records\":[1]}|invalid_argument|records[0]|must be a JSON object",
                "{\"records\":[{\"value\":1},{}]}|invalid_argument|records[1].value|is missing",
                "{\"records\":[{\"value\":1,\"values\":1}]}|unknown_field|records[0].values|unknown field \"records[0].values\"",
                "{\"records\":[{\"value\":1,\"value\":1}]}|duplicate_field|records[0].value|twice",
                "{\"records\":[{\"value\":1,\"value_base64\":\"\"}]}|duplicate_field|records[0].value_base64|twice",
                "{\"records\":[{\"value_base64\":1}]}|invalid_argument|records[0].value_base64|string of base64",
                "{\"records\":[{\"value_base64\":\"?\"}]}|invalid_argument|records[0].value_base64|not base64",
                "{\"records\":[{\"value\":1,\"timestamp\":\"now\"}]}|invalid_argument|records[0].timestamp|whole number",
                "{\"records\":[{\"value\":1,\"timestamp\":-1}]}|invalid_argument|records[0].timestamp|between 0 and",
                "{\"records\":[{\"value\":1,\"timestamp\":1.5}]}|invalid_argument|records[0].timestamp|whole number",
                "{\"records\":[{\"value\":1,\"timestamp\":9223372036854775808}]}|invalid_argument|records[0].timestamp|between",
                "{\"records\":[{\"value\":1,\"partition\":2147483648}]}|invalid_argument|records[0].partition|between",
                "{\"records\":[{\"value\":1,\"partition\":null}]}|invalid_argument|records[0].partition|whole number",
                "{\"records\":[{\"value\":1,\"headers\":[]}]}|invalid_argument|records[0].headers|JSON object",
                "{\"records\":[{\"value\":1,\"headers_base64\":{\"a\":1}}]}|invalid_argument|records[0].headers_base64.a|base64",
                "{\"records\":[{\"value\":\"\\ud83d\"}]}|invalid_argument|records[0].value|surrogate",
                "{\"records\":[{\"value\":\"\\q\"}]}|invalid_json|records[0].value|'q' stands where one of",
                "{\"records\":[{\"value\":01}]}|invalid_json|records[0]|begins with zero",
                "{\"records\":[{\"value\":1}]} x|invalid_json||'x' stands where the end is expected",
                "{\"records\":[{\"value\":1}]}{}|invalid_json||'{' stands where the end",
                "{\"records\":[{\"value\":1}]|invalid_json|records|the text ends where a comma or } is expected",
            })
    void faultsNameTheirPlace(String body, String code, String field, String words) {
        Throwable refusal = catchThrowable(() -> parse(utf8(body)));

        assertThat(refusal).isInstanceOf(HttpProblem.class).hasMessageContaining(words == null ? "" : words);
        HttpProblem problem = (HttpProblem) refusal;
        assertThat(problem.status()).isEqualTo(400);
        assertThat(problem.code()).isEqualTo(code);
        if (field != null && !body.endsWith("]")) {
            assertThat(problem.members()).containsEntry("field", field);
            assertThat(problem.detail()).contains(code.equals("invalid_json") ? "(column " : field);
        }
    }

    @Test
    void deepNestingHugeNumbersAndWrongEncodingsAreRefused() {
        String deep = "[".repeat(100_000);
        assertInvalidJson(utf8("{\"records\":[{\"value\":" + deep), "nest deeper than 512 levels");
        assertInvalidJson(utf8("{\"records\":[{\"value\":" + "9".repeat(5_000) + "}]}"), "more than 1000 digits");
        assertInvalidJson(SAMPLE.getBytes(StandardCharsets.UTF_16LE), "UTF-8");
        assertInvalidJson(utf8("\ufeff" + SAMPLE), "byte order mark");
        byte[] cesu = utf8("{\"records\":[{\"value\":\"xxx\"}]}");
        cesu[22] = (byte) 0xed;
        cesu[23] = (byte) 0xa0;
        cesu[24] = (byte) 0x80;
        assertInvalidJson(cesu, "not UTF-8");
    }

    private void assertInvalidJson(byte[] body, String words) {
        assertThatThrownBy(() -> parse(body))
                .isInstanceOf(HttpProblem.class)
                .hasMessageContaining(words)
                .satisfies(refusal -> assertThat(((HttpProblem) refusal).code()).isEqualTo("invalid_json"));
    }
}
