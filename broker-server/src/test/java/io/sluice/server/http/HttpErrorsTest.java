package io.sluice.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HttpErrorsTest {
    private static final Path PAGE = Path.of("..", "docs", "http-api.md");
    private static final Path SOURCES = Path.of("src", "main", "java", "io", "sluice", "server", "http");
    private static final Pattern ROW = Pattern.compile("^\\| (\\d{3}) \\| `([a-z_]+)` \\|", Pattern.MULTILINE);
    /** What is wrong with a record in a JSON body is always a 400, and named without it. */
    private static final Pattern IN_A_RECORD = Pattern.compile("[^.a-zA-Z]problem\\(\\s*\"([a-z_]+)\"");

    private static final Pattern THROWN =
            Pattern.compile("(?:new HttpProblem|problem)\\(\\s*(\\d{3}),\\s*\"([a-z_]+)\"");

    @ParameterizedTest
    @EnumSource(ErrorCode.class)
    void everyErrorOfTheCoreHasAnAnswerOfItsOwn(ErrorCode code) {
        HttpProblem problem = HttpErrors.problem(new BrokerException(code, "what was refused"));

        assertThat(problem.status()).isBetween(400, 599);
        assertThat(problem.code()).matches("[a-z]+(_[a-z]+)*");
        assertThat(problem.detail()).isEqualTo("what was refused");
        assertThat(Stream.of(ErrorCode.values())
                        .filter(other -> HttpErrors.answerTo(other).code().equals(problem.code())))
                .containsExactly(code);
    }

    @ParameterizedTest
    @EnumSource(ErrorCode.class)
    void whoeverIsToTryAgainIsToldWhen(ErrorCode code) {
        HttpProblem problem = HttpErrors.problem(new BrokerException(code, "what was refused"));

        boolean temporary = Set.of(429, 503, 507).contains(problem.status());
        assertThat(problem.headers().containsKey("Retry-After")).isEqualTo(temporary);
        if (temporary) {
            assertThat(code.retriable()).isTrue();
            long seconds = Long.parseLong(problem.headers().get("Retry-After"));
            assertThat(problem.members()).containsEntry("retry_after_ms", seconds * 1_000);
        }
    }

    @Test
    void whatWrapsAFailureIsTakenOff() {
        Throwable wrapped = new CompletionException(
                new CompletionException(new BrokerException(ErrorCode.UNKNOWN_TOPIC, "there is no topic a")));

        assertThat(HttpErrors.problem(wrapped).code()).isEqualTo("unknown_topic");
    }

    @Test
    void whatNobodyForesawTellsNothing() {
        HttpProblem problem = HttpErrors.problem(new IllegalStateException("secret"));

        assertThat(problem.status()).isEqualTo(500);
        assertThat(HttpErrors.document(problem).encode()).doesNotContain("secret");
    }

    @Test
    void aCodeHasOneStatus() throws IOException {
        Map<String, Set<String>> statuses = new TreeMap<>();
        ROW.matcher(Files.readString(PAGE))
                .results()
                .forEach(row -> statuses.computeIfAbsent(row.group(2), code -> new TreeSet<>())
                        .add(row.group(1)));

        assertThat(statuses).allSatisfy((code, of) -> assertThat(of).as(code).hasSize(1));
    }

    @Test
    void jsonIsWrittenAsItsNameIs() {
        assertThat(HttpErrors.document(new HttpProblem(400, "invalid_json", "odd"))
                        .getString("title"))
                .isEqualTo("Invalid JSON");
    }

    @Test
    void theDocumentHasTheMembersOfTheStandardAndItsOwn() {
        JsonObject document =
                HttpErrors.document(new HttpProblem(416, "offset_out_of_range", "too far").with("high_watermark", 7L));

        assertThat(document.fieldNames())
                .containsExactly("type", "title", "status", "detail", "code", "high_watermark");
        assertThat(document.getString("title")).isEqualTo("Offset out of range");
    }

    @Test
    void thePageListsEveryErrorAndNoOther() throws IOException {
        Set<String> answered = new TreeSet<>();
        for (ErrorCode code : ErrorCode.values()) {
            HttpErrors.Answer answer = HttpErrors.answerTo(code);
            answered.add(answer.status() + " " + answer.code());
        }
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".java")).toList()) {
                answered.addAll(pairs(THROWN, Files.readString(file)));
                IN_A_RECORD
                        .matcher(Files.readString(file))
                        .results()
                        .forEach(found -> answered.add("400 " + found.group(1)));
            }
        }

        assertThat(pairs(ROW, Files.readString(PAGE))).isEqualTo(answered);
    }

    private static Set<String> pairs(Pattern pattern, String text) {
        Set<String> pairs = new TreeSet<>();
        for (Matcher matcher = pattern.matcher(text); matcher.find(); ) {
            pairs.add(matcher.group(1) + " " + matcher.group(2));
        }
        return pairs;
    }
}
