package io.sluice.server.http.groups;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.groups.GroupError;
import io.sluice.server.http.HttpProblem;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class GroupErrorsTest {
    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NONE")
    void everyRefusalOfTheCoordinatorIsAProblem(GroupError error) {
        HttpProblem problem = GroupErrors.problem(error, "billing");

        boolean askAgain = switch (error) {
            case LOADING, UNAVAILABLE, NOT_COORDINATOR -> true;
            default -> false;
        };
        assertThat(problem.status() == 503).isEqualTo(askAgain);
        assertThat(problem.headers().containsKey("Retry-After")).isEqualTo(askAgain);
        assertThat(problem.code()).matches("[a-z]+(_[a-z]+)*").isEqualTo(GroupErrors.code(error));
    }
}
