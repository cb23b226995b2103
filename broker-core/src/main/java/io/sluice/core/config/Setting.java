package io.sluice.core.config;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * One setting: its name, type, default, bounds and a sentence that says what it does. Immutable.
 *
 * <p>Every value has one canonical text, which {@link #print} gives and {@link #parse} reads back.
 *
 * @param <T> the Java type of its values
 */
public final class Setting<T> {
    /** No setting needs a longer value; what is longer is a mistake or an attack. */
    public static final int MAX_VALUE_CHARS = 32_767;

    private static final Pattern WHOLE_NUMBER = Pattern.compile("[+-]?\\d+");

    private final String name;
    private final SettingType type;
    private final Function<String, T> reader;
    private final Optional<T> defaultValue;
    private final Rule<? super T> rule;
    private final String documentation;
    private final boolean changeable;

    private Setting(
            String name,
            SettingType type,
            Function<String, T> reader,
            Optional<T> defaultValue,
            Rule<? super T> rule,
            String documentation,
            boolean changeable) {
        this.name = name;
        this.type = type;
        this.reader = reader;
        this.defaultValue = defaultValue;
        this.rule = rule;
        this.documentation = documentation;
        this.changeable = changeable;
        if (defaultValue.isPresent() && !rule.accepts().test(defaultValue.get())) {
            throw new IllegalArgumentException(
                    "the default of " + name + " is " + defaultValue.get() + " but must be " + rule.sentence());
        }
    }

    public static Setting<Boolean> ofBoolean(String name, boolean defaultValue, String documentation) {
        return ofBoolean(name, defaultValue, Rule.any(), documentation);
    }

    public static Setting<Boolean> ofBoolean(
            String name, boolean defaultValue, Rule<? super Boolean> rule, String documentation) {
        return new Setting<>(
                name, SettingType.BOOLEAN, Setting::readBoolean, Optional.of(defaultValue), rule, documentation, false);
    }

    public static Setting<Integer> ofInt(
            String name, int defaultValue, Rule<? super Integer> rule, String documentation) {
        return new Setting<>(
                name, SettingType.INT, Integer::valueOf, Optional.of(defaultValue), rule, documentation, false);
    }

    public static Setting<Long> ofLong(String name, long defaultValue, Rule<? super Long> rule, String documentation) {
        return new Setting<>(
                name, SettingType.LONG, Long::valueOf, Optional.of(defaultValue), rule, documentation, false);
    }

    public static Setting<Double> ofDouble(
            String name, double defaultValue, Rule<? super Double> rule, String documentation) {
        return new Setting<>(
                name, SettingType.DOUBLE, Setting::readDouble, Optional.of(defaultValue), rule, documentation, false);
    }

    public static Setting<String> ofString(
            String name, String defaultValue, Rule<? super String> rule, String documentation) {
        return new Setting<>(
                name, SettingType.STRING, text -> text, Optional.of(defaultValue), rule, documentation, false);
    }

    public static Setting<List<String>> ofList(
            String name, List<String> defaultValue, Rule<? super List<String>> rule, String documentation) {
        return new Setting<>(
                name, SettingType.LIST, Setting::readList, Optional.of(defaultValue), rule, documentation, false);
    }

    /** A text that is never shown; there is no default. */
    public static Setting<String> ofPassword(String name, Rule<? super String> rule, String documentation) {
        return new Setting<>(name, SettingType.PASSWORD, text -> text, Optional.empty(), rule, documentation, false);
    }

    /** The same setting, which may be changed while the broker runs. */
    public Setting<T> changeableAtRunTime() {
        return new Setting<>(name, type, reader, defaultValue, rule, documentation, true);
    }

    /** The same setting without a default: who does not set it has none. */
    public Setting<T> withoutDefault() {
        return new Setting<>(name, type, reader, Optional.empty(), rule, documentation, changeable);
    }

    /** A setting of the same type, default and bounds under another name; not changeable at run time. */
    public Setting<T> named(String otherName, String otherDocumentation) {
        return new Setting<>(otherName, type, reader, defaultValue, rule, otherDocumentation, false);
    }

    public String name() {
        return name;
    }

    public SettingType type() {
        return type;
    }

    public Optional<T> defaultValue() {
        return defaultValue;
    }

    /** The default's canonical text. */
    public Optional<String> defaultText() {
        return defaultValue.map(this::print);
    }

    /** What a value must be, to complete the sentence "must be ...". */
    public String bounds() {
        return rule.sentence();
    }

    /** One sentence for people. */
    public String documentation() {
        return documentation;
    }

    /** Whether it may be changed while the broker runs. */
    public boolean changeable() {
        return changeable;
    }

    /** Whether its value must not be shown. */
    public boolean sensitive() {
        return type == SettingType.PASSWORD;
    }

    /**
     * The value of a text. Blanks around it do not count, except in a password.
     *
     * @throws IllegalArgumentException with a message that completes "name = text: ..."
     */
    public T parse(String text) {
        if (text.length() > MAX_VALUE_CHARS) {
            throw new IllegalArgumentException(
                    "has " + text.length() + " characters, at most " + MAX_VALUE_CHARS + " are allowed");
        }
        T value;
        try {
            value = reader.apply(sensitive() ? text : text.trim());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("must be " + demand(text.trim()), e);
        }
        if (!rule.accepts().test(value)) {
            throw new IllegalArgumentException("must be " + rule.sentence());
        }
        return value;
    }

    /** What a text is not that cannot be read at all. */
    private String demand(String text) {
        boolean isNumber = type == SettingType.INT || type == SettingType.LONG || type == SettingType.DOUBLE;
        if (!isNumber || rule.equals(Rule.any())) {
            return type.meaning();
        }
        String demand = type.meaning() + ", " + rule.sentence();
        return type != SettingType.DOUBLE && WHOLE_NUMBER.matcher(text).matches()
                ? demand + "; the largest possible is " + (type == SettingType.INT ? Integer.MAX_VALUE : Long.MAX_VALUE)
                : demand;
    }

    /** The canonical text of a value. */
    public String print(T value) {
        return value instanceof List<?> list
                ? list.stream().map(Object::toString).collect(Collectors.joining(","))
                : value.toString();
    }

    /** The canonical text of a text. Throws as {@link #parse} does. */
    String canonical(String text) {
        return print(parse(text));
    }

    @Override
    public String toString() {
        return name;
    }

    private static Boolean readBoolean(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("neither true nor false");
        };
    }

    private static Double readDouble(String text) {
        Double value = Double.valueOf(text);
        if (value.isNaN() || value.isInfinite()) {
            throw new IllegalArgumentException("not a finite number");
        }
        return value;
    }

    private static List<String> readList(String text) {
        return text.isEmpty()
                ? List.of()
                : Arrays.stream(text.split(",", -1)).map(String::trim).toList();
    }
}
