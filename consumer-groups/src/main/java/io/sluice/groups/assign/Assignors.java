package io.sluice.groups.assign;

import java.util.List;
import java.util.Optional;

/**
 * The assignors that there are.
 *
 * <ul>
 *   <li>{@code uniform}: equal numbers of partitions, and as few moves as that takes
 *   <li>{@code range}: contiguous ranges of every topic, so that equal partitions of different topics meet
 *   <li>{@code sticky}: the same as {@code uniform} under the name by which users of Kafka's classic sticky assignor look for it. That
 *       one balances first and then moves as little as it can, which is what KIP-848's uniform assignor does too; there is no third
 *       thing to do.
 * </ul>
 */
public final class Assignors {
    /** What a group gets if its members ask for none. */
    public static final String DEFAULT = "uniform";

    private static final List<Assignor> ALL =
            List.of(new UniformAssignor(DEFAULT), new RangeAssignor(), new UniformAssignor("sticky"));

    private Assignors() {}

    /** The assignor of a name, if there is one. */
    public static Optional<Assignor> byName(String name) {
        return ALL.stream().filter(assignor -> assignor.name().equals(name)).findFirst();
    }

    /** Their names, the default first. */
    public static List<String> names() {
        return ALL.stream().map(Assignor::name).toList();
    }
}
