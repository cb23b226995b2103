package io.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.TestServers;
import io.sluice.server.fixture.RunningServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code groups} against a whole broker. */
class GroupsTest {
    @TempDir
    private Path data;

    private RunningServer server;

    /** Group g has read all five records of topic t, which lie in partition 0. */
    @BeforeEach
    void start() {
        server = TestServers.on(data, Map.of("log.min.free.bytes", "0"));
        ok("topics create t --partitions 2");
        Shell.run("1\n2\n3\n4\n5\n".getBytes(StandardCharsets.UTF_8), args("produce t --partition 0"));
        ok("consume t --group g");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private String[] args(String line) {
        String[] words = line.split(" ");
        String[] args = Arrays.copyOf(words, words.length + 2);
        args[words.length] = "--server";
        args[words.length + 1] = "http://127.0.0.1:" + server.port();
        return args;
    }

    private Shell.Result sluice(String line) {
        return Shell.run(args(line));
    }

    private String ok(String line) {
        Shell.Result result = sluice(line);
        assertThat(result.exitCode()).as(line + ": " + result.err()).isZero();
        return result.text();
    }

    private String refused(String line, int exitCode) {
        Shell.Result result = sluice(line);
        assertThat(result.exitCode()).as(line + ": " + result.text()).isEqualTo(exitCode);
        return result.err();
    }

    @Test
    void groupsAreListedPageByPage() {
        for (int i = 0; i < 101; i++) {
            server.send("POST", "/v1/groups/g" + i + "/commit", "{\"positions\":{\"t\":{\"0\":1}}}");
        }

        List<String> lines = ok("groups list").lines().toList();

        assertThat(lines).hasSize(103);
        assertThat(lines.get(0)).isEqualTo("GROUP  TYPE      STATE  MEMBERS");
        assertThat(lines.get(1)).matches("g +consumer +empty +0");
        assertThat(ok("groups list --json"))
                .startsWith("{\"groups\":[{\"id\":\"g\",")
                .contains("\"id\":\"g99\"");
    }

    @Test
    void whatNamesHaveInThemDoesNothingToTheTerminal() {
        server.send("POST", "/v1/groups/h/poll", "{\"member\": \"a\\nb\\u001b[31m\", \"topics\": [\"t\"]}");

        assertThat(ok("groups describe h")).contains("a\\u000ab\\u001b[31m ").doesNotContain("\u001b");
    }

    @Test
    void aGroupIsDescribedWithItsMembersAndHowFarItIsBehind() {
        Shell.run("6\n7\n".getBytes(StandardCharsets.UTF_8), args("produce t --partition 0"));
        server.send("POST", "/v1/groups/g/poll", "{\"member\":\"m\",\"topics\":[\"t\"]}");

        String text = ok("groups describe g");

        assertThat(text)
                .startsWith("group g, consumer, stable, 1 member")
                .containsPattern("m +http +127.0.0.1 +0 s ago +2 records +\\d+ +t:0,1")
                .containsPattern("t +0 +5 +0 +7 +2 +\\d+\\.\\d s +20\\S+Z +m +ok")
                .containsPattern("t +1 +- +0 +0 +0 +0\\.0 s +- +m +ok")
                .containsPattern("20\\S+Z +\\d+\\.\\d s +\\d+ +member_joined m +-");
        assertThat(ok("groups describe g --json")).contains("\"lag\":2");
        assertThat(refused("groups describe none", 1)).contains("(unknown_group)");
    }

    @Test
    void aGroupIsMovedByNameTimeAndOffset() {
        assertThat(ok("groups seek g --to earliest").lines())
                .startsWith("moved group g, 1 position")
                .anyMatch(line -> line.matches("t +0 +5 +0"));
        assertThat(ok("consume t --group g")).isEqualTo("1\n2\n3\n4\n5\n");

        ok("groups seek g --to -1h --topic t:0,1");
        assertThat(ok("consume t --group g --max 1")).isEqualTo("1\n");
        ok("groups seek g --to " + Instant.now().minusSeconds(3_600) + " --topic t");
        assertThat(ok("consume t --group g --max 1")).isEqualTo("1\n");
        ok("groups seek g --offset t:0=3 --offset t:1=0");
        assertThat(ok("consume t --group g")).isEqualTo("4\n5\n");
        ok("groups seek g --to 2020-01-31");
        ok("groups seek g --to latest");
        assertThat(ok("consume t --group g")).isEmpty();
        assertThat(ok("groups seek g --to earliest --topic t:0 --json"))
                .isEqualTo("{\"positions\":[{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"previous\":5}],"
                        + "\"evicted\":[]}\n");
    }

    @Test
    void aSeekThatCannotBeIsRefused() {
        assertThat(refused("groups seek g", 2)).contains("--to or --offset");
        assertThat(refused("groups seek g --to latest --offset t:0=1", 2)).contains("--to or --offset");
        assertThat(refused("groups seek g --to 17", 2)).contains("--offset orders:0=17");
        assertThat(refused("groups seek g --to latest --topic t:", 2)).contains("t:");
        assertThat(refused("groups seek g --offset t=1", 2)).contains("not a topic and a partition");
        assertThat(refused("groups seek g --offset t:0=x", 2)).contains("t:0=x");
        assertThat(refused("groups seek g --offset t:0=1 --offset t:0=2", 2)).contains("two offsets for t:0");
        assertThat(refused("groups seek g --offset t:0=1 --topic t", 2)).contains("leave out --topic");
        assertThat(refused("groups seek g --offset t:0=99", 1)).contains("(offset_out_of_range)");
        assertThat(refused("groups seek g --to latest --topic none", 1)).contains("(unknown_topic)");
        assertThat(ok("consume t --group g")).isEmpty();
    }

    @Test
    void aRecordIsSkippedAndKeptElsewhere() {
        ok("groups seek g --to earliest");

        assertThat(ok("groups skip g t:0 --offset 0 --dead-letter dead --reason unreadable"))
                .isEqualTo("skipped offset 0 of t:0; group g stands at 1; the record is at offset 0 of dead:0\n");

        assertThat(ok("consume dead --format json")).contains("\"value\":\"1\"", "unreadable");
        assertThat(refused("groups skip g t:0 --offset 0", 1)).contains("(position_has_moved)");
        assertThat(ok("groups skip g t:0 --json"))
                .startsWith("{\"skipped\":{\"topic\":\"t\",\"partition\":0,\"offset\":1},\"position\":2,");
        assertThat(ok("consume t --group g")).isEqualTo("3\n4\n5\n");
        assertThat(refused("groups skip g t:0", 1)).contains("(nothing_to_skip)");
        assertThat(refused("groups skip g t", 2)).contains("t is not a topic and a partition");
    }

    @Test
    void aSnapshotBringsAGroupBack() {
        ok("groups seek g --offset t:0=2");
        assertThat(ok("groups snapshot g before")).isEqualTo("took snapshot before of group g, 1 position\n");
        ok("consume t --group g");
        assertThat(ok("groups snapshots g").lines().toList().get(1)).matches("before +20\\S+Z +1");

        assertThat(ok("groups restore g before").lines())
                .startsWith("moved group g, 1 position")
                .anyMatch(line -> line.matches("t +0 +5 +2"));

        assertThat(ok("consume t --group g")).isEqualTo("3\n4\n5\n");
        server.send("DELETE", "/v1/topics/t/partitions/0/records?before=4");
        assertThat(ok("groups restore g before"))
                .contains("t:0: there is nothing at 2 any more; the group stands at 4");
        assertThat(ok("groups snapshot g before --delete")).isEqualTo("deleted snapshot before of group g\n");
        assertThat(refused("groups restore g before", 1)).contains("(unknown_snapshot)");
        assertThat(ok("groups snapshots g --json")).isEqualTo("{\"snapshots\":[]}\n");
    }

    @Test
    void aGroupIsDeletedOnceItHasNoMembers() {
        server.send("POST", "/v1/groups/g/poll", "{\"member\":\"m\",\"topics\":[\"t\"]}");
        assertThat(refused("groups delete g", 1)).contains("(group_not_empty)");
        server.send("POST", "/v1/groups/g/leave", "{\"member\":\"m\"}");

        assertThat(ok("groups delete g")).isEqualTo("deleted group g\n");
        assertThat(refused("groups delete g", 1)).contains("(unknown_group)");
        assertThat(ok("groups delete g --if-exists --json")).isEqualTo("{\"id\":\"g\",\"deleted\":false}\n");
    }
}
