package io.sluice.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class MemoryBudgetTest {
    private final MemoryBudget budget = new MemoryBudget(100);

    @Test
    void whatTheLogHoldsIsCountedUntilItLetsGo() {
        MemoryBudget.Reservation request = budget.reserve(60);
        request.hold();
        request.hold();
        request.close();
        request.close();
        assertThat(budget.usedBytes()).isEqualTo(60);
        assertThatThrownBy(() -> budget.reserve(50)).isInstanceOf(HttpProblem.class);

        request.letGo();
        assertThat(budget.usedBytes()).isEqualTo(60);
        request.letGo();
        assertThat(budget.usedBytes()).isZero();
    }

    @Test
    void aLargeRequestIsAdmittedOnlyAlone() {
        MemoryBudget.Reservation small = budget.reserve(1);
        assertThatThrownBy(() -> budget.reserve(101)).isInstanceOf(HttpProblem.class);
        small.close();

        MemoryBudget.Reservation large = budget.reserve(101);
        assertThatThrownBy(() -> budget.reserve(1)).isInstanceOf(HttpProblem.class);
        assertThat(large.tryGrow(10)).as("it is alone").isTrue();
        large.close();
        assertThat(budget.usedBytes()).isZero();
    }

    @Test
    void whoWantsNoMoreIsNeverRefused() {
        MemoryBudget.Reservation small = budget.reserve(0);
        MemoryBudget.Reservation large = budget.reserve(101);

        small.grow(0);
        budget.reserve(0).close();

        assertThat(budget.usedBytes()).isEqualTo(101);
        large.close();
        assertThat(budget.usedBytes()).isZero();
    }

    @Test
    void nothingIsTakenAfterTheEnd() {
        MemoryBudget.Reservation request = budget.reserve(10);
        request.close();
        assertThat(request.tryGrow(1)).isFalse();
        assertThat(budget.usedBytes()).isZero();
    }
}
