package io.sluice.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.server.cli.fixture.FakeBroker;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TopicsTest {
    private FakeBroker broker;

    @BeforeEach
    void start() throws IOException {
        broker = new FakeBroker();
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    private Shell.Result topics(String line) {
        return Shell.run(("topics " + line + " --server " + broker.url()).split(" "));
    }

    @Test
    void aTopicIsCreatedDescribedChangedAndDeleted() {
        assertThat(topics("create t --partitions 3 --config retention.ms=1000").text())
                .isEqualTo("created topic t\n");
        assertThat(topics("describe t").text())
                .contains("topic t, 3 partitions")
                .containsPattern("retention.ms +1000 +topic")
                .contains("1 more have their defaults")
                .doesNotContain("max.message.bytes");
        assertThat(topics("describe t --all").text())
                .containsPattern("max.message.bytes +1048588 +default")
                .doesNotContain("have their defaults");
        assertThat(topics("alter t --partitions 4 --unset retention.ms --config segment.ms=7")
                        .text())
                .isEqualTo("changed topic t\n");
        assertThat(topics("describe t").text())
                .contains("topic t, 4 partitions", "segment.ms")
                .doesNotContain("retention.ms");
        broker.topic("single", 1);
        assertThat(topics("describe single").text()).startsWith("topic single, 1 partition\n");
        assertThat(topics("delete t").text()).isEqualTo("deleted topic t\n");
        assertThat(topics("describe t").exitCode()).isEqualTo(1);
    }

    @Test
    void theListGoesOnOverAllPages() {
        for (String name : new String[] {"a", "b", "c", "d", "e"}) {
            broker.topic(name, 2);
        }

        assertThat(topics("list").text().lines().map(line -> line.split(" ")[0]))
                .containsExactly("TOPIC", "a", "b", "c", "d", "e");
        assertThat(topics("list --json").text()).contains("\"name\":\"a\"", "\"name\":\"e\"");
    }

    @Test
    void creatingTwiceIsRefusedUnlessItIsMeant() {
        broker.topic("t", 1);

        Shell.Result again = topics("create t --partitions 1");
        assertThat(again.exitCode()).isEqualTo(1);
        assertThat(again.err()).contains("exists already");

        Shell.Result meant = topics("create t --partitions 9 --if-not-exists");
        assertThat(meant.exitCode()).isZero();
        assertThat(meant.text()).contains("exists already");
        assertThat(topics("create t --partitions 9").exitCode()).isEqualTo(1);
    }

    @Test
    void deletingWhatIsNotThereIsRefusedUnlessItIsMeant() {
        assertThat(topics("delete t").exitCode()).isEqualTo(1);
        assertThat(topics("delete t --if-exists").exitCode()).isZero();
        assertThat(topics("delete t --if-exists --json").text()).isEqualTo("{\"name\":\"t\",\"deleted\":false}\n");
    }
}
