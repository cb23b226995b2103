package io.sluice.groups;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.TopicPartition;
import io.sluice.core.topic.Topic;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class GroupListTest {
    private static final int COUNT = 10_000;

    private final Machine machine = new Machine(Machine.limits());

    private List<GroupSummary> list(String after, int limit) {
        AtomicReference<List<GroupSummary>> answer = new AtomicReference<>();
        machine.turn(effects -> machine.shard().list(after, limit, answer::set, effects));
        return answer.get();
    }

    @Test
    void aListOfManyGroupsIsWalkedPageByPage() {
        Topic topic = machine.topics.put("t", 1);
        TopicPartition partition = new TopicPartition("t", 0);
        for (int i = 0; i < COUNT; i++) {
            Offsets.Commit commit = new Offsets.Commit(
                    "g" + i, "", "", -1, Map.of(partition, new CommittedOffset(topic.id(), 1, -1, "", 0)));
            machine.turn(effects -> machine.shard().commit(commit, outcomes -> {}, effects));
        }

        List<String> seen = new ArrayList<>();
        String after = "";
        int pages = 0;
        while (true) {
            List<GroupSummary> page = list(after, 100);
            if (page.isEmpty()) {
                break;
            }
            pages++;
            assertThat(page).hasSizeLessThanOrEqualTo(100);
            page.forEach(group -> seen.add(group.id()));
            after = page.get(page.size() - 1).id();
        }

        assertThat(pages).isEqualTo(100);
        assertThat(seen).hasSize(COUNT).isSorted().doesNotHaveDuplicates();
        assertThat(list("zzz", 10)).isEmpty();
    }
}
