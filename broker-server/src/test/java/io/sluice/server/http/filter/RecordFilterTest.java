package io.sluice.server.http.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.record.Headers;
import io.sluice.core.record.RecordBatch;
import io.sluice.core.record.RecordBatchBuilder;
import io.sluice.core.record.RecordCursor;
import io.sluice.server.http.HttpErrors;
import io.sluice.server.http.HttpProblem;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordFilterTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "key=user-1          | user-1   | true",
                "key=user-1          | user-12  | false",
                "key=user-*          | user-12  | true",
                "key=user-*          | user-    | true",
                "key=user-*          | xuser-1  | false",
                "key=*-1             | user-1   | true",
                "key=*-1             | user-1x  | false",
                "key=u*r*1           | user-1   | true",
                "key=u*r*r*1         | user-1   | false",
                "key=*               | ''       | true",
                "key=**              | a        | true",
                "key=                | ''       | true",
                "key=                | a        | false",
                "key=a,b             | b        | true",
                "key=a,b             | c        | false",
                "key=a,b             | a,b      | false",
                "key=a\\,b           | a,b      | true",
                "key=a\\*            | a*       | true",
                "key=a\\*            | ab       | false",
                "key=a\\\\b          | a\\b     | true",
                "key=ab*ba           | aba      | false",
                "key=*ab*ab*         | abab     | true",
                "key=*aab*           | aaab     | true",
                "key=x=y             | x=y      | true",
                "key=grün*           | grüne    | true",
                "key=gr*             | grüne    | true",
                "key=gr?n            | grün     | false",
                "key=.*              | a        | false",
            })
    void aPatternMatchesWhatItSays(String filter, String key, boolean expected) {
        assertThat(passes(List.of(filter), key, new Headers())).isEqualTo(expected);
    }

    @Test
    void aRecordWithoutAKeyMeetsNoConditionOnKeys() {
        assertThat(passes(List.of("key=*"), null, new Headers())).isFalse();
        assertThat(passes(List.of("key="), null, new Headers())).isFalse();
        assertThat(passes(List.of(), null, new Headers())).isTrue();
    }

    @Test
    void theEventTypeIsTheHeaderOfCloudEvents() {
        assertThat(passes(List.of("type=order.*"), "k", header("ce_type", "order.created")))
                .isTrue();
        assertThat(passes(List.of("type=order.*"), "k", header("ce-type", "order.created")))
                .isTrue();
        assertThat(passes(List.of("type=order.*"), "k", header("type", "order.created")))
                .isFalse();
        assertThat(passes(List.of("type=order.*"), "k", header("ce_type", "user.created")))
                .isFalse();
        assertThat(passes(List.of("type=CREATE,UPDATE"), "k", header("ce_type", "UPDATE")))
                .isTrue();
    }

    @Test
    void anyHeaderOfTheNameWillDo() {
        Headers both = header("region", "us").add("region", "eu".getBytes(StandardCharsets.UTF_8));

        assertThat(passes(List.of("header.region=eu"), "k", both)).isTrue();
        assertThat(passes(List.of("header.region=eu", "header.region=us"), "k", both))
                .isTrue();
        assertThat(passes(List.of("header.Region=eu"), "k", both)).isFalse();
        assertThat(passes(List.of("header.none=*"), "k", both)).isFalse();
    }

    @Test
    void aHeaderWithoutAValueIsLikeAnEmptyOne() {
        Headers none = new Headers().add("mark", null);

        assertThat(passes(List.of("header.mark="), "k", none)).isTrue();
        assertThat(passes(List.of("header.mark=*"), "k", none)).isTrue();
        assertThat(passes(List.of("header.mark=a"), "k", none)).isFalse();
    }

    @Test
    void allConditionsMustHold() {
        Headers headers = header("ce_type", "CREATE").add("region", "eu".getBytes(StandardCharsets.UTF_8));

        assertThat(passes(List.of("key=k", "type=CREATE", "header.region=eu"), "k", headers))
                .isTrue();
        assertThat(passes(List.of("key=x", "type=CREATE", "header.region=eu"), "k", headers))
                .isFalse();
        assertThat(passes(List.of("key=k", "type=CREATE", "header.region=us"), "k", headers))
                .isFalse();
    }

    @Test
    void whatIsTooLongIsNotLookedInto() {
        String longest = "x".repeat(RecordFilter.MAX_FIELD_BYTES);

        assertThat(passes(List.of("key=*"), longest, new Headers())).isTrue();
        assertThat(passes(List.of("key=*"), longest + "x", new Headers())).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "type          | \"type\" has no =; a filter is type=…, key=… or header.NAME=…",
                "value=x       | \"value=x\" is about \"value\"; a filter is about type, key or header.NAME",
                "=x            | \"=x\" is about \"\"; a filter is about type, key or header.NAME",
                "header.=x     | \"header.=x\" is about \"header.\"; a filter is about type, key or header.NAME",
                "key=a,,b      | \"key=a,,b\" has a comma with nothing on one side of it",
                "key=a,        | \"key=a,\" has a comma with nothing on one side of it",
                "key=,a        | \"key=,a\" has a comma with nothing on one side of it",
                "key=a\\       | \"key=a\\\" has a \\ that is not before *, a comma or \\",
                "key=a\\n      | \"key=a\\n\" has a \\ that is not before *, a comma or \\",
            })
    void whatCannotBeReadIsNamed(String filter, String detail) {
        assertThat(refusal(List.of(filter)).detail()).isEqualTo(detail);
    }

    @Test
    void filtersAreBounded() {
        String longest = "key=" + "x".repeat(RecordFilter.MAX_CONDITION_BYTES - 4);

        assertThat(RecordFilter.parse(List.of(longest)).isAll()).isFalse();
        assertThat(refusal(List.of(longest + "x")).detail()).startsWith("a filter has 1025 bytes; it may have 1024");
        assertThat(refusal(Collections.nCopies(17, "key=a")).detail())
                .isEqualTo("there are 17 filters; there may be 16");
        assertThat(refusal(List.of("key=" + "a,".repeat(64) + "a")).detail()).endsWith("more than 64 alternatives");
        assertThat(passes(Collections.nCopies(16, "key=a"), "a", new Headers())).isTrue();
    }

    /** What looks for it byte by byte from every place would take minutes. */
    @Test
    void aPatternOfRepeatsCostsNoMoreThanAnyOther() {
        String pattern = "key=" + "*aaaaaaaaaaaaaab".repeat(60);
        RecordFilter.Trial trial = RecordFilter.parse(List.of(pattern)).trial();
        ByteBuffer key =
                ByteBuffer.wrap("a".repeat(RecordFilter.MAX_FIELD_BYTES).getBytes(StandardCharsets.UTF_8));

        for (int i = 0; i < 200; i++) {
            trial.begin(true, key);
        }

        assertThat(trial.passes()).isFalse();
    }

    @Property
    void everyPatternMatchesWhatANaiveMatcherMatches(
            @ForAll("patterns") List<String> alternatives, @ForAll("texts") String text) {
        boolean expected = alternatives.stream().anyMatch(pattern -> naive(pattern, 0, text, 0));

        assertThat(passes(List.of("key=" + String.join(",", alternatives)), text, new Headers()))
                .isEqualTo(expected);
        assertThat(passes(List.of("header.h=" + String.join(",", alternatives)), null, header("h", text)))
                .isEqualTo(expected);
    }

    @Property
    void whatIsEscapedMatchesItselfOnly(@ForAll("texts") String text, @ForAll("texts") String other) {
        String escaped = text.replace("\\", "\\\\").replace("*", "\\*").replace(",", "\\,");

        assertThat(passes(List.of("key=" + escaped), text, new Headers())).isTrue();
        assertThat(passes(List.of("key=" + escaped), other, new Headers())).isEqualTo(text.equals(other));
    }

    @Provide
    Arbitrary<List<String>> patterns() {
        return Arbitraries.strings()
                .withChars("ab*ü")
                .ofMinLength(1)
                .ofMaxLength(9)
                .list()
                .ofMinSize(1)
                .ofMaxSize(3);
    }

    @Provide
    Arbitrary<String> texts() {
        return Arbitraries.strings().withChars("ab*,\\ü").ofMaxLength(12);
    }

    /** On bytes, as the filter: a star may stand for half a character. */
    private static boolean naive(String pattern, int at, String text, int from) {
        return naive(pattern.getBytes(StandardCharsets.UTF_8), at, text.getBytes(StandardCharsets.UTF_8), from);
    }

    private static boolean naive(byte[] pattern, int at, byte[] text, int from) {
        if (at == pattern.length) {
            return from == text.length;
        }
        if (pattern[at] == '*') {
            return naive(pattern, at + 1, text, from) || from < text.length && naive(pattern, at, text, from + 1);
        }
        return from < text.length && pattern[at] == text[from] && naive(pattern, at + 1, text, from + 1);
    }

    private static Headers header(String name, String value) {
        return new Headers().add(name, value.getBytes(StandardCharsets.UTF_8));
    }

    private static HttpProblem refusal(List<String> filters) {
        List<Throwable> thrown = new ArrayList<>();
        assertThatThrownBy(() -> RecordFilter.parse(filters)).satisfies(thrown::add);
        HttpProblem problem = HttpErrors.problem(thrown.get(0));
        assertThat(problem.status()).isEqualTo(400);
        assertThat(problem.code()).isEqualTo("invalid_filter");
        return problem;
    }

    private static boolean passes(List<String> filters, String key, Headers headers) {
        RecordCursor record = RecordCursor.over(batchOf(key, headers));
        assertThat(record.next()).isTrue();
        return RecordFilter.parse(filters).trial().passes(record);
    }

    private static RecordBatch batchOf(String key, Headers headers) {
        byte[] keyBytes = key == null ? null : key.getBytes(StandardCharsets.UTF_8);
        return new RecordBatchBuilder(64).append(0, keyBytes, null, headers).build();
    }
}
