package io.sluice.server.http.json;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** The JSON and UTF-8 checkers agree with Jackson and the JDK, in whatever pieces the bytes come. */
class JsonBytesTest {
    private static final JsonFactory JACKSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(JsonBytes.MAX_DEPTH)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private static final String SAMPLE =
            " {\"a\" : [1, -0, 0.5, 1e9, -2.25E-3, true, false, null, {}, [], \"\"], \"b\\u00e9\\n\\\"\": \"ü€\\ud83d\\ude00😀\"}\n";

    @Test
    void aSampleWithEverythingIsJsonAndNoneOfItsBeginningsIs() {
        byte[] sample = SAMPLE.getBytes(StandardCharsets.UTF_8);
        JsonBytes json = new JsonBytes();

        assertThat(json.isJson(sample, 0, sample.length)).isTrue();
        for (int cut = 0; cut < sample.length - 1; cut++) {
            assertThat(json.isJson(sample, 0, cut)).as("cut at %d", cut).isFalse();
        }
    }

    @Test
    void everyByteOfTheSampleReplacedByAnyOtherIsJudgedAsJacksonJudgesIt() {
        byte[] sample = SAMPLE.getBytes(StandardCharsets.UTF_8);
        JsonBytes json = new JsonBytes();
        for (int at = 0; at < sample.length; at++) {
            byte original = sample[at];
            for (int b = 0; b < 256; b++) {
                sample[at] = (byte) b;
                assertThat(json.isJson(sample, 0, sample.length))
                        .as("byte %d is %02x", at, b)
                        .isEqualTo(isJson(sample));
            }
            sample[at] = original;
        }
    }

    @Test
    void nestingIsTakenUpToTheLimitAndNotBeyond() {
        JsonBytes json = new JsonBytes();
        for (int depth : new int[] {1, 63, 64, 65, JsonBytes.MAX_DEPTH - 1, JsonBytes.MAX_DEPTH, 513, 100_000}) {
            byte[] arrays = ("[".repeat(depth) + "]".repeat(depth)).getBytes(StandardCharsets.UTF_8);
            byte[] objects = ("{\"a\":".repeat(depth) + "1" + "}".repeat(depth)).getBytes(StandardCharsets.UTF_8);

            assertThat(json.isJson(arrays, 0, arrays.length)).isEqualTo(depth <= JsonBytes.MAX_DEPTH);
            assertThat(json.isJson(objects, 0, objects.length)).isEqualTo(depth <= JsonBytes.MAX_DEPTH);
        }
    }

    @Property(tries = 3_000)
    void jacksonAgreesOnAnyText(@ForAll("nearlyJson") String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);

        assertThat(new JsonBytes().isJson(bytes, 0, bytes.length)).isEqualTo(isJson(bytes));
    }

    @Property(tries = 3_000)
    void piecesDoNotMatter(@ForAll("nearlyJson") String text, @ForAll byte[] noise, @ForAll int seed) {
        byte[] valid = text.getBytes(StandardCharsets.UTF_8);
        byte[] bytes = noise.length % 2 == 0 ? valid : concat(valid, noise);
        JsonBytes json = new JsonBytes();
        Utf8 utf8 = new Utf8();
        Random random = new Random(seed);
        boolean possible = true;
        for (int at = 0; at < bytes.length; ) {
            int next = Math.min(bytes.length, at + 1 + random.nextInt(7));
            possible = possible && json.feed(bytes, at, next);
            utf8.feed(bytes, at, next);
            at = next;
        }

        assertThat(possible && json.isComplete()).isEqualTo(new JsonBytes().isJson(bytes, 0, bytes.length));
        assertThat(utf8.isComplete()).isEqualTo(isUtf8(bytes));
    }

    @Property(tries = 5_000)
    void theJdkAgreesOnUtf8(@ForAll byte[] noise, @ForAll String text) {
        byte[] textBytes = text.getBytes(StandardCharsets.UTF_8);
        for (byte[] bytes : List.of(noise, textBytes, concat(textBytes, noise))) {
            assertThat(Utf8.isValid(bytes, 0, bytes.length)).isEqualTo(isUtf8(bytes));
        }
    }

    @Test
    void everySequenceOfUpToThreeBytesIsJudgedAsTheJdkJudgesIt() {
        byte[] lead = {0x20, 0x7f, (byte) 0x80, (byte) 0x8f, (byte) 0x90, (byte) 0x9f, (byte) 0xa0, (byte) 0xbf};
        for (int first = 0; first < 256; first++) {
            for (byte second : lead) {
                for (byte third : lead) {
                    for (byte fourth : new byte[] {0x41, (byte) 0x80}) {
                        byte[] bytes = {(byte) first, second, third, fourth};
                        for (int length = 1; length <= 4; length++) {
                            byte[] cut = Arrays.copyOf(bytes, length);
                            assertThat(Utf8.isValid(cut, 0, length)).isEqualTo(isUtf8(cut));
                        }
                    }
                }
            }
        }
    }

    @Provide
    Arbitrary<String> nearlyJson() {
        Arbitrary<String> token = Arbitraries.of(
                "{",
                "}",
                "[",
                "]",
                ",",
                ":",
                "\"a\"",
                "\"\\n\"",
                "\"ü\"",
                "\"\\u12\"",
                "\"\\u12ab\"",
                "\"",
                "\\",
                "1",
                "0",
                "-",
                "-1",
                "01",
                "1.",
                "1.5",
                ".5",
                "1e5",
                "1e",
                "1e+",
                "1E-2",
                "true",
                "false",
                "null",
                "nul",
                " ",
                "\n",
                "\t",
                "\u0001",
                "\u00a0",
                "{\"a\":1}",
                "[1,2]",
                "[]",
                "{}",
                "NaN",
                "/*x*/",
                "\"\ud83d\ude00\"");
        Arbitrary<String> soup = token.list().ofMaxSize(12).map(tokens -> String.join("", tokens));
        Arbitrary<String> value = Arbitraries.lazyOf(
                () -> Arbitraries.of("1", "-0.5e3", "\"x\"", "true", "null", "\"\\\\\""),
                () -> value().list().ofMaxSize(4).map(values -> "[" + String.join(" , ", values) + "]"),
                () -> value().list().ofMaxSize(4).map(values -> {
                    StringBuilder object = new StringBuilder("{");
                    for (String member : values) {
                        object.append(object.length() > 1 ? "," : "")
                                .append("\"m\":")
                                .append(member);
                    }
                    return object.append('}').toString();
                }));
        return Arbitraries.oneOf(soup, value);
    }

    private Arbitrary<String> value() {
        return Arbitraries.lazyOf(
                () -> Arbitraries.of("1", "\"x\"", "{}", "[]", "null"),
                () -> value().list().ofMaxSize(3).map(values -> "[" + String.join(",", values) + "]"));
    }

    private static byte[] concat(byte[] a, byte[] b) {
        byte[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    private static boolean isUtf8(byte[] bytes) {
        try {
            StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    private static boolean isJson(byte[] bytes) {
        if (!isUtf8(bytes)) {
            return false;
        }
        String text = new String(bytes, StandardCharsets.UTF_8);
        try (JsonParser parser = JACKSON.createParser(text)) {
            JsonToken first = parser.nextToken();
            if (first == null || first.isStructEnd() || first == JsonToken.FIELD_NAME) {
                return false;
            }
            parser.skipChildren();
            parser.finishToken();
            return parser.nextToken() == null;
        } catch (IOException e) {
            return false;
        }
    }
}
