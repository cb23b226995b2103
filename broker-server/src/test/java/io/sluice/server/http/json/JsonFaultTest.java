package io.sluice.server.http.json;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonFaultTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "~~|0|the text ends where a value is expected",
                "{|1|the text ends where a name in quotes or } is expected",
                "{a:1}|1|'a' stands where a name in quotes or } is expected",
                "{\"a\" 1}|5|'1' stands where a colon is expected",
                "{\"a\":}|5|'}' stands where a value is expected",
                "{\"a\":1,}|7|'}' stands where a name in quotes is expected",
                "{\"a\":1 \"b\":2}|7|'\"' stands where a comma or } is expected",
                "[1 2]|3|'2' stands where a comma or ] is expected",
                "[1,]|3|']' stands where a value is expected",
                "[1|2|the text ends where a comma or ] is expected",
                "[1]]|3|']' stands where the end is expected",
                "nul|3|the text ends where the rest of null is expected",
                "trve|2|'v' stands where the rest of true is expected",
                "'a'|0|''' stands where a value is expected",
                "\"a|2|the text ends where the end of a string is expected",
                "\"\\x\"|2|'x' stands where one of \" \\ / b f n r t u is expected",
                "\"\\u00g0\"|5|'g' stands where a hexadecimal digit is expected",
                "\"a\tb\"|2|byte 0x09 stands in a string; there it must be escaped",
                "07|1|a number begins with zero and goes on with 7",
                "1.|2|the text ends where a digit is expected",
                "1.e5|2|'e' stands where a digit is expected",
                "1x|1|'x' stands where the end is expected",
            })
    void theFirstFaultIsNamed(String text, int offset, String what) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);

        JsonFault fault = JsonFault.in(bytes, 0, bytes.length).orElseThrow();

        assertThat(fault.what()).isEqualTo(what);
        assertThat(fault.byteOffset()).isEqualTo(offset);
    }

    @Test
    void theLineAndColumnAreCountedFromOne() {
        byte[] bytes = "..{\n\n  ]".getBytes(StandardCharsets.UTF_8);

        assertThat(JsonFault.in(bytes, 2, bytes.length).orElseThrow())
                .isEqualTo(new JsonFault("']' stands where a name in quotes or } is expected", 3, 3, 5));
    }

    @Test
    void bytesThatAreNotUtf8AndTooManyLevelsAreFaults() {
        byte[] latin = "\"\u00fc\"".getBytes(StandardCharsets.ISO_8859_1);
        byte[] deep = "[".repeat(JsonBytes.MAX_DEPTH + 1).getBytes(StandardCharsets.UTF_8);

        assertThat(JsonFault.in(latin, 0, latin.length).orElseThrow().what()).isEqualTo("the bytes are not UTF-8");
        JsonFault tooDeep = JsonFault.in(deep, 0, deep.length).orElseThrow();
        assertThat(tooDeep.what()).isEqualTo("arrays and objects nest deeper than 512 levels");
        assertThat(tooDeep.byteOffset()).isEqualTo(JsonBytes.MAX_DEPTH);
    }

    @Property(tries = 2_000)
    void thereIsAFaultWhereverThereIsNoJson(@ForAll long seed) {
        Random random = new Random(seed);
        byte[] bytes = "{\"a\":[1,-2.5e3,\"\u00fc\\n\",true,null,{}]}".getBytes(StandardCharsets.UTF_8);
        for (int i = random.nextInt(3); i >= 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }

        assertThat(JsonFault.in(bytes, 0, bytes.length).isEmpty())
                .isEqualTo(new JsonBytes().isJson(bytes, 0, bytes.length));
    }
}
