package io.sluice.core.config;

import java.util.HashSet;
import java.util.List;
import java.util.function.Predicate;

/**
 * A bound on the values of a setting.
 *
 * @param <T> the type of the values
 * @param accepts whether a value keeps the rule
 * @param sentence what the rule demands, to complete "must be ..."
 */
public record Rule<T>(Predicate<T> accepts, String sentence) {
    private static final Rule<Object> ANY = new Rule<>(value -> true, "any value");

    /** Every value of the type. */
    public static Rule<Object> any() {
        return ANY;
    }

    /** A whole number, {@code minimum} included. */
    public static Rule<Number> atLeast(long minimum) {
        return new Rule<>(value -> value.longValue() >= minimum, "at least " + minimum);
    }

    /** A whole number, both ends included. */
    public static Rule<Number> between(long minimum, long maximum) {
        return new Rule<>(
                value -> value.longValue() >= minimum && value.longValue() <= maximum,
                "between " + minimum + " and " + maximum);
    }

    /** A part of a whole: 0 to 1, both included. */
    public static Rule<Double> fraction() {
        return new Rule<>(value -> value >= 0 && value <= 1, "between 0 and 1");
    }

    /** One of a few texts. */
    public static Rule<String> oneOf(String... choices) {
        List<String> allowed = List.of(choices);
        return new Rule<>(allowed::contains, "one of " + Text.join(allowed.stream()));
    }

    /** Any of a few texts, none of them twice; an empty list is fine. */
    public static Rule<List<String>> someOf(String... choices) {
        List<String> allowed = List.of(choices);
        return new Rule<>(
                values -> allowed.containsAll(values) && new HashSet<>(values).size() == values.size(),
                "a list of some of " + Text.join(allowed.stream()) + ", each once at most");
    }
}
