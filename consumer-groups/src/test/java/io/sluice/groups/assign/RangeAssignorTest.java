package io.sluice.groups.assign;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RangeAssignorTest {
    @Test
    void everySubscriberGetsARangeAndTheFirstOnesOneMore() {
        AssignedGroup group =
                new AssignedGroup().topic(0, 7).member("m1", 0).member("m2", 0).member("m3", 0);

        assertThat(group.assigned("range")).isEqualTo(Map.of("m1", "a0 a1 a2", "m2", "a3 a4", "m3", "a5 a6"));
    }

    @Test
    void topicsWithAsManyPartitionsAreCutAtTheSamePlaces() {
        AssignedGroup group =
                new AssignedGroup().topic(0, 3).topic(1, 3).member("m1", 0, 1).member("m2", 0, 1);

        assertThat(group.assigned("range")).isEqualTo(Map.of("m1", "a0 a1 b0 b1", "m2", "a2 b2"));
    }

    @Test
    void withMoreMembersThanPartitionsTheLastGetNone() {
        AssignedGroup group =
                new AssignedGroup().topic(0, 2).member("m1", 0).member("m2", 0).member("m3", 0);

        assertThat(group.assigned("range")).isEqualTo(Map.of("m1", "a0", "m2", "a1", "m3", ""));
    }

    @Test
    void aTopicIsCutAmongItsSubscribersOnly() {
        AssignedGroup group = new AssignedGroup()
                .topic(0, 4)
                .topic(1, 4)
                .topic(2, 0)
                .member("m1", 0)
                .member("m2", 0, 1, 2)
                .member("m3", 1, 3);

        assertThat(group.assigned("range")).isEqualTo(Map.of("m1", "a0 a1", "m2", "a2 a3 b0 b1", "m3", "b2 b3"));
    }

    @Test
    void staticMembersComeFirstByTheirNames() {
        AssignedGroup group = new AssignedGroup()
                .topic(0, 4)
                .member("m1", 0)
                .member("m2", Optional.of("beta"), 0)
                .member("m3", Optional.of("alpha"), 0)
                .member("m4", 0);

        assertThat(group.assigned("range")).isEqualTo(Map.of("m3", "a0", "m2", "a1", "m1", "a2", "m4", "a3"));
    }

    @Test
    void aStaticMemberThatComesBackUnderAnotherIdHasItsRangeAgain() {
        AssignedGroup group = new AssignedGroup()
                .topic(0, 4)
                .member("m1", Optional.of("alpha"), 0)
                .member("m2", Optional.of("beta"), 0);
        assertThat(group.assigned("range")).isEqualTo(Map.of("m1", "a0 a1", "m2", "a2 a3"));

        group.leaves("m1").member("m9", Optional.of("alpha"), 0);

        assertThat(group.assigned("range")).isEqualTo(Map.of("m9", "a0 a1", "m2", "a2 a3"));
    }

    @Test
    void whatWasBeforeDoesNotMatter() {
        AssignedGroup group = new AssignedGroup()
                .topic(0, 4)
                .member("m1", 0)
                .member("m2", 0)
                .has("m1", "a2 a3")
                .has("m2", "a0 a1");

        assertThat(group.assigned("range")).isEqualTo(Map.of("m1", "a0 a1", "m2", "a2 a3"));
    }
}
